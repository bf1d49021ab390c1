import { CopyObjectCommand, DeleteObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { quarantineInput } from '../../domain/flow.ts';
import { readEnvironment } from '../shared/environment.ts';
import { s3Client } from '../shared/objects.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { type QuarantinePorts, quarantine } from './quarantine.ts';

const environment = readEnvironment({ DATA_BUCKET: z.string(), ARTIFACT_BUCKET: z.string() });

const GONE: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound', 'MethodNotAllowed']);
/** Without the right to list, S3 answers 403 for a key that is not there: a function that may not list cannot tell them apart. */
const FORBIDDEN = 403;

function s3Ports(client: S3Client, buckets: { data: string; artifacts: string }): QuarantinePorts {
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

const ports = s3Ports(s3Client(), { data: environment.DATA_BUCKET, artifacts: environment.ARTIFACT_BUCKET });

export const handler = taskHandler(quarantineInput, (input) => quarantine(input, ports));
