import { randomUUID } from 'node:crypto';
import type { Principal } from '../iam/principal.ts';
import { requireTrust } from '../iam/trust.ts';
import type { Work } from '../kernel/clock.ts';
import { logFailure } from './error-log.ts';
import { type Failure, functionError, lambdaFailure, s3Failure } from './failures.ts';
import { measure } from './metrics.ts';
import { lambdaKeys } from './prefix.ts';
import { type Buffered, RecordBuffer, sizeOf } from './record-buffer.ts';
import { objectOf } from './s3-object.ts';
import type { LambdaProcessor } from './settings.ts';
import type { StreamBook, StreamRecord } from './streams.ts';
import { readTransformed, type Transformed, transformationEvent } from './transformation.ts';

interface Incoming extends Buffered {
  readonly recordId: string;
}

interface Outgoing extends Buffered {
  readonly keys: Readonly<Record<string, string>>;
  readonly errorType: string | null;
}

/** Firehose gives no numbers for the pauses between its retries. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 300_000;
/** https://docs.aws.amazon.com/firehose/latest/dev/retry.html */
const DELIVERED_WITHIN_MS = 24 * 3_600_000;
/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
const MOST_PARTITIONS = 500;

const PROCESSING_FAILED = {
  code: 'Lambda.ProcessingFailedStatus',
  message: 'ProcessingFailed status set for record',
};
const PARTITIONING_FAILED = {
  code: 'DynamicPartitioning.MetadataExtractionFailed',
  message: 'partitionKeys values must not be null or empty',
};
const TOO_MANY_PARTITIONS = {
  code: 'DynamicPartitioning.ActivePartitionsLimitExceeded',
  message: `The delivery stream has more than ${MOST_PARTITIONS} active partitions`,
};

/** What happens to a record after it was taken: gathered, transformed, gathered by partition, written to S3. */
export class Pipeline {
  readonly #book: StreamBook;
  readonly #incoming: RecordBuffer<Incoming>;
  readonly #outgoing: RecordBuffer<Outgoing>;
  #stopped = false;

  constructor(book: StreamBook) {
    this.#book = book;
    this.#incoming = new RecordBuffer<Incoming>(book.context, 'incoming', {
      groupOf: ({ stream }) => stream,
      hintsOf: ({ stream }) => hintsOf(book.find(stream)?.destination.processor),
      flush: (records, work) => this.#transform(records, work),
    });
    this.#outgoing = new RecordBuffer<Outgoing>(book.context, 'outgoing', {
      groupOf: partitionOf,
      hintsOf: ({ stream }) => hintsOf(book.find(stream)?.destination),
      flush: (records, work) => this.#deliver(records, work),
    });
  }

  /** Takes a record; its id. */
  accept(stream: StreamRecord, data: string): string {
    const arrivedAt = this.#book.context.clock.now();
    const recordId = newRecordId(arrivedAt);
    const record = { stream: stream.name, data, arrivedAt };
    if (stream.destination.processor) this.#incoming.add({ ...record, recordId });
    else this.#outgoing.add({ ...record, keys: {}, errorType: null });
    return recordId;
  }

  resume(): void {
    this.#incoming.resume();
    this.#outgoing.resume();
  }

  /** What fails from now on fails because the cloud ends: it stays where it is. */
  stop(): void {
    this.#stopped = true;
  }

  drop(stream: string): void {
    this.#incoming.drop(stream);
    this.#outgoing.drop(stream);
  }

  async #transform(records: readonly Incoming[], work: Work): Promise<void> {
    const stream = this.#book.find(records[0]?.stream ?? '');
    const processor = stream?.destination.processor;
    if (!stream || !processor) return;
    const { clock } = this.#book.context;
    for (let attempts = 1; ; attempts += 1) {
      const start = clock.now();
      try {
        const transformed = await this.#invoke(stream, processor, records, work);
        this.#measure(stream, { 'ExecuteProcessing.Success': 1, 'ExecuteProcessing.Duration': clock.now() - start });
        const done = records.flatMap((record) => this.#route(stream, record, transformed.get(record.recordId)) ?? []);
        const bytes = done.reduce((sum, size) => sum + size, 0);
        this.#measure(stream, { 'SucceedProcessing.Records': done.length, 'SucceedProcessing.Bytes': bytes });
        return;
      } catch (error) {
        if (this.#stopped) return kept();
        const failure = lambdaFailure(error as Error);
        this.#measure(stream, { 'ExecuteProcessing.Success': 0 });
        await logFailure(this.#book.context, stream, failure, { principal: this.#principal(stream), work });
        if (attempts > processor.retries) {
          for (const record of records) this.#fail(stream, record, { ...failure, attempts });
          return;
        }
        await work.sleep(backoff(attempts), { background: true });
      }
    }
  }

  async #invoke(
    stream: StreamRecord,
    { functionArn, roleArn }: LambdaProcessor,
    records: readonly Incoming[],
    work: Work,
  ): Promise<Map<string, Transformed>> {
    const { context } = this.#book;
    const Payload = transformationEvent({ arn: stream.arn, region: context.region }, records);
    const principal = this.#assumed(stream, roleArn);
    const answer = await context.call(principal, 'lambda', 'Invoke', { FunctionName: functionArn, Payload }, work);
    const payload = Buffer.from(answer.Payload as Uint8Array).toString('utf8');
    if (answer.FunctionError) throw functionError(payload);
    return readTransformed(payload, records);
  }

  /** Sends a record where its transformation says; the bytes of one that succeeded. */
  #route(stream: StreamRecord, record: Incoming, transformed: Transformed | undefined): number | undefined {
    if (transformed?.result === 'Dropped') return 0;
    if (transformed?.result !== 'Ok') {
      this.#fail(stream, record, { ...PROCESSING_FAILED, attempts: 1 });
      return undefined;
    }
    const { stream: name, arrivedAt } = record;
    const wanted = lambdaKeys(stream.destination.prefix);
    const keys = Object.fromEntries(wanted.map((key) => [key, transformed.keys[key] ?? '']));
    const outgoing = { stream: name, arrivedAt, data: transformed.data, keys, errorType: null };
    if (wanted.some((key) => keys[key] === '')) {
      this.#fail(stream, record, { ...PARTITIONING_FAILED, attempts: 1 });
      return undefined;
    }
    const open = wanted.length > 0 ? this.#outgoing.groups(name) : new Set();
    if (open.size >= MOST_PARTITIONS && !open.has(partitionOf(outgoing))) {
      this.#measure(stream, { ActivePartitionsLimitExceeded: 1 });
      this.#fail(stream, record, { ...TOO_MANY_PARTITIONS, attempts: 1, errorType: 'activePartitionExceeded' });
      return undefined;
    }
    this.#outgoing.add(outgoing);
    return sizeOf(outgoing);
  }

  /** https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html */
  #fail(
    stream: StreamRecord,
    { stream: name, arrivedAt, data }: Incoming,
    { code, message, attempts, errorType = 'processing-failed' }: Failure & { attempts: number; errorType?: string },
  ): void {
    const line = JSON.stringify({
      attemptsMade: attempts,
      arrivalTimestamp: arrivedAt,
      errorCode: code,
      errorMessage: message,
      attemptEndingTimestamp: this.#book.context.clock.now(),
      rawData: data,
      lambdaArn: stream.destination.processor?.functionArn,
    });
    const told = Buffer.from(`${line}\n`).toString('base64');
    this.#outgoing.add({ stream: name, arrivedAt, data: told, keys: {}, errorType });
  }

  async #deliver(records: readonly Outgoing[], work: Work): Promise<void> {
    const [first] = records;
    const stream = this.#book.find(first?.stream ?? '');
    if (!first || !stream) return;
    const { context } = this.#book;
    const at = Math.min(...records.map(({ arrivedAt }) => arrivedAt));
    const object = objectOf(stream, { ...first, at, data: records.map(({ data }) => data) });
    const until = context.clock.now() + DELIVERED_WITHIN_MS;
    for (let attempts = 1; this.#book.find(stream.name); attempts += 1) {
      try {
        await context.call(this.#assumed(stream, stream.destination.roleArn), 's3', 'PutObject', object, work);
        this.#measure(stream, {
          'DeliveryToS3.Success': 1,
          'DeliveryToS3.ObjectCount': 1,
          'DeliveryToS3.Records': records.length,
          'DeliveryToS3.Bytes': (object.Body as Buffer).length,
          'DeliveryToS3.DataFreshness': (context.clock.now() - at) / 1_000,
        });
        return;
      } catch (error) {
        if (this.#stopped) return kept();
        const age = (context.clock.now() - at) / 1_000;
        this.#measure(stream, { 'DeliveryToS3.Success': 0, 'DeliveryToS3.DataFreshness': age });
        const failure = s3Failure(error as Error);
        await logFailure(context, stream, failure, { principal: this.#principal(stream), work });
        if (context.clock.now() >= until) {
          context.log(
            `Firehose ${stream.name}: ${records.length} records were not delivered for 24 hours and are lost`,
          );
          return;
        }
        await work.sleep(backoff(attempts), { background: true });
      }
    }
  }

  #assumed(stream: StreamRecord, roleArn: string): Principal {
    requireTrust(this.#book.context, roleArn, { service: 'firehose.amazonaws.com', sourceArn: stream.arn });
    return this.#book.context.rolePrincipal(roleArn, 'AmazonFirehose');
  }

  #principal({ destination }: StreamRecord): Principal {
    return this.#book.context.rolePrincipal(destination.roleArn, 'AmazonFirehose');
  }

  #measure(stream: StreamRecord, values: Parameters<typeof measure>[2]): void {
    measure(this.#book.context, stream.name, values);
  }
}

const partitionOf = ({ stream, keys, errorType }: Pick<Outgoing, 'stream' | 'keys' | 'errorType'>) =>
  JSON.stringify([stream, errorType, keys]);

const hintsOf = (given: { bufferBytes: number; bufferMs: number } | null | undefined) =>
  given ? { bytes: given.bufferBytes, ms: given.bufferMs } : undefined;

const backoff = (attempts: number) => Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attempts - 1, 20), LONGEST_BACKOFF_MS);

/** Never ends, so that the records are not taken for done; the next cloud takes them up. */
const kept = () => new Promise<never>(() => undefined);

/** 56 digits, as Firehose gives them. */
function newRecordId(now: number): string {
  const random = BigInt(`0x${randomUUID().replaceAll('-', '')}`).toString();
  return `49${String(now).padStart(15, '0')}${random.padStart(39, '0')}`;
}
