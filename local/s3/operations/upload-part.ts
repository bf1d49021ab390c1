import { createHash } from 'node:crypto';
import { objectAccess } from '../access.ts';
import { encryptionHeaders } from '../attributes.ts';
import type { ByteRange, Segment } from '../bodies.ts';
import { checksumElement, checksumHeaders, newDigest } from '../checksums.ts';
import { invalidArgument, S3Error } from '../errors.ts';
import { encryptionAccess } from '../key-access.ts';
import type { S3, S3Operation, S3Request } from '../request.ts';
import type { Upload, UploadedPart } from '../state.ts';
import { receiveBody } from '../upload-body.ts';
import { copySource, readSource, sourceAccess } from './copy-object.ts';

const MOST_PARTS = 10_000;

export const uploadPart: S3Operation = {
  access: partAccess,

  async handle(s3, request) {
    const upload = uploadOf(s3, request);
    const number = partNumber(request);
    const { segment, md5, checksum } = await receiveBody(s3.bodies, request, { algorithm: upload.checksumAlgorithm });
    if (checksum && upload.checksumAlgorithm && checksum.algorithm !== upload.checksumAlgorithm) {
      s3.bodies.discard([segment]);
      throw new S3Error('InvalidRequest', {
        message: `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm.toLowerCase()}, actual checksum Type: ${checksum.algorithm.toLowerCase()}`,
      });
    }
    store(s3, request, { number, size: segment.size, etag: md5, segments: [segment], checksum });
    return {
      headers: {
        etag: `"${md5}"`,
        ...checksumHeaders(checksum),
        'x-amz-checksum-type': undefined,
        ...encryptionHeaders(upload.encryption),
      },
    };
  },
};

export const uploadPartCopy: S3Operation = {
  access: (s3, request) => [...sourceAccess(s3, request), ...partAccess(s3, request)],

  async handle(s3, request) {
    const upload = uploadOf(s3, request);
    const number = partNumber(request);
    const source = copySource(request);
    const version = readSource(s3, request, source);
    const range = copyRange(request, version.size);
    const md5 = createHash('md5');
    const algorithm = upload.checksumAlgorithm;
    const digest = algorithm && newDigest(algorithm);
    const body = s3.bodies.read(version.segments, range);
    const segment: Segment = await s3.bodies.receive(body, digest ? [md5, digest] : [md5]);
    const checksum: UploadedPart['checksum'] = algorithm &&
      digest && { algorithm, value: digest.digest().toString('base64'), type: 'FULL_OBJECT' };
    const etag = md5.digest('hex');
    const part = store(s3, request, { number, size: segment.size, etag, segments: [segment], checksum });
    return {
      headers: {
        'x-amz-copy-source-version-id': s3.state.bucket(source.bucket).versioning ? version.versionId : undefined,
        ...encryptionHeaders(upload.encryption),
      },
      document: {
        root: 'CopyPartResult',
        content: { ETag: `"${etag}"`, LastModified: new Date(part.lastModified), ...checksumElement(checksum) },
      },
    };
  },
};

function partAccess(s3: S3, request: S3Request) {
  const upload = s3.state.uploads.get(request.query.get('uploadId') ?? '');
  return [
    ...objectAccess(s3, request, ['s3:PutObject']),
    ...(upload ? encryptionAccess(s3, request, upload.encryption, 'multipart') : []),
  ];
}

function uploadOf(s3: S3, request: S3Request): Upload {
  return s3.state.upload(request.bucket, request.key, request.query.get('uploadId') ?? '');
}

/** Records a part in place of an earlier one of its number, unless the upload ended meanwhile. */
function store(s3: S3, request: S3Request, part: Omit<UploadedPart, 'lastModified'>): UploadedPart {
  return s3.bodies.adopt(part.segments, () => {
    const { uploadId } = uploadOf(s3, request);
    const previous = s3.state.part(uploadId, part.number);
    const stored = { ...part, lastModified: s3.context.clock.now() };
    s3.state.setPart(uploadId, stored);
    if (previous) s3.bodies.discard(previous.segments);
    return stored;
  });
}

function partNumber(request: S3Request): number {
  const given = request.query.get('partNumber') ?? '';
  const number = Number(given);
  if (!Number.isInteger(number) || number < 1 || number > MOST_PARTS) {
    throw invalidArgument('partNumber', given, `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`);
  }
  return number;
}

function copyRange(request: S3Request, size: number): ByteRange | undefined {
  const header = request.headers['x-amz-copy-source-range'];
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header) ?? [];
  const range = { start: Number(first), end: Number(last) };
  if (first === undefined || range.start > range.end) {
    throw invalidArgument(
      'x-amz-copy-source-range',
      header,
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
    );
  }
  if (range.end >= size) {
    throw invalidArgument(
      'x-amz-copy-source-range',
      header,
      `Range specified is not valid for source object of size: ${size}`,
    );
  }
  return range;
}
