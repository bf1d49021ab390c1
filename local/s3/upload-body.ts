import { createHash } from 'node:crypto';
import { decodeAwsChunked } from './aws-chunked.ts';
import type { Bodies, Observer, Segment } from './bodies.ts';
import { type Checksum, type ChecksumAlgorithm, checked, expectedChecksum, newDigest } from './checksums.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const LARGEST_PUT = 5 * 1024 ** 3;

/** A body that is on disk, with what was computed on the way. */
export interface ReceivedBody {
  readonly segment: Segment;
  /** Hexadecimal. */
  readonly md5: string;
  readonly checksum?: Checksum;
}

/**
 * Streams the body of PutObject or UploadPart to disk and verifies everything that the client said about it: length,
 * Content-MD5, payload hash, checksum in a header or a trailer. A body that fails any of it leaves nothing.
 */
export async function receiveBody(
  bodies: Bodies,
  request: S3Request,
  options: { algorithm?: ChecksumAlgorithm } = {},
): Promise<ReceivedBody> {
  const { headers } = request;
  const length = declaredLength(request);
  const expected = expectedChecksum(headers);
  const algorithm = expected?.algorithm ?? options.algorithm;
  const md5 = createHash('md5');
  const digest = algorithm && newDigest(algorithm);
  const payloadHash = /^[0-9a-f]{64}$/.test(headers['x-amz-content-sha256'] ?? '') ? createHash('sha256') : undefined;
  const observers = [md5, digest, payloadHash].filter((observer) => observer !== undefined) as Observer[];
  const wantedMd5 = contentMd5(headers);
  const trailers = new Map<string, string>();
  const source = isAwsChunked(headers)
    ? decodeAwsChunked(request.body, (name, value) => trailers.set(name, value))
    : request.body;

  let md5Hex = '';
  let checksum: Checksum | undefined;
  const segment = await bodies.receive(source, observers, (size) => {
    if (size !== length)
      throw new S3Error('IncompleteBody', { details: { NumberBytesExpected: length, NumberBytesReceived: size } });
    const computedMd5 = md5.digest();
    md5Hex = computedMd5.toString('hex');
    if (wantedMd5 && !wantedMd5.equals(computedMd5))
      throw new S3Error('BadDigest', {
        details: { CalculatedDigest: computedMd5.toString('base64'), ExpectedDigest: wantedMd5.toString('base64') },
      });
    if (payloadHash) checkPayloadHash(headers['x-amz-content-sha256'] ?? '', payloadHash.digest('hex'));
    if (!algorithm || !digest) return;
    const value = digest.digest().toString('base64');
    const wanted = expected?.trailer ? trailerValue(algorithm, trailers) : expected?.value;
    if (wanted !== undefined && wanted !== value) {
      throw new S3Error('BadDigest', {
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
    }
    checksum = { algorithm, value, type: 'FULL_OBJECT' };
  });
  return { segment, md5: md5Hex, checksum };
}

function declaredLength({ headers }: S3Request): number {
  const length = headers['x-amz-decoded-content-length'] ?? headers['content-length'];
  if (length === undefined || !/^\d+$/.test(length)) throw new S3Error('MissingContentLength');
  if (Number(length) > LARGEST_PUT) {
    throw new S3Error('EntityTooLarge', { details: { ProposedSize: length, MaxSizeAllowed: LARGEST_PUT } });
  }
  return Number(length);
}

function isAwsChunked(headers: Readonly<Record<string, string>>): boolean {
  const coded = (headers['content-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .some((coding) => coding.trim() === 'aws-chunked');
  return coded || (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
}

function contentMd5(headers: Readonly<Record<string, string>>): Buffer | undefined {
  const header = headers['content-md5'];
  if (header === undefined) return undefined;
  const bytes = Buffer.from(header, 'base64');
  if (bytes.length !== 16) throw new S3Error('InvalidDigest', { details: { 'Content-MD5': header } });
  return bytes;
}

function checkPayloadHash(wanted: string, computed: string): void {
  if (wanted === computed) return;
  throw new S3Error('XAmzContentSHA256Mismatch', {
    details: { ClientComputedContentSHA256: wanted, S3ComputedContentSHA256: computed },
  });
}

function trailerValue(algorithm: ChecksumAlgorithm, trailers: ReadonlyMap<string, string>): string {
  const value = trailers.get(`x-amz-checksum-${algorithm.toLowerCase()}`);
  if (value === undefined) throw new S3Error('MalformedTrailerError');
  return checked(algorithm, value);
}
