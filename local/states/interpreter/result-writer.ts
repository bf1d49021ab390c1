import { randomUUID } from 'node:crypto';
import { AwsError } from '../../kernel/errors.ts';
import type { MapState, ResultWriter } from '../definition/model.ts';
import type { Json, JsonObject } from '../json.ts';
import type { ChildResult } from './distributed-map.ts';
import { StateFailure } from './failure.ts';
import type { Visit } from './visit.ts';

type Writer = (mapRunArn: string, results: readonly ChildResult[]) => Promise<Json>;

/** What the children gave, in the order of the items; failed ones have nothing. */
export const outputsOf = (results: readonly ChildResult[]): Json[] =>
  results.filter(({ status }) => status === 'SUCCEEDED').map(({ output }) => output ?? null);

const STATUSES = ['SUCCEEDED', 'FAILED', 'PENDING'] as const;
const FORMATS: Readonly<Record<string, (entries: readonly Json[]) => string>> = {
  JSON: (entries) => JSON.stringify(entries),
  JSONL: (entries) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
};
const SHAPES: Readonly<Record<string, (results: readonly ChildResult[]) => Json[]>> = {
  NONE: (results) => results.map(entryOf),
  COMPACT: outputsOf,
  FLATTEN: (results) => outputsOf(results).flat(),
};

/**
 * Shapes the children's results, and writes them to S3 where it is told a place: one file a status, and a manifest that names
 * them. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
 */
export async function preparedWriter(visit: Visit<MapState>, writer: ResultWriter): Promise<Writer> {
  const { Resource, WriterConfig = {} } = writer;
  const { Transformation = Resource === undefined ? 'COMPACT' : 'NONE', OutputType = 'JSON' } = WriterConfig;
  const [shape, format] = [SHAPES[Transformation], FORMATS[OutputType]];
  const known = Resource === undefined ? OutputType === 'JSON' : Resource.endsWith(':::s3:putObject');
  if (!shape || !format || !known) {
    const what = JSON.stringify({ Resource, Transformation, OutputType });
    throw visit.failure('LocalCloudUnsupported', `The local cloud does not write the results of a Map as ${what}.`);
  }
  if (Resource === undefined) return async (_arn, results) => shape(results);
  const args = (await visit.evaluate('ResultWriter/Arguments', writer.Arguments ?? {})) as JsonObject;
  const { Bucket, Prefix = '' } = args;
  return async (mapRunArn, results) => {
    const folder = [Prefix, mapRunArn.split(':').at(-1) ?? randomUUID()].filter(Boolean).join('/');
    const files: Record<string, JsonObject[]> = {};
    for (const status of STATUSES) {
      const found = results.filter((result) => result.status === status);
      const key = `${folder}/${status}_0.${OutputType.toLowerCase()}`;
      // What failed is told with its error, whatever the shape.
      const text = format(status === 'SUCCEEDED' ? shape(found) : found.map(entryOf));
      files[status] = found.length === 0 ? [] : [await put(visit, String(Bucket), key, text)];
    }
    const key = `${folder}/manifest.json`;
    const manifest = { DestinationBucket: Bucket ?? null, MapRunArn: mapRunArn, ResultFiles: files };
    await put(visit, String(Bucket), key, JSON.stringify(manifest));
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

async function put({ frame }: Visit<MapState>, bucket: string, key: string, content: string): Promise<JsonObject> {
  const { tasks, execution } = frame.run;
  const body = Buffer.from(content);
  const input = { Bucket: bucket, Key: key, Body: body, ContentType: 'application/json' };
  try {
    await tasks.port.invoke({ service: 's3', action: 'PutObject', input, roleArn: execution.RoleArn });
  } catch (error) {
    if (error instanceof AwsError) throw new StateFailure('States.ResultWriterFailed', error.message);
    throw error;
  }
  return { Key: key, Size: body.length };
}
