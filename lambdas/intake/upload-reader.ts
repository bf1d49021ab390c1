import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { DependencyUnavailable, InvalidArtifact } from '../../domain/errors.ts';
import type { UploadReader } from './identify.ts';

const GONE: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed']);

export function s3UploadReader(client: S3Client, bucket: string): UploadReader {
  return {
    async open(key, versionId) {
      try {
        const {
          Body,
          ContentLength = 0,
          VersionId,
        } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
        if (!(Body instanceof Readable))
          throw new DependencyUnavailable(`s3://${bucket}/${key}: no body in the answer`);
        return { versionId: VersionId ?? versionId ?? 'null', bytes: ContentLength, body: Body };
      } catch (cause) {
        if (GONE.has((cause as Error).name)) throw new InvalidArtifact(`s3://${bucket}/${key} is gone`, { cause });
        throw cause;
      }
    },
  };
}
