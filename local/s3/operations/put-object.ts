import { objectAccess } from '../access.ts';
import { encryptionHeaders, readAttributes, readEncryption } from '../attributes.ts';
import { checksumHeaders } from '../checksums.ts';
import { encryptionAccess } from '../key-access.ts';
import { writeCondition } from '../preconditions.ts';
import type { S3Operation, S3Request } from '../request.ts';
import { receiveBody } from '../upload-body.ts';
import { commitVersion, versionHeader } from '../versions.ts';

export const putObject: S3Operation = {
  access(s3, request) {
    const encryption = readEncryption(request, s3.state.bucket(request.bucket));
    return [...objectAccess(s3, request, putActions(request)), ...encryptionAccess(s3, request, encryption, 'write')];
  },

  async handle(s3, request) {
    const attributes = readAttributes(request, s3.state.bucket(request.bucket));
    const check = writeCondition(s3, request);
    check?.(false);
    return s3.state.watchDeletions(request.bucket, request.key, async (watch) => {
      const { segment, md5, checksum } = await receiveBody(s3.bodies, request);
      const version = s3.bodies.adopt([segment], () => {
        check?.(watch.deleted);
        const written = { ...attributes, size: segment.size, etag: md5, segments: [segment], checksum };
        return commitVersion(s3, request, written, { reason: 'PutObject', requestId: request.call.requestId });
      });
      return {
        headers: {
          etag: `"${md5}"`,
          ...versionHeader(s3, request.bucket, version),
          ...checksumHeaders(checksum),
          ...encryptionHeaders(version.encryption),
        },
      };
    });
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html: tags and If-Match need a permission of their own. */
export function putActions({ headers }: S3Request): string[] {
  return [
    's3:PutObject',
    ...(headers['x-amz-tagging'] === undefined ? [] : ['s3:PutObjectTagging']),
    ...(headers['if-match'] === undefined ? [] : ['s3:GetObject']),
  ];
}
