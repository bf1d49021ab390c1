import { randomUUID } from 'node:crypto';
import { AwsError } from '../kernel/errors.ts';

export interface SourceRecord {
  readonly recordId: string;
  readonly arrivedAt: number;
  /** base64 */
  readonly data: string;
}

/** What a function made of one record. */
export type Transformed =
  | { readonly result: 'Ok'; readonly data: string; readonly keys: Readonly<Record<string, string>> }
  | { readonly result: 'Dropped' }
  | { readonly result: 'ProcessingFailed' };

/** https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
export function transformationEvent(
  stream: { readonly arn: string; readonly region: string },
  records: readonly SourceRecord[],
): string {
  return JSON.stringify({
    invocationId: randomUUID(),
    deliveryStreamArn: stream.arn,
    region: stream.region,
    records: records.map(({ recordId, arrivedAt, data }) => ({
      recordId,
      approximateArrivalTimestamp: arrivedAt,
      data,
    })),
  });
}

const MALFORMED =
  'There was an error parsing returned records from the Lambda function. Ensure that the returned records follow the status model required by Amazon Data Firehose.';

/** Reads a function's answer, by record id. Throws the error that Firehose tells when it does not follow the status model. */
export function readTransformed(payload: string, records: readonly SourceRecord[]): Map<string, Transformed> {
  const answers = parsed(payload);
  const found = new Map<string, Transformed>();
  for (const answer of answers) {
    const { recordId } = answer;
    if (typeof recordId !== 'string') throw malformed();
    if (found.has(recordId)) {
      throw new AwsError(
        'Lambda.DuplicatedRecordId',
        'Multiple records were returned with the same record ID. Ensure that the Lambda function returns unique record IDs for each record.',
      );
    }
    found.set(recordId, transformedOf(answer));
  }
  if (records.some(({ recordId }) => !found.has(recordId))) {
    throw new AwsError(
      'Lambda.MissingRecordId',
      'One or more record IDs were not returned. Ensure that the Lambda function returns all received record IDs.',
    );
  }
  return found;
}

interface Answer {
  readonly recordId?: unknown;
  readonly result?: unknown;
  readonly data?: unknown;
  readonly metadata?: { readonly partitionKeys?: Readonly<Record<string, unknown>> };
}

function parsed(payload: string): readonly Answer[] {
  try {
    const { records } = JSON.parse(payload) as { records?: unknown };
    if (Array.isArray(records)) return records as Answer[];
  } catch (cause) {
    throw malformed(cause);
  }
  throw malformed();
}

function transformedOf({ result, data, metadata }: Answer): Transformed {
  if (result === 'Dropped' || result === 'ProcessingFailed') return { result };
  if (result !== 'Ok' || typeof data !== 'string') throw malformed();
  const keys = Object.entries(metadata?.partitionKeys ?? {}).map(([name, value]) => [name, String(value ?? '')]);
  return { result, data, keys: Object.fromEntries(keys) };
}

const malformed = (cause?: unknown) =>
  Object.assign(new AwsError('Lambda.JsonProcessingException', MALFORMED), { cause });
