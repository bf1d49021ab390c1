import { randomUUID } from 'node:crypto';
import { AwsError } from '../../kernel/errors.ts';
import type { MapState, ResultWriter } from '../definition/model.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ChildResult } from './distributed-map.ts';
import { StateFailure } from './failure.ts';
import type { Visit } from './visit.ts';

type Writer = (mapRunArn: string, results: readonly ChildResult[]) => Promise<Json>;

const STATUSES = ['SUCCEEDED', 'FAILED', 'PENDING'] as const;

/**
 * Writes the children's results to S3: one file a status, and a manifest that names them.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
 */
export async function preparedWriter(visit: Visit<MapState>, writer: ResultWriter): Promise<Writer | undefined> {
  if (writer.Resource === undefined) return undefined;
  const args = (await visit.evaluate('ResultWriter/Arguments', writer.Arguments ?? {})) as JsonObject;
  const { Bucket, Prefix = '' } = args;
  return async (mapRunArn, results) => {
    const folder = [Prefix, mapRunArn.split(':').at(-1) ?? randomUUID()].filter(Boolean).join('/');
    const files: Record<string, JsonObject[]> = {};
    for (const status of STATUSES) {
      const entries = results.filter((result) => result.status === status).map(entryOf);
      files[status] =
        entries.length === 0 ? [] : [await put(visit, String(Bucket), `${folder}/${status}_0.json`, entries)];
    }
    const key = `${folder}/manifest.json`;
    await put(visit, String(Bucket), key, {
      DestinationBucket: Bucket ?? null,
      MapRunArn: mapRunArn,
      ResultFiles: files,
    });
    return { MapRunArn: mapRunArn, ResultWriterDetails: { Bucket: Bucket ?? null, Key: key } };
  };
}

function entryOf(result: ChildResult): JsonObject {
  return {
    ExecutionArn: result.executionArn,
    Input: JSON.stringify(result.input),
    InputDetails: { Included: true },
    Name: result.name,
    ...(result.output === undefined
      ? {}
      : { Output: JSON.stringify(result.output), OutputDetails: { Included: true } }),
    ...result.failure?.output,
    Status: result.status,
  };
}

async function put({ frame }: Visit<MapState>, bucket: string, key: string, content: Json): Promise<JsonObject> {
  const { tasks, execution } = frame.run;
  const body = Buffer.from(JSON.stringify(content));
  const input = { Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' };
  try {
    await tasks.port.invoke({ service: 's3', action: 'PutObject', input, roleArn: execution.RoleArn });
  } catch (error) {
    if (error instanceof AwsError) throw new StateFailure('States.ResultWriterFailed', error.message);
    throw error;
  }
  return { Key: key, Size: body.length };
}
