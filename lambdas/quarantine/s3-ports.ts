import { CopyObjectCommand, DeleteObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { QuarantinePorts } from './quarantine.ts';

const GONE: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound', 'MethodNotAllowed']);
/** Without the right to list, S3 answers 403 for a key that is not there: a function that may not list cannot tell them apart. */
const FORBIDDEN = 403;

/** Moves refused uploads within the data bucket. */
export function s3QuarantinePorts(client: S3Client, buckets: { data: string; artifacts: string }): QuarantinePorts {
  const copy = (bucket: string, key: string, to: string, versionId?: string) =>
    client.send(
      new CopyObjectCommand({
        Bucket: buckets.data,
        Key: to,
        // Copying tags takes permissions that only uploads with tags would need.
        TaggingDirective: 'REPLACE',
        CopySource: `${bucket}/${encodeURIComponent(key)}${versionId ? `?versionId=${encodeURIComponent(versionId)}` : ''}`,
      }),
    );
  return {
    async copy({ key, versionId }, to) {
      try {
        await copy(buckets.data, key, to, versionId);
        return true;
      } catch (error) {
        if (GONE.has((error as Error).name)) return false;
        throw error;
      }
    },
    async hide(key, versionId) {
      try {
        const latest = await client.send(new HeadObjectCommand({ Bucket: buckets.data, Key: key }));
        if (latest.VersionId !== versionId) return;
      } catch (error) {
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
        if (GONE.has((error as Error).name) || status === FORBIDDEN) return;
        throw error;
      }
      await client.send(new DeleteObjectCommand({ Bucket: buckets.data, Key: key }));
    },
    async copyReport(reportKey, to) {
      await copy(buckets.artifacts, reportKey, to);
    },
  };
}
