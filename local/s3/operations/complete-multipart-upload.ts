import { createHash } from 'node:crypto';
import { objectAccess } from '../access.ts';
import { encryptionHeaders } from '../attributes.ts';
import { type Checksum, checksumElement, checksumHeader, compositeChecksum, newDigest } from '../checksums.ts';
import { S3Error } from '../errors.ts';
import { encryptionAccess } from '../key-access.ts';
import { writeCondition } from '../preconditions.ts';
import type { S3, S3Answer, S3Operation, S3Request } from '../request.ts';
import type { ObjectVersion, Upload, UploadedPart } from '../state.ts';
import { commitVersion, versionHeader } from '../versions.ts';
import { elements, parseXml, text, type XmlNode } from '../xml.ts';
import { putActions } from './put-object.ts';

/** Every part but the last. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const SMALLEST_PART = 5 * 1024 ** 2;

export const completeMultipartUpload: S3Operation = {
  access(s3, request) {
    const upload = s3.state.uploads.get(request.query.get('uploadId') ?? '');
    return [
      ...objectAccess(s3, request, putActions(request)),
      ...(upload ? encryptionAccess(s3, request, upload.encryption, 'multipart') : []),
    ];
  },

  async handle(s3, request) {
    const uploadId = request.query.get('uploadId') ?? '';
    const made = s3.state.versions(request.bucket, request.key).find((version) => version.uploadId === uploadId);
    if (made) return answer(s3, request, made);
    const upload = s3.state.upload(request.bucket, request.key, uploadId);
    const document = parseXml((await request.bytes()).toString('utf8'), 'CompleteMultipartUpload');
    const check = writeCondition(s3, request);
    check?.(false);
    const parts = chosenParts(s3, upload, elements(document, 'Part'));
    checkSize(request, parts);
    return s3.state.watchDeletions(request.bucket, request.key, async (watch) => {
      const checksum = await objectChecksum(s3, upload, parts);
      checkChecksum(request, checksum);
      s3.state.upload(request.bucket, request.key, uploadId);
      check?.(watch.deleted);
      return answer(s3, request, commit(s3, request, { upload, parts, checksum }));
    });
  },
};

function commit(
  s3: S3,
  request: S3Request,
  { upload, parts, checksum }: { upload: Upload; parts: readonly UploadedPart[]; checksum?: Checksum },
): ObjectVersion {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(etag, 'hex');
  const unused = s3.state.parts(upload.uploadId).filter(({ number }) => !parts.some((part) => part.number === number));
  const version = commitVersion(
    s3,
    request,
    {
      headers: upload.headers,
      storageClass: upload.storageClass,
      encryption: upload.encryption,
      tags: upload.tags,
      size: parts.reduce((sum, { size }) => sum + size, 0),
      etag: `${md5.digest('hex')}-${parts.length}`,
      segments: parts.flatMap(({ segments }) => segments),
      checksum,
      parts: parts.map(({ number, size, checksum: of }) => ({ number, size, checksum: of?.value })),
      uploadId: upload.uploadId,
    },
    { reason: 'CompleteMultipartUpload', requestId: request.call.requestId },
  );
  s3.state.deleteUpload(upload.uploadId);
  for (const { segments } of unused) s3.bodies.discard(segments);
  return version;
}

function answer(s3: S3, request: S3Request, version: ObjectVersion): S3Answer {
  const path = [request.bucket, ...request.key.split('/').map(encodeURIComponent)].join('/');
  return {
    headers: { ...versionHeader(s3, request.bucket, version), ...encryptionHeaders(version.encryption) },
    document: {
      root: 'CompleteMultipartUploadResult',
      content: {
        Location: `${s3.context.endpoint()}/${path}`,
        Bucket: request.bucket,
        Key: request.key,
        ETag: `"${version.etag}"`,
        ...checksumElement(version.checksum),
        ChecksumType: version.checksum?.type,
      },
    },
  };
}

/** The parts that the client lists, each as it was uploaded. */
function chosenParts(s3: S3, upload: Upload, listed: readonly XmlNode[]): UploadedPart[] {
  if (listed.length === 0) throw new S3Error('MalformedXML');
  let previous = 0;
  const parts = listed.map((node) => {
    const number = Number(text(node, 'PartNumber'));
    const etag = (text(node, 'ETag') ?? '').replaceAll('"', '');
    if (number <= previous) throw new S3Error('InvalidPartOrder', { details: { UploadId: upload.uploadId } });
    previous = number;
    const part = s3.state.part(upload.uploadId, number);
    const checksum = upload.checksumAlgorithm && text(node, `Checksum${upload.checksumAlgorithm}`);
    if (!part || part.etag !== etag || (checksum !== undefined && checksum !== part.checksum?.value)) {
      throw new S3Error('InvalidPart', { details: { UploadId: upload.uploadId, PartNumber: number, ETag: etag } });
    }
    return part;
  });
  const small = parts.slice(0, -1).find(({ size }) => size < SMALLEST_PART);
  if (small) {
    const details = {
      ProposedSize: small.size,
      MinSizeAllowed: SMALLEST_PART,
      PartNumber: small.number,
      ETag: small.etag,
    };
    throw new S3Error('EntityTooSmall', { details });
  }
  return parts;
}

async function objectChecksum(s3: S3, upload: Upload, parts: readonly UploadedPart[]): Promise<Checksum | undefined> {
  const algorithm = upload.checksumAlgorithm;
  if (!algorithm) return undefined;
  if (upload.checksumType === 'COMPOSITE') {
    return compositeChecksum(
      algorithm,
      parts.map(({ checksum }) => checksum?.value ?? ''),
    );
  }
  const digest = newDigest(algorithm);
  for await (const chunk of s3.bodies.read(parts.flatMap(({ segments }) => segments))) digest.update(chunk as Buffer);
  return { algorithm, value: digest.digest().toString('base64'), type: 'FULL_OBJECT' };
}

function checkSize(request: S3Request, parts: readonly UploadedPart[]): void {
  const expected = request.headers['x-amz-mp-object-size'];
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (expected !== undefined && Number(expected) !== size) {
    throw new S3Error('InvalidRequest', {
      message: `The provided 'x-amz-mp-object-size' header value ${expected} does not match what was computed: ${size}`,
    });
  }
}

function checkChecksum(request: S3Request, checksum: Checksum | undefined): void {
  if (!checksum) return;
  const expected = request.headers[checksumHeader(checksum.algorithm)];
  if (expected !== undefined && expected.replace(/-\d+$/, '') !== checksum.value.replace(/-\d+$/, '')) {
    throw new S3Error('BadDigest', {
      message: `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
    });
  }
}
