import type { AccessRequest } from '../iam/principal.ts';
import { keyAccess } from '../kms/keys.ts';
import type { S3 } from './request.ts';
import type { Encryption } from './state.ts';

/** What each use of an object needs of its key. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
const KEY_ACTIONS = {
  write: ['kms:GenerateDataKey'],
  read: ['kms:Decrypt'],
  multipart: ['kms:GenerateDataKey', 'kms:Decrypt'],
} as const;

/** The key permissions behind an object that a customer's KMS key encrypts; none where AWS holds the key. */
export function encryptionAccess(
  s3: S3,
  object: { readonly bucket: string; readonly key: string },
  encryption: Encryption,
  use: keyof typeof KEY_ACTIONS,
): AccessRequest[] {
  const { algorithm, keyId, bucketKey } = encryption;
  if (algorithm !== 'aws:kms' || !keyId) return [];
  const bucketArn = `arn:aws:s3:::${object.bucket}`;
  const encryptionContext = { 'aws:s3:arn': bucketKey ? bucketArn : `${bucketArn}/${object.key}` };
  return keyAccess(s3.context, keyId, { via: 's3', actions: KEY_ACTIONS[use], encryptionContext });
}
