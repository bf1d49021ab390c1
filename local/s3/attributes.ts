import { Unsupported } from '../kernel/errors.ts';
import { invalidArgument, S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import type { Attributes, Bucket, Encryption, Tag } from './state.ts';

/** Headers of an object that come back as they were given. */
const SYSTEM_HEADERS = ['cache-control', 'content-disposition', 'content-language', 'content-type', 'expires'];

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html; archives would need a restore first. */
const STORAGE_CLASSES = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'REDUCED_REDUNDANCY',
];
const ARCHIVES = ['GLACIER', 'DEEP_ARCHIVE', 'OUTPOSTS', 'SNOW', 'EXPRESS_ONEZONE'];

/** Longest user metadata, names and values together. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const METADATA_LIMIT = 2 * 1024;

/** What the headers of a write say about the object to be. */
export function readAttributes(request: S3Request, bucket: Bucket): Attributes {
  return {
    headers: readHeaders(request),
    storageClass: readStorageClass(request),
    encryption: readEncryption(request, bucket),
    tags: readTagHeader(request),
  };
}

export function readHeaders(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of SYSTEM_HEADERS) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  headers['content-type'] ??= 'binary/octet-stream';
  const encoding = (request.headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
    .join(',');
  if (encoding !== '') headers['content-encoding'] = encoding;
  return { ...headers, ...readMetadata(request) };
}

function readMetadata(request: S3Request): Record<string, string> {
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith('x-amz-meta-')) continue;
    metadata[name] = value;
    size += name.length - 'x-amz-meta-'.length + value.length;
  }
  if (size > METADATA_LIMIT) {
    throw new S3Error('MetadataTooLarge', { details: { Size: size, MaxSizeAllowed: METADATA_LIMIT } });
  }
  return metadata;
}

export function readStorageClass(request: S3Request): string | undefined {
  const given = request.headers['x-amz-storage-class'];
  if (given === undefined || given === 'STANDARD') return undefined;
  if (ARCHIVES.includes(given)) throw new Unsupported(`the S3 storage class ${given}`);
  if (!STORAGE_CLASSES.includes(given)) {
    throw new S3Error('InvalidStorageClass', { details: { StorageClassRequested: given } });
  }
  return given;
}

/** What the request asks for, else the bucket's default, else S3's own keys. */
export function readEncryption(request: S3Request, bucket: Bucket): Encryption {
  const algorithm = request.headers['x-amz-server-side-encryption'];
  if (algorithm === undefined) return bucket.encryption ?? { algorithm: 'AES256' };
  if (algorithm === 'AES256') return { algorithm };
  if (algorithm !== 'aws:kms') {
    if (algorithm === 'aws:kms:dsse') throw new Unsupported('the S3 encryption aws:kms:dsse');
    throw invalidArgument(
      'x-amz-server-side-encryption',
      algorithm,
      'The encryption method specified is not supported',
    );
  }
  const keyId = request.headers['x-amz-server-side-encryption-aws-kms-key-id'] ?? bucket.encryption?.keyId;
  const bucketKey = request.headers['x-amz-server-side-encryption-bucket-key-enabled'];
  return { algorithm, keyId, bucketKey: bucketKey ? bucketKey === 'true' : bucket.encryption?.bucketKey };
}

export function encryptionHeaders(encryption: Encryption): Record<string, string> {
  return {
    'x-amz-server-side-encryption': encryption.algorithm,
    ...(encryption.keyId ? { 'x-amz-server-side-encryption-aws-kms-key-id': encryption.keyId } : {}),
    ...(encryption.bucketKey ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  };
}

/** Tags in a header are written as a URL query. */
export function readTagHeader(request: S3Request): Tag[] | undefined {
  const header = request.headers['x-amz-tagging'];
  if (header === undefined) return undefined;
  return checkTags([...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value })));
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export function checkTags(tags: readonly Tag[], limit = 10): Tag[] {
  if (tags.length > limit) {
    throw new S3Error('InvalidTag', { message: `Object tags cannot be greater than ${limit}` });
  }
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length) {
    throw new S3Error('InvalidTag', { message: 'Cannot provide multiple Tags with the same key' });
  }
  for (const { Key, Value } of tags) {
    if (Key.length < 1 || Key.length > 128)
      throw new S3Error('InvalidTag', { message: 'The TagKey you have provided is invalid' });
    if (Value.length > 256) throw new S3Error('InvalidTag', { message: 'The TagValue you have provided is invalid' });
  }
  return [...tags];
}
