import type { AccessRequest } from '../iam/principal.ts';
import { S3Error } from './errors.ts';
import type { S3, S3Request } from './request.ts';

/** Request headers that S3 offers as condition keys, under `s3:<name>`. */
const CONDITION_HEADERS = [
  'if-match',
  'if-none-match',
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
];

/** Query parameters that S3 offers as condition keys. */
const CONDITION_QUERY = { prefix: 's3:prefix', delimiter: 's3:delimiter', 'max-keys': 's3:max-keys' };

/** What policies may ask about every request: the loopback counts as the best of transports, as it does for IAM here. */
const TRANSPORT = { 's3:TlsVersion': '1.3' };

/** `actions` on the bucket. */
export function bucketAccess(s3: S3, request: S3Request, ...actions: string[]): AccessRequest[] {
  const bucket = s3.state.bucket(request.bucket);
  const context: Record<string, string> = { ...TRANSPORT };
  for (const [parameter, name] of Object.entries(CONDITION_QUERY)) {
    const value = request.query.get(parameter);
    if (value !== null) context[name] = value;
  }
  return actions.map((action) => ({ action, resource: `arn:aws:s3:::${bucket.name}`, context, policy: bucket.policy }));
}

/** `actions` on the object of the request, or on another object. */
export function objectAccess(
  s3: S3,
  request: S3Request,
  actions: readonly string[],
  object: { bucket: string; key: string; versionId?: string } = {
    bucket: request.bucket,
    key: request.key,
    versionId: request.query.get('versionId') ?? undefined,
  },
): AccessRequest[] {
  const bucket = s3.state.bucket(object.bucket);
  const context: Record<string, string> = { ...TRANSPORT };
  for (const name of CONDITION_HEADERS) {
    const value = request.headers[name];
    if (value !== undefined) context[`s3:${name}`] = value;
  }
  if (object.versionId !== undefined) context['s3:VersionId'] = object.versionId;
  const resource = `arn:aws:s3:::${bucket.name}/${object.key}`;
  return actions.map((action) => ({ action, resource, context, policy: bucket.policy }));
}

/** `s3:GetObject`, or `s3:GetObjectVersion` where a version is asked for: AWS wants the one that fits, not both. */
export function versioned(action: string, versionId: string | null | undefined): string {
  return versionId ? action.replace(/Object/, 'ObjectVersion') : action;
}

export function isAllowed(s3: S3, request: S3Request, needed: readonly AccessRequest[]): boolean {
  try {
    s3.context.authorize(request.call.principal, needed, { code: 'AccessDenied' });
    return true;
  } catch {
    return false;
  }
}

/**
 * What a reader of a missing key sees: 404 if the bucket may be listed, else 403, so that nobody learns which keys exist.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function missing(s3: S3, request: S3Request, bucket: string, error: S3Error): S3Error {
  const list = { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}`, policy: s3.state.bucket(bucket).policy };
  s3.context.authorize(request.call.principal, [list], { code: 'AccessDenied' });
  return error;
}

/** Refuses a request that names another account as the owner of the bucket. */
export function checkOwner(s3: S3, request: S3Request): void {
  const expected = request.headers['x-amz-expected-bucket-owner'];
  if (expected !== undefined && expected !== s3.context.account) throw new S3Error('AccessDenied');
}
