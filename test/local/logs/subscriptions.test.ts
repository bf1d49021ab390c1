import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteSubscriptionFilterCommand,
  DescribeSubscriptionFiltersCommand,
  FilterLogEventsCommand,
  PutSubscriptionFilterCommand,
  type PutSubscriptionFilterCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import type { PolicyDocument } from '../../../local/iam/principal.ts';
import { AwsError } from '../../../local/kernel/errors.ts';
import { logsService } from '../../../local/logs/service.ts';
import { awsCli, hasAwsCli } from '../../support/aws-cli.ts';
import { allow } from '../../support/events-cloud.ts';
import { type FakeService, fakeService, unavailable } from '../../support/fake-services.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const START = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;
const logGroupName = '/aws/lambda/predict';
const GROUP_ARN = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}:*`;
const STREAM = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/capture';
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:read';
const ROLE = 'arn:aws:iam::000000000000:role/subscription';

interface Envelope {
  readonly messageType: string;
  readonly logStream: string;
  readonly logEvents: readonly { readonly id: string; readonly timestamp: number; readonly message: string }[];
}

const authorizer = createAuthorizer({ clock: { now: () => START } });
let cloud: TestKernel;
let client: CloudWatchLogsClient;
let firehose: FakeService;
let lambda: FakeService;
let logged: string[];

const open = async (
  folder?: string,
  functionPolicy = allow('logs.amazonaws.com', 'lambda:InvokeFunction', GROUP_ARN),
) => {
  logged = [];
  firehose = fakeService('firehose', ['PutRecord', 'PutRecordBatch'], () => [
    { action: 'firehose:PutRecord', resource: STREAM },
  ]);
  lambda = fakeService('lambda', 'Invoke', () => [
    { action: 'lambda:InvokeFunction', resource: FUNCTION, policy: functionPolicy },
  ]);
  const services = [logsService, firehose.factory, lambda.factory];
  const log = (message: string) => logged.push(message);
  cloud = await startKernel({ services, folder, startAt: START, authorize: authorizer.authorize, log });
  client = new CloudWatchLogsClient(cloud.client);
};

const setRole = (source: string, statements: PolicyDocument['Statement']) => {
  const own: PolicyDocument = { Statement: statements };
  const trust: PolicyDocument = {
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'logs.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringLike: { 'aws:SourceArn': source } },
    },
  };
  authorizer.setRole({ roleArn: ROLE, trust, policies: new Map([['own', own]]) });
};
const MAY_PUT = { Effect: 'Allow', Action: 'firehose:PutRecord', Resource: STREAM } as const;

beforeEach(async () => {
  setRole(GROUP_ARN, MAY_PUT);
  await open();
  await client.send(new CreateLogGroupCommand({ logGroupName }));
});
afterEach(() => cloud.stop());

const subscribe = (change: Partial<PutSubscriptionFilterCommandInput> = {}) =>
  client.send(
    new PutSubscriptionFilterCommand({
      logGroupName,
      filterName: 'capture',
      filterPattern: '{ $.message = "capture" }',
      destinationArn: STREAM,
      roleArn: ROLE,
      ...change,
    }),
  );
const toFunction = { filterName: 'function', filterPattern: '', destinationArn: FUNCTION, roleArn: undefined };
const write = (stream: string, ...lines: string[]) => cloud.kernel.context.putLogEvents(logGroupName, stream, lines);
const unzip = (data: unknown) => JSON.parse(gunzipSync(Buffer.from(String(data), 'base64')).toString()) as Envelope;
const batches = (action = 'PutRecordBatch') =>
  firehose.calls
    .filter((call) => call.action === action)
    .map(({ input }) => ((input.Records ?? [input.Record]) as { Data: string }[]).map(({ Data }) => unzip(Data)));
const captured = (n: number) => JSON.stringify({ message: 'capture', n });

describe('a subscription to a delivery stream', () => {
  test('sends what fits its pattern, one record a log stream', async () => {
    await subscribe();
    write('one', captured(1), 'START');
    write('two', captured(2));
    write('one', captured(3));
    await cloud.clock.advance(1_000);
    const [records = []] = batches();
    expect(records).toEqual([
      {
        messageType: 'DATA_MESSAGE',
        owner: '000000000000',
        logGroup: logGroupName,
        logStream: 'one',
        subscriptionFilters: ['capture'],
        logEvents: [1, 3].map((n) => ({ id: expect.any(String), timestamp: expect.any(Number), message: captured(n) })),
      },
      expect.objectContaining({ logStream: 'two' }),
    ]);
  });

  test('gives each event the id that FilterLogEvents gives it', async () => {
    await subscribe();
    write('one', 'START', captured(1));
    await cloud.clock.advance(1_000);
    const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName }));
    expect(batches()[0]?.[0]?.logEvents.map(({ id }) => id)).toEqual([events[1]?.eventId]);
  });

  test('does not make time pass', async () => {
    await subscribe();
    write('one', captured(1));
    await cloud.clock.idle();
    expect(batches()).toEqual([]);
  });

  test('asks the destination with a message of control before it is made', async () => {
    await subscribe();
    expect(batches('PutRecord')).toMatchObject([
      [{ messageType: 'CONTROL_MESSAGE', owner: 'CloudwatchLogs', subscriptionFilters: [], logEvents: [{ id: '' }] }],
    ]);
  });

  test('is refused where the role may not put records, or does not trust CloudWatch Logs for the group', async () => {
    const refused = { name: 'InvalidParameterException', message: expect.stringContaining('Could not deliver test') };
    setRole(GROUP_ARN, []);
    await expect(subscribe()).rejects.toMatchObject(refused);
    setRole('arn:aws:logs:us-east-1:000000000000:log-group:/other:*', MAY_PUT);
    await expect(subscribe()).rejects.toMatchObject(refused);
    await expect(subscribe({ roleArn: undefined })).rejects.toThrow('requires a roleArn');
  });

  test('tries again while the destination fails, later and later', async () => {
    await subscribe();
    write('one', captured(1));
    firehose.failures.push(unavailable(), unavailable());
    await cloud.clock.advance(MINUTE);
    const sent = firehose.calls.filter(({ action }) => action === 'PutRecordBatch');
    expect(sent.map(({ at }) => Math.round((at - START) / 1_000))).toEqual([1, 2, 4]);
    expect(new Set(batches().flatMap(([record]) => record?.logEvents[0]?.id)).size).toBe(1);
  });

  test('is skipped for ten minutes when the destination refuses', async () => {
    await subscribe();
    firehose.failures.push(new AwsError('ResourceNotFoundException', 'gone'));
    write('one', captured(1));
    await cloud.clock.advance(2_000);
    expect(logged).toMatchObject([expect.stringContaining('are lost: gone')]);
    write('one', captured(2));
    await cloud.clock.advance(10 * MINUTE);
    write('one', captured(3));
    await cloud.clock.advance(2_000);
    const told = batches().flatMap((records) => records.flatMap(({ logEvents }) => logEvents));
    expect(told.map(({ message }) => message)).toEqual([captured(1), captured(3)]);
  });

  test('cuts what is large into several records', async () => {
    await subscribe({ filterPattern: '' });
    for (let n = 0; n < 5; n += 1) write('one', `${n}`.repeat(400_000));
    await cloud.clock.advance(1_000);
    expect(batches()[0]?.map(({ logEvents }) => logEvents.length)).toEqual([2, 2, 1]);
  });

  test('survives a restart with what it had gathered', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-subscriptions-'));
    try {
      await cloud.stop();
      await open(folder);
      await client.send(new CreateLogGroupCommand({ logGroupName }));
      await subscribe();
      write('one', captured(1));
      await cloud.stop();
      await open(folder);
      await cloud.clock.advance(1_000);
      expect(batches()).toMatchObject([[{ logEvents: [{ message: captured(1) }] }]]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a subscription of a function', () => {
  test('invokes it with the events in gzip and base64', async () => {
    await subscribe(toFunction);
    write('one', 'anything');
    await cloud.clock.advance(1_000);
    const input = lambda.calls.at(-1)?.input ?? {};
    expect(input).toMatchObject({ FunctionName: FUNCTION, InvocationType: 'Event' });
    const { awslogs } = JSON.parse(String(input.Payload));
    expect(unzip(awslogs.data)).toMatchObject({ logEvents: [{ message: 'anything' }] });
  });

  test('is refused where the function does not let CloudWatch Logs in', async () => {
    await cloud.stop();
    await open(undefined, allow('logs.amazonaws.com', 'lambda:InvokeFunction', 'arn:aws:logs:*:*:log-group:/other:*'));
    await client.send(new CreateLogGroupCommand({ logGroupName }));
    await expect(subscribe(toFunction)).rejects.toThrow('Could not execute the lambda function');
    await expect(subscribe({ ...toFunction, roleArn: ROLE })).rejects.toThrow('cannot be used with roleArn');
  });
});

describe('the filters of a group', () => {
  const names = async () =>
    (await client.send(new DescribeSubscriptionFiltersCommand({ logGroupName }))).subscriptionFilters?.map(
      ({ filterName }) => filterName,
    );

  test('are described, changed and deleted', async () => {
    await subscribe();
    await subscribe({ filterPattern: 'ERROR' });
    const { subscriptionFilters } = await client.send(new DescribeSubscriptionFiltersCommand({ logGroupName }));
    const given = { filterName: 'capture', filterPattern: 'ERROR', destinationArn: STREAM, roleArn: ROLE };
    expect(subscriptionFilters).toMatchObject([{ ...given, logGroupName, distribution: 'ByLogStream' }]);
    await client.send(new DeleteSubscriptionFilterCommand({ logGroupName, filterName: 'capture' }));
    expect(await names()).toEqual([]);
    const again = new DeleteSubscriptionFilterCommand({ logGroupName, filterName: 'capture' });
    await expect(client.send(again)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('are two at most, and go with it', async () => {
    await subscribe();
    await subscribe(toFunction);
    await expect(subscribe({ filterName: 'third' })).rejects.toMatchObject({ name: 'LimitExceededException' });
    await client.send(new DeleteLogGroupCommand({ logGroupName }));
    await client.send(new CreateLogGroupCommand({ logGroupName }));
    expect(await names()).toEqual([]);
  });

  test('are refused with a pattern that nothing could follow, or a destination that is not here', async () => {
    await expect(subscribe({ filterPattern: '{ $.a = }' })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    const destinationArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
    await expect(subscribe({ destinationArn })).rejects.toMatchObject({ name: 'LocalCloudUnsupported' });
    await expect(subscribe({ distribution: 'Random' })).rejects.toMatchObject({ name: 'LocalCloudUnsupported' });
  });
});

test.skipIf(!hasAwsCli())('the aws command subscribes', async () => {
  const aws = awsCli(cloud.client.endpoint);
  const group = ['--log-group-name', logGroupName];
  const filter = ['--filter-name', 'capture', '--filter-pattern', '{ $.message = "capture" }'];
  await aws('logs', 'put-subscription-filter', ...group, ...filter, '--destination-arn', STREAM, '--role-arn', ROLE);
  const described = JSON.parse(await aws('logs', 'describe-subscription-filters', ...group));
  expect(described.subscriptionFilters).toMatchObject([{ filterName: 'capture', destinationArn: STREAM }]);
});
