import type { AccessRequest, PolicyDocument } from '../iam/principal.ts';
import type { S3, S3Request } from './request.ts';
import type { Encryption } from './state.ts';

/** What a write needs of the key, what a read needs, and what a part of a multipart upload needs. */
export const KEY_ACTIONS = {
  write: ['kms:GenerateDataKey'],
  read: ['kms:Decrypt'],
  multipart: ['kms:GenerateDataKey', 'kms:Decrypt'],
} as const;

/**
 * The key permissions behind an object that a customer's KMS key encrypts. Keys of AWS itself (no key id, `alias/aws/s3`)
 * need none.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms
 */
export async function keyAccess(
  s3: S3,
  request: S3Request,
  encryption: Encryption,
  use: keyof typeof KEY_ACTIONS,
): Promise<AccessRequest[]> {
  const { algorithm, keyId, bucketKey } = encryption;
  if (algorithm !== 'aws:kms' || !keyId || keyId.endsWith('alias/aws/s3')) return [];
  const { context } = s3;
  const { work } = request.call;
  const cloud = { kind: 'cloud' } as const;
  const described = await context.call(cloud, 'kms', 'DescribeKey', { KeyId: keyId }, work);
  const { Arn: resource } = described.KeyMetadata as { Arn: string };
  const { Policy } = await context.call(cloud, 'kms', 'GetKeyPolicy', { KeyId: resource }, work);
  const bucketArn = `arn:aws:s3:::${request.bucket}`;
  const conditions = {
    'kms:ViaService': `s3.${context.region}.amazonaws.com`,
    'kms:EncryptionContext:aws:s3:arn': bucketKey ? bucketArn : `${bucketArn}/${request.key}`,
  };
  const policy = JSON.parse(String(Policy)) as PolicyDocument;
  return KEY_ACTIONS[use].map((action) => ({ action, resource, context: conditions, policy }));
}
