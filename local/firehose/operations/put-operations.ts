import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { measure } from '../metrics.ts';
import type { Pipeline } from '../pipeline.ts';
import type { StreamBook } from '../streams.ts';
import { onlyKnown } from './input.ts';

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
const MOST_RECORDS = 500;
const MOST_BYTES = 4 * 1024 ** 2;
const RECORD_BYTES = 1_024_000;

export function putOperations(book: StreamBook, pipeline: Pipeline): Record<string, Operation> {
  const onStream = (action: string) => (input: Document) => [
    { action: `firehose:${action}`, resource: book.arn(String(input.DeliveryStreamName)) },
  ];
  return {
    PutRecord: {
      access: onStream('PutRecord'),
      async handle(input) {
        onlyKnown('PutRecord', input, ['DeliveryStreamName', 'Record']);
        const stream = book.get(input.DeliveryStreamName);
        const record = recordOf(input.Record, 'record');
        const bytes = record.length;
        const own = { 'PutRecord.Requests': 1, 'PutRecord.Bytes': bytes };
        measure(book.context, stream.name, { ...incoming(1, bytes), ...own });
        return { RecordId: pipeline.accept(stream, record.toString('base64')), Encrypted: stream.encryption !== null };
      },
    },
    PutRecordBatch: {
      access: onStream('PutRecordBatch'),
      async handle(input) {
        onlyKnown('PutRecordBatch', input, ['DeliveryStreamName', 'Records']);
        const stream = book.get(input.DeliveryStreamName);
        const given = (input.Records ?? []) as unknown[];
        if (given.length < 1 || given.length > MOST_RECORDS) {
          throw invalid('records', `Member must have length between 1 and ${MOST_RECORDS}`);
        }
        const records = given.map((record, index) => recordOf(record, `records.${index + 1}.member`));
        const bytes = records.reduce((sum, { length }) => sum + length, 0);
        if (bytes > MOST_BYTES) throw refusal('Records size exceeds 4 MB limit');
        const own = { 'PutRecordBatch.Requests': 1, 'PutRecordBatch.Bytes': bytes };
        const counts = { ...incoming(records.length, bytes), ...own, 'PutRecordBatch.Records': records.length };
        measure(book.context, stream.name, counts);
        const ids = records.map((record) => pipeline.accept(stream, record.toString('base64')));
        return {
          FailedPutCount: 0,
          Encrypted: stream.encryption !== null,
          RequestResponses: ids.map((RecordId) => ({ RecordId })),
        };
      },
    },
  };
}

const incoming = (records: number, bytes: number) => ({
  IncomingRecords: records,
  IncomingBytes: bytes,
  IncomingPutRequests: 1,
});

function recordOf(record: unknown, place: string): Buffer {
  const data = (record as Document | undefined)?.Data;
  if (data === undefined) throw invalid(`${place}.data`, 'Member must not be null');
  const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : Buffer.from(data as Uint8Array);
  if (bytes.length > RECORD_BYTES) {
    throw invalid(`${place}.data`, `Member must have length less than or equal to ${RECORD_BYTES}`);
  }
  return bytes;
}

const invalid = (place: string, constraint: string) =>
  new AwsError(
    'ValidationException',
    `1 validation error detected: Value at '${place}' failed to satisfy constraint: ${constraint}`,
  );
const refusal = (message: string) => new AwsError('InvalidArgumentException', message);
