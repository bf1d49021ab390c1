import type { AccessRequest } from '../../iam/principal.ts';
import { missing, objectAccess, versioned } from '../access.ts';
import { encryptionHeaders } from '../attributes.ts';
import type { ByteRange } from '../bodies.ts';
import { checksumHeaders } from '../checksums.ts';
import { S3Error } from '../errors.ts';
import { encryptionAccess } from '../key-access.ts';
import { checkRead } from '../preconditions.ts';
import type { S3, S3Answer, S3Operation, S3Request } from '../request.ts';
import type { ObjectVersion } from '../state.ts';
import { findVersion, versionHeader } from '../versions.ts';

/** Query parameters of GetObject that replace a header of the answer. */
const OVERRIDES = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

export const getObject: S3Operation = {
  access: readAccess,
  handle: (s3, request) => read(s3, request, { body: true }),
};

export const headObject: S3Operation = {
  access: readAccess,
  handle: (s3, request) => read(s3, request, { body: false }),
};

/** The version that a read is about, or the error that its reader may see. */
export function readVersion(s3: S3, request: S3Request): ObjectVersion {
  try {
    return findVersion(s3, request, request.query.get('versionId'));
  } catch (error) {
    if (error instanceof S3Error && error.status === 404) throw missing(s3, request, request.bucket, error);
    throw error;
  }
}

export function readAccess(s3: S3, request: S3Request): AccessRequest[] {
  const versionId = request.query.get('versionId');
  const version = s3.state
    .versions(request.bucket, request.key)
    .find((candidate) => !versionId || candidate.versionId === versionId);
  return [
    ...objectAccess(s3, request, [versioned('s3:GetObject', versionId)]),
    ...(version ? encryptionAccess(s3, request, version.encryption, 'read') : []),
  ];
}

function read(s3: S3, request: S3Request, { body }: { body: boolean }): S3Answer {
  const version = readVersion(s3, request);
  const headers = objectHeaders(s3, request, version);
  if (checkRead(request.headers, version) === 'not-modified') {
    const { etag, 'last-modified': lastModified } = headers;
    return { status: 304, headers: { etag, 'last-modified': lastModified } };
  }
  const part = partRange(request, version);
  const range = part?.range ?? byteRange(request.headers.range, version.size);
  const length = range ? range.end - range.start + 1 : version.size;
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      ...overrides(request),
      'content-length': String(length),
      ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${version.size}` } : {}),
      ...(request.headers['x-amz-checksum-mode'] && !range ? checksumHeaders(version.checksum) : {}),
      ...(part ? { 'x-amz-mp-parts-count': part.count } : {}),
    },
    body: body ? s3.bodies.read(version.segments, range) : undefined,
  };
}

function objectHeaders(s3: S3, request: S3Request, version: ObjectVersion): Record<string, string> {
  return {
    ...version.headers,
    'accept-ranges': 'bytes',
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.lastModified).toUTCString(),
    ...versionHeader(s3, request.bucket, version),
    ...encryptionHeaders(version.encryption),
    ...(version.storageClass ? { 'x-amz-storage-class': version.storageClass } : {}),
    ...(version.tags?.length ? { 'x-amz-tagging-count': String(version.tags.length) } : {}),
  };
}

function overrides(request: S3Request): Record<string, string> {
  const replaced: Record<string, string> = {};
  for (const name of OVERRIDES) {
    const value = request.query.get(`response-${name}`);
    if (value !== null) replaced[name] = value;
  }
  return replaced;
}

/** One range of bytes; several, or what is no range at all, give the whole object as S3 does. */
function byteRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec((header ?? '').replaceAll(' ', '')) ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new S3Error('InvalidRange', {
      details: { RangeRequested: header, ActualObjectSize: size },
      headers: { 'content-range': `bytes */${size}` },
    });
  }
  return { start, end };
}

function partRange(request: S3Request, version: ObjectVersion): { range: ByteRange; count: string } | undefined {
  const wanted = request.query.get('partNumber');
  if (wanted === null) return undefined;
  const parts = version.parts ?? [{ number: 1, size: version.size }];
  const index = parts.findIndex(({ number }) => number === Number(wanted));
  const part = parts[index];
  if (!part)
    throw new S3Error('InvalidPartNumber', { details: { ActualPartCount: parts.length, PartNumberRequested: wanted } });
  const start = parts.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  if (part.size === 0) return undefined;
  return { range: { start, end: start + part.size - 1 }, count: String(parts.length) };
}
