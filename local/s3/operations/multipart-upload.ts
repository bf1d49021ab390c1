import { randomBytes } from 'node:crypto';
import { bucketAccess, objectAccess } from '../access.ts';
import { encryptionHeaders, readAttributes, readEncryption } from '../attributes.ts';
import { type ChecksumAlgorithm, type ChecksumType, checksumAlgorithm, checksumElement } from '../checksums.ts';
import { S3Error } from '../errors.ts';
import { encryptionAccess } from '../key-access.ts';
import { commonPrefixes, encodeKey, integer, listPage } from '../listing.ts';
import { owner } from '../owner.ts';
import type { S3Operation } from '../request.ts';
import { compareUtf8, SortedKeys } from '../sorted-keys.ts';
import type { Upload } from '../state.ts';
import { putActions } from './put-object.ts';

export const createMultipartUpload: S3Operation = {
  access(s3, request) {
    const encryption = readEncryption(request, s3.state.bucket(request.bucket));
    return [
      ...objectAccess(s3, request, putActions(request)),
      ...encryptionAccess(s3, request, encryption, 'multipart'),
    ];
  },

  handle(s3, request) {
    const algorithm = checksumAlgorithm('x-amz-checksum-algorithm', request.headers['x-amz-checksum-algorithm']);
    const upload: Upload = {
      ...readAttributes(request, s3.state.bucket(request.bucket)),
      uploadId: randomBytes(48).toString('base64url').replaceAll('-', '.'),
      bucket: request.bucket,
      key: request.key,
      initiated: s3.context.clock.now(),
      checksumAlgorithm: algorithm,
      checksumType: algorithm && checksumType(algorithm, request.headers['x-amz-checksum-type']),
    };
    s3.state.uploads.set(upload.uploadId, upload);
    return {
      headers: {
        ...encryptionHeaders(upload.encryption),
        'x-amz-checksum-algorithm': algorithm,
        'x-amz-checksum-type': upload.checksumType,
      },
      document: {
        root: 'InitiateMultipartUploadResult',
        content: { Bucket: request.bucket, Key: request.key, UploadId: upload.uploadId },
      },
    };
  },
};

export const abortMultipartUpload: S3Operation = {
  access: (s3, request) => objectAccess(s3, request, ['s3:AbortMultipartUpload']),

  handle(s3, request) {
    const { uploadId } = s3.state.upload(request.bucket, request.key, request.query.get('uploadId') ?? '');
    const parts = s3.state.parts(uploadId);
    s3.state.deleteUpload(uploadId);
    for (const part of parts) s3.bodies.discard(part.segments);
    return { status: 204 };
  },
};

export const listParts: S3Operation = {
  access: (s3, request) => objectAccess(s3, request, ['s3:ListMultipartUploadParts']),

  handle(s3, request) {
    const upload = s3.state.upload(request.bucket, request.key, request.query.get('uploadId') ?? '');
    const maxParts = integer(request, 'max-parts', 1000);
    const marker = integer(request, 'part-number-marker', 0);
    const rest = s3.state.parts(upload.uploadId).filter(({ number }) => number > marker);
    const page = rest.slice(0, maxParts);
    return {
      document: {
        root: 'ListPartsResult',
        content: {
          Bucket: upload.bucket,
          Key: upload.key,
          UploadId: upload.uploadId,
          PartNumberMarker: marker,
          NextPartNumberMarker: page.at(-1)?.number ?? 0,
          MaxParts: maxParts,
          IsTruncated: rest.length > page.length,
          Part: page.map((part) => ({
            PartNumber: part.number,
            LastModified: new Date(part.lastModified),
            ETag: `"${part.etag}"`,
            Size: part.size,
            ...checksumElement(part.checksum),
          })),
          Initiator: owner(s3.context.account),
          Owner: owner(s3.context.account),
          StorageClass: upload.storageClass ?? 'STANDARD',
          ChecksumAlgorithm: upload.checksumAlgorithm,
          ChecksumType: upload.checksumType,
        },
      },
    };
  },
};

export const listMultipartUploads: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:ListBucketMultipartUploads'),

  handle(s3, request) {
    const uploads = [...s3.state.uploads.values()].filter(({ bucket }) => bucket === request.bucket);
    const keys = new SortedKeys();
    for (const { key } of uploads) keys.add(key);
    const { query } = request;
    const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
    const maxUploads = integer(request, 'max-uploads', 1000);
    const page = listPage(keys, {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      from: keyMarker,
      fromIncluded: idMarker !== '',
      limit: maxUploads,
      entries: (key) =>
        uploads
          .filter((upload) => upload.key === key && (key !== keyMarker || upload.uploadId > idMarker))
          .sort((a, b) => a.initiated - b.initiated || compareUtf8(a.uploadId, b.uploadId)),
    });
    const last = page.entries.at(-1);
    return {
      document: {
        root: 'ListMultipartUploadsResult',
        content: {
          Bucket: request.bucket,
          KeyMarker: keyMarker,
          UploadIdMarker: idMarker,
          NextKeyMarker: page.truncated ? page.last : undefined,
          NextUploadIdMarker: page.truncated ? last?.uploadId : undefined,
          Prefix: encodeKey(request, query.get('prefix') ?? ''),
          Delimiter: query.get('delimiter') ?? undefined,
          EncodingType: query.get('encoding-type') ?? undefined,
          MaxUploads: maxUploads,
          IsTruncated: page.truncated,
          Upload: page.entries.map((upload) => ({
            Key: encodeKey(request, upload.key),
            UploadId: upload.uploadId,
            Initiator: owner(s3.context.account),
            Owner: owner(s3.context.account),
            StorageClass: upload.storageClass ?? 'STANDARD',
            Initiated: new Date(upload.initiated),
            ChecksumAlgorithm: upload.checksumAlgorithm,
            ChecksumType: upload.checksumType,
          })),
          CommonPrefixes: commonPrefixes(request, page),
        },
      },
    };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html: not every pair exists. */
function checksumType(algorithm: ChecksumAlgorithm, asked: string | undefined): ChecksumType {
  const type = asked ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const impossible = type === 'COMPOSITE' ? algorithm === 'CRC64NVME' : algorithm.startsWith('SHA');
  if (impossible || (type !== 'COMPOSITE' && type !== 'FULL_OBJECT')) {
    throw new S3Error('InvalidRequest', {
      message: `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return type;
}
