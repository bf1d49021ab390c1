import { gunzipSync } from 'node:zlib';
import { CreateDeliveryStreamCommand, FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { cloudWatchService } from '../../local/cloudwatch/service.ts';
import { firehoseService } from '../../local/firehose/service.ts';
import { createAuthorizer } from '../../local/iam/authorizer.ts';
import type { PolicyDocument, PolicyStatement } from '../../local/iam/principal.ts';
import type { ServiceFactory } from '../../local/kernel/cloud.ts';
import { logsService } from '../../local/logs/service.ts';
import { s3Service } from '../../local/s3/service.ts';
import { startKernel, type TestKernel } from './kernel.ts';

export const START = Date.UTC(2026, 0, 5);
export const ROLE = 'arn:aws:iam::000000000000:role/firehose';
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:transform';
const STREAM = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/capture';

export interface SourceRecord {
  readonly recordId: string;
  readonly approximateArrivalTimestamp: number;
  readonly data: string;
}
export interface TransformEvent {
  readonly invocationId: string;
  readonly deliveryStreamArn: string;
  readonly region: string;
  readonly records: readonly SourceRecord[];
}
export const text = ({ data }: { data: string }) => Buffer.from(data, 'base64').toString();
export const base64 = (given: string) => Buffer.from(given).toString('base64');

export const MAY_WRITE: PolicyStatement = { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::data/*' };
export const MAY_INVOKE: PolicyStatement = { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: FUNCTION };
export const MAY_LOG: PolicyStatement = { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: '*' };

export interface FirehoseCloud extends TestKernel {
  readonly firehose: FirehoseClient;
  readonly s3: S3Client;
  readonly logged: string[];
  /** What the function was sent, and what it does with it: an answer or an error, at once or later. */
  readonly events: TransformEvent[];
  transform: (event: TransformEvent) => unknown;
  /** What the role of the stream may. */
  grant(...statements: PolicyStatement[]): void;
  /** For which stream the role lets Firehose in. */
  trust(streamArn: string): void;
  /** Makes the stream `capture` into the bucket `data`. */
  create(destination?: object): Promise<void>;
  put(...records: string[]): Promise<void>;
  /** The objects of the bucket: what is in them, by key. */
  objects(): Promise<Record<string, string>>;
}

/** The destination of `create`, with a function before it and partitions by `version`. */
export const partitioned = {
  Prefix: 'churn/captures/version=!{partitionKeyFromLambda:version}/',
  ErrorOutputPrefix: 'churn/capture-errors/!{firehose:error-output-type}/',
  DynamicPartitioningConfiguration: { Enabled: true },
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 300 },
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      {
        Type: 'Lambda' as const,
        Parameters: [
          { ParameterName: 'LambdaArn' as const, ParameterValue: FUNCTION },
          { ParameterName: 'NumberOfRetries' as const, ParameterValue: '2' },
        ],
      },
    ],
  },
};

/** Firehose before S3 with IAM enforced, and a function that is a function of the test. */
export async function firehoseCloud(folder?: string): Promise<FirehoseCloud> {
  const authorizer = createAuthorizer({ clock: { now: () => START } });
  const logged: string[] = [];
  const events: TransformEvent[] = [];
  const lambda: ServiceFactory = () => ({
    name: 'lambda',
    operations: {
      Invoke: {
        access: ({ FunctionName }) => [{ action: 'lambda:InvokeFunction', resource: String(FunctionName) }],
        async handle({ Payload }) {
          const event = JSON.parse(String(Payload)) as TransformEvent;
          events.push(event);
          const answer = await cloud.transform(event);
          if (answer instanceof Error) return { FunctionError: 'Unhandled', Payload: Buffer.from(answer.message) };
          return { Payload: Buffer.from(JSON.stringify(answer)) };
        },
      },
    },
  });
  const kernel = await startKernel({
    services: [firehoseService, s3Service, logsService, cloudWatchService, lambda],
    authorize: authorizer.authorize,
    log: (message) => logged.push(message),
    ...(folder === undefined ? {} : { folder }),
  });
  const firehose = new FirehoseClient(kernel.client);
  const s3 = new S3Client({ ...kernel.client, forcePathStyle: true });
  let granted: readonly PolicyStatement[] = [];
  let source = STREAM;
  const setRole = () => {
    const trust: PolicyDocument = {
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'firehose.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceArn': source } },
      },
    };
    authorizer.setRole({ roleArn: ROLE, trust, policies: new Map([['own', { Statement: granted }]]) });
  };
  const cloud: FirehoseCloud = {
    ...kernel,
    firehose,
    s3,
    logged,
    events,
    transform: ({ records }) => ({
      records: records.map(({ recordId, data }) => ({
        recordId,
        result: 'Ok',
        data,
        metadata: { partitionKeys: { version: '1' } },
      })),
    }),
    grant(...statements) {
      granted = statements;
      setRole();
    },
    trust(streamArn) {
      source = streamArn;
      setRole();
    },
    async create(destination = {}) {
      await firehose.send(
        new CreateDeliveryStreamCommand({
          DeliveryStreamName: 'capture',
          ExtendedS3DestinationConfiguration: { RoleARN: ROLE, BucketARN: 'arn:aws:s3:::data', ...destination },
        }),
      );
    },
    async put(...records) {
      for (const record of records) {
        const Record = { Data: Buffer.from(record) };
        await firehose.send(new PutRecordCommand({ DeliveryStreamName: 'capture', Record }));
      }
    },
    async objects() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'data' }));
      const read = Contents.map(async ({ Key = '' }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key }));
        const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
        return [Key, (Key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()] as const;
      });
      return Object.fromEntries(await Promise.all(read));
    },
  };
  cloud.grant(MAY_WRITE, MAY_INVOKE, MAY_LOG);
  await s3.send(new CreateBucketCommand({ Bucket: 'data' })).catch(() => undefined);
  return cloud;
}
