import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  type FilteredLogEvent,
  PutLogEventsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { modelNamed } from '../../cli/environment.ts';
import { type CapturedLine, capturedLine } from '../../domain/capture.ts';
import { captureErrorsPrefix, capturesPrefix, truthPrefix } from '../../domain/names.ts';
import type { Upload } from '../../domain/registry-items.ts';
import type { RetrainOutput } from '../../domain/retrain.ts';
import { uploadId } from '../../domain/slot.ts';
import { customers } from '../../examples/churn/generator.ts';
import { openStory, type Story, type StoryOptions } from './story.ts';

export const MODEL = 'churn';
export const CAPTURE_CONFIG = fileURLToPath(new URL('../fixtures/capture.config.ts', import.meta.url));

/** Text that must never be found where it does not belong. */
export const CANARY = 'canary-7f3a';

const MINUTE = 60_000;

/** What a caller of the URL is told. */
export interface Answered {
  readonly model_version: string;
  readonly inference_ids: string[];
  readonly predictions: { label: string; score: number }[];
}

/** Customers with what is nobody's business, in columns that the model ignores. */
export const persons = (rows: number, seed: number) =>
  customers({ rows, seed, firstCustomer: seed * 100_000 }).map((customer, index) => ({
    ...customer,
    email: `${CANARY}-${seed}-${index}@example.com`,
    phone: `+49 ${CANARY} ${seed} ${index}`,
  }));

export function csvOf(rows: readonly object[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cell = (value: unknown) => (value === null ? '' : String(value));
  const lines = rows.map((row) => columns.map((name) => cell((row as Record<string, unknown>)[name])).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

/** The way of a prediction into the data bucket and back, on the local cloud. */
export class CaptureStory {
  readonly story: Story;
  readonly logs = new CloudWatchLogsClient({});
  #labels = 0;

  static async open(options: StoryOptions = {}): Promise<CaptureStory> {
    return new CaptureStory(await openStory({ config: CAPTURE_CONFIG, ...options }));
  }

  private constructor(story: Story) {
    this.story = story;
  }

  get registry() {
    return this.story.registry(MODEL);
  }

  get #bucket() {
    return this.story.environment.dataBucket;
  }

  /** A request to the URL of the model; local URLs look at who signs, not at the signature. */
  async ask(rows: readonly object[]): Promise<Answered> {
    const instances = rows.map((row) => ({ ...row, churned: undefined }));
    const scope = 'Credential=test/20260105/us-east-1/lambda/aws4_request';
    const response = await fetch(modelNamed(this.story.environment, MODEL).predictUrl, {
      method: 'POST',
      headers: { authorization: `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none` },
      body: JSON.stringify({ instances }),
    });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return (await response.json()) as Answered;
  }

  /** Lets Firehose write what it holds: it asks its processor every minute and writes every five. */
  async delivered(): Promise<void> {
    await this.story.quiet();
    await this.story.cloud.clock.advance(10 * MINUTE);
    await this.story.quiet();
  }

  async keys(prefix: string, bucket = this.#bucket): Promise<string[]> {
    const keys: string[] = [];
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.story.s3 },
      { Bucket: bucket, Prefix: prefix },
    ))
      keys.push(...Contents.map(({ Key = '' }) => Key));
    return keys;
  }

  /** An object's text, unpacked. */
  async text(key: string): Promise<string> {
    const { Body } = await this.story.s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('utf8');
  }

  /** All captures, by the key of their object. */
  async captures(): Promise<{ key: string; lines: CapturedLine[] }[]> {
    const keys = await this.keys(capturesPrefix(MODEL));
    return Promise.all(
      keys.map(async (key) => {
        const lines = (await this.text(key)).trimEnd().split('\n');
        return { key, lines: lines.map((line) => capturedLine.parse(JSON.parse(line))) };
      }),
    );
  }

  /** The log group of the prediction function. */
  async predictLog(): Promise<string> {
    const { logGroups = [] } = await this.logs.send(new DescribeLogGroupsCommand({}));
    const names = logGroups.map(({ logGroupName = '' }) => logGroupName);
    return names.find((name) => name.includes('PredictionPredict')) ?? '';
  }

  /** Writes lines into the log of the prediction function, as a version of it would. */
  async putLines(logEvents: { timestamp: number; message: string }[]): Promise<void> {
    const logGroupName = await this.predictLog();
    const logStreamName = `by-hand-${logEvents[0]?.timestamp}`;
    await this.logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    await this.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
  }

  errors = () => this.keys(captureErrorsPrefix(MODEL));

  /** Uploads late labels and waits for their outcome. */
  async truth(content: string, name = `labels-${++this.#labels}.csv`): Promise<Upload> {
    const put = new PutObjectCommand({ Bucket: this.#bucket, Key: `${truthPrefix(MODEL)}${name}`, Body: content });
    const { VersionId = '' } = await this.story.s3.send(put);
    await this.story.quiet();
    const upload = await this.registry.upload(uploadId(VersionId));
    if (!upload) throw new Error(`nothing became of the labels ${name}:\n${this.story.log.join('\n')}`);
    return upload;
  }

  /** Asks for a dataset of labelled predictions, as the controller does. */
  async compose(incident: string, since: string | null = null): Promise<RetrainOutput> {
    const FunctionName = await this.#functionNamed('RetrainingCompose');
    const Payload = Buffer.from(JSON.stringify({ incident, since }));
    const { Payload: answer } = await this.story.lambda.send(new InvokeCommand({ FunctionName, Payload }));
    return JSON.parse(Buffer.from(answer ?? []).toString('utf8')) as RetrainOutput;
  }

  /** Looks for late labels whose event was lost, as is done once a day. */
  async lost(): Promise<void> {
    const FunctionName = await this.#functionNamed('TruthTake');
    await this.story.lambda.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{"lost":true}') }));
    await this.story.quiet();
  }

  async #functionNamed(part: string): Promise<string> {
    const { Functions = [] } = await this.story.lambda.send(new ListFunctionsCommand({}));
    return Functions.map(({ FunctionName: name = '' }) => name).find((name) => name.includes(part)) ?? '';
  }

  /** Everything that every log has said. */
  async logged(only = ''): Promise<FilteredLogEvent[]> {
    const { logGroups = [] } = await this.logs.send(new DescribeLogGroupsCommand({}));
    const found: FilteredLogEvent[] = [];
    for (const { logGroupName = '' } of logGroups.filter(({ logGroupName: name = '' }) => name.includes(only)))
      for await (const { events = [] } of paginateFilterLogEvents({ client: this.logs }, { logGroupName }))
        found.push(...events);
    return found;
  }
}
