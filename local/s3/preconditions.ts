import { S3Error } from './errors.ts';
import type { S3, S3Request } from './request.ts';
import type { ObjectVersion } from './state.ts';

/** The four conditional headers of a read, or of the source of a copy. */
const READ_HEADERS = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'] as const;

/**
 * Decides a conditional read: throws 412, or says that the client's copy is still good (304). With both kinds of condition
 * the ETag wins over the date. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function checkRead(
  headers: Readonly<Record<string, string>>,
  version: ObjectVersion,
  prefix = '',
): 'send' | 'not-modified' {
  const [match, noneMatch, since, unmodifiedSince] = READ_HEADERS.map((name) => headers[`${prefix}${name}`]);
  const seconds = Math.floor(version.lastModified / 1000) * 1000;
  if (match !== undefined) {
    if (!etagMatches(match, version)) throw failed('If-Match');
  } else if (unmodifiedSince !== undefined && seconds > Date.parse(unmodifiedSince)) {
    throw failed('If-Unmodified-Since');
  }
  if (noneMatch !== undefined) return etagMatches(noneMatch, version) ? 'not-modified' : 'send';
  if (since !== undefined && seconds <= Date.parse(since)) return 'not-modified';
  return 'send';
}

/** A check of a conditional write against what is there: before the body is read, and again in the step that commits it. */
export function writeCondition(s3: S3, request: S3Request): ((wasDeleted: boolean) => void) | undefined {
  const match = request.headers['if-match'];
  const noneMatch = request.headers['if-none-match'];
  if (match === undefined && noneMatch === undefined) return undefined;
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw new S3Error('NotImplemented', { details: { Header: 'If-None-Match' } });
  }
  return (wasDeleted) => {
    if (wasDeleted) throw new S3Error('ConditionalRequestConflict', { details: { Key: request.key } });
    const [current] = s3.state.versions(request.bucket, request.key);
    const exists = current !== undefined && !current.deleteMarker;
    if (noneMatch !== undefined && exists) throw failed('If-None-Match');
    if (match === undefined) return;
    if (!exists) throw new S3Error('NoSuchKey', { details: { Key: request.key } });
    if (!etagMatches(match, current)) throw failed('If-Match');
  };
}

export function etagMatches(header: string, version: ObjectVersion): boolean {
  return header
    .split(',')
    .map((etag) => etag.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((etag) => etag === '*' || etag === version.etag);
}

function failed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', { details: { Condition: condition } });
}
