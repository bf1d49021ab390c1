import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AssociateKmsKeyCommand,
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  PutLogEventsCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cloudWatchService } from '../../../local/cloudwatch/service.ts';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import type { PolicyDocument } from '../../../local/iam/principal.ts';
import { keysOf } from '../../../local/kms/keys.ts';
import { logsService } from '../../../local/logs/service.ts';
import { awsCli, hasAwsCli } from '../../support/aws-cli.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const START = Date.UTC(2026, 0, 5);
const DAY = 86_400_000;
const logGroupName = '/aws/lambda/intake';
const ARN = `arn:aws:logs:us-east-1:000000000000:log-group:${logGroupName}`;

const authorizer = createAuthorizer({ clock: { now: () => START } });
let cloud: TestKernel;
let client: CloudWatchLogsClient;
const open = async (folder?: string) => {
  const services = [logsService, cloudWatchService];
  cloud = await startKernel({ services, folder, startAt: START, authorize: authorizer.authorize });
  client = new CloudWatchLogsClient(cloud.client);
};
beforeEach(async () => {
  await open();
  await client.send(new CreateLogGroupCommand({ logGroupName, tags: { team: 'ml' } }));
  for (const logStreamName of ['one', 'two']) {
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
  }
});
afterEach(() => cloud.stop());

const put = (logStreamName: string, ...messages: [seconds: number, message: string][]) =>
  client.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName,
      logEvents: messages.map(([seconds, message]) => ({ timestamp: START + seconds * 1000, message })),
    }),
  );
const get = async (logStreamName: string, input: object = {}) => {
  const answer = await client.send(new GetLogEventsCommand({ logGroupName, logStreamName, ...input }));
  return { ...answer, messages: (answer.events ?? []).map(({ message }) => message) };
};
const filter = async (input: object = {}) => {
  const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName, ...input }));
  return events.map(({ message }) => message);
};

describe('the events of a stream', () => {
  test('are read from its end, and page by page from its start', async () => {
    await put('one', [-3, 'a'], [-2, 'b'], [-1, 'c']);
    expect((await get('one', { limit: 2 })).messages).toEqual(['b', 'c']);
    const first = await get('one', { limit: 2, startFromHead: true });
    const second = await get('one', { limit: 2, nextToken: first.nextForwardToken });
    const third = await get('one', { limit: 2, nextToken: second.nextForwardToken });
    expect([first.messages, second.messages, third.messages]).toEqual([['a', 'b'], ['c'], []]);
    expect(third.nextForwardToken).toBe(second.nextForwardToken);
    const back = await get('one', { limit: 2, nextToken: second.nextBackwardToken });
    expect(back.messages).toEqual(['a', 'b']);
    expect((await get('one', { nextToken: back.nextBackwardToken })).messages).toEqual([]);
  });

  test('are read from a time to a time, which does not count', async () => {
    await put('one', [-3, 'a'], [-2, 'b'], [-1, 'c']);
    const range = { startTime: START - 2000, endTime: START - 1000 };
    expect((await get('one', range)).messages).toEqual(['b']);
  });

  test('are refused out of order, empty, and for a stream that is not there', async () => {
    await expect(put('one', [-1, 'b'], [-2, 'a'])).rejects.toThrow('must be in chronological order');
    await expect(put('one', [-1, ''])).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(put('three', [-1, 'x'])).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('are left out when they are too old or from the future', async () => {
    const answer = await put('one', [(-15 * DAY) / 1000, 'old'], [-1, 'now'], [3 * 3600, 'future']);
    expect(answer.rejectedLogEventsInfo).toEqual({ tooOldLogEventEndIndex: 1, tooNewLogEventStartIndex: 2 });
    expect((await get('one')).messages).toEqual(['now']);
  });
});

describe('FilterLogEvents', () => {
  beforeEach(async () => {
    await put('one', [-4, '{"level":"INFO","rows":5}'], [-2, '{"level":"ERROR","rows":0}']);
    await put('two', [-3, 'START RequestId: 1'], [-1, '{"level":"ERROR","rows":9}']);
  });

  test('finds in all streams, by time', async () => {
    expect(await filter()).toEqual([
      '{"level":"INFO","rows":5}',
      'START RequestId: 1',
      '{"level":"ERROR","rows":0}',
      '{"level":"ERROR","rows":9}',
    ]);
  });

  test('finds by words and by conditions on JSON', async () => {
    expect(await filter({ filterPattern: '"RequestId: 1"' })).toEqual(['START RequestId: 1']);
    expect(await filter({ filterPattern: '{ $.level = "ERROR" && $.rows > 1 }' })).toEqual([
      '{"level":"ERROR","rows":9}',
    ]);
  });

  test('finds in some streams, in a range whose ends count', async () => {
    expect(await filter({ logStreamNames: ['two'] })).toHaveLength(2);
    expect(await filter({ logStreamNamePrefix: 'on' })).toHaveLength(2);
    expect(await filter({ startTime: START - 3000, endTime: START - 2000 })).toHaveLength(2);
    await expect(filter({ logStreamNames: ['one'], logStreamNamePrefix: 'o' })).rejects.toThrow('mutually exclusive');
  });

  test('gives pages, and every event an id of its own', async () => {
    const first = await client.send(new FilterLogEventsCommand({ logGroupName, limit: 3 }));
    const rest = await client.send(new FilterLogEventsCommand({ logGroupName, nextToken: first.nextToken }));
    const ids = [...(first.events ?? []), ...(rest.events ?? [])].map(({ eventId }) => eventId);
    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
    expect(rest.nextToken).toBeUndefined();
  });
});

describe('log groups', () => {
  test('are described, tagged and deleted with their streams', async () => {
    await client.send(new CreateLogGroupCommand({ logGroupName: '/other' }));
    const described = async (input: object) =>
      ((await client.send(new DescribeLogGroupsCommand(input))).logGroups ?? []).map(({ logGroupName: name }) => name);
    expect(await described({})).toEqual([logGroupName, '/other']);
    expect(await described({ logGroupNamePrefix: '/aws' })).toEqual([logGroupName]);
    expect(await described({ logGroupNamePattern: 'THER' })).toEqual(['/other']);
    await client.send(new TagResourceCommand({ resourceArn: ARN, tags: { stage: 'dev' } }));
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: ARN }));
    expect(tags).toEqual({ team: 'ml', stage: 'dev' });
    await expect(client.send(new CreateLogGroupCommand({ logGroupName }))).rejects.toMatchObject({
      name: 'ResourceAlreadyExistsException',
    });
    await client.send(new DeleteLogGroupCommand({ logGroupName }));
    expect(await described({})).toEqual(['/other']);
    await expect(get('one')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('list their streams by name, or by what came last', async () => {
    await put('two', [-9, 'x']);
    await put('one', [-5, 'y']);
    const names = async (input: object) =>
      ((await client.send(new DescribeLogStreamsCommand({ logGroupName, ...input }))).logStreams ?? []).map(
        ({ logStreamName }) => logStreamName,
      );
    expect(await names({})).toEqual(['one', 'two']);
    expect(await names({ orderBy: 'LastEventTime' })).toEqual(['two', 'one']);
    expect(await names({ orderBy: 'LastEventTime', descending: true })).toEqual(['one', 'two']);
    expect(await names({ logStreamNamePrefix: 't' })).toEqual(['two']);
    await client.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: 'two' }));
    expect(await names({})).toEqual(['one']);
  });

  test('forget events after their retention', async () => {
    await put('one', [-1, 'old']);
    await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 3 }));
    await cloud.clock.advance(2 * DAY);
    expect((await get('one')).messages).toEqual(['old']);
    await cloud.clock.advance(1 * DAY);
    expect((await get('one')).messages).toEqual([]);
    const odd = client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 4 }));
    await expect(odd).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  test('refuse what would be ignored', async () => {
    const name = { name: 'LocalCloudUnsupported' };
    const archive = new CreateLogGroupCommand({ logGroupName: 'a', logGroupClass: 'INFREQUENT_ACCESS' });
    await expect(client.send(archive)).rejects.toMatchObject(name);
  });
});

describe('an encrypted log group', () => {
  const key = (policy: PolicyDocument) => {
    const arn = 'arn:aws:kms:us-east-1:000000000000:key/k-1';
    const record = { id: 'k-1', arn, description: '', policy, enabled: true, rotates: true, created: 0 };
    keysOf(cloud.kernel.context).set('k-1', record);
    return arn;
  };
  const forGroups = (groups: string): PolicyDocument => ({
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'logs.us-east-1.amazonaws.com' },
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
      Resource: '*',
      Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groups } },
    },
  });

  test('needs a key whose policy lets CloudWatch Logs in, for that group', async () => {
    const create = (kmsKeyId: string) => client.send(new CreateLogGroupCommand({ logGroupName: '/secret', kmsKeyId }));
    await expect(create(key({ Statement: [] }))).rejects.toThrow('is not allowed to be used with Arn');
    await expect(create(key(forGroups('arn:aws:logs:*:*:log-group:/other')))).rejects.toThrow('is not allowed');
    await expect(create('arn:aws:kms:us-east-1:000000000000:key/none')).rejects.toThrow('does not exist');
    await create(key(forGroups('arn:aws:logs:*:*:log-group:/secret')));
    const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/secret' }));
    expect(logGroups).toMatchObject([{ kmsKeyId: 'arn:aws:kms:us-east-1:000000000000:key/k-1' }]);
  });

  test('may become one later', async () => {
    const associate = (kmsKeyId: string) => client.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId }));
    await expect(associate(key({ Statement: [] }))).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(associate(key(forGroups('arn:aws:logs:*:*:log-group:*')))).resolves.toBeDefined();
  });
});

test('a role writes where it may', async () => {
  const roleArn = 'arn:aws:iam::000000000000:role/writer';
  const Resource = `${ARN}:log-stream:one`;
  const may = { Statement: { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource } } as const;
  authorizer.setRole({ roleArn, trust: { Statement: [] }, policies: new Map([['own', may]]) });
  const credentials = cloud.kernel.context.roleCredentials(roleArn, 's');
  const writer = new CloudWatchLogsClient({ ...cloud.client, credentials });
  const write = (logStreamName: string) =>
    writer.send(
      new PutLogEventsCommand({ logGroupName, logStreamName, logEvents: [{ timestamp: START, message: 'x' }] }),
    );
  await expect(write('one')).resolves.toBeDefined();
  await expect(write('two')).rejects.toMatchObject({ name: 'AccessDeniedException' });
});

describe('metrics in log lines', () => {
  const line = (change: object = {}, directive: object = {}) =>
    JSON.stringify({
      _aws: {
        Timestamp: START,
        CloudWatchMetrics: [
          {
            Namespace: 'Sluice',
            Dimensions: [['model'], ['model', 'stage']],
            Metrics: [{ Name: 'rows', Unit: 'Count' }, { Name: 'took' }],
            ...directive,
          },
        ],
      },
      model: 'churn',
      stage: 'dev',
      rows: 5,
      took: [1, 2],
      ...change,
    });
  const metric = (name: string, dimensions: Record<string, string>) => {
    const { context } = cloud.kernel;
    const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
    const range = { StartTime: START / 1000 - 3600, EndTime: START / 1000 + 3600, Period: 3600 };
    const input = { Namespace: 'Sluice', MetricName: name, Dimensions, Statistics: ['Sum', 'SampleCount'], ...range };
    const operator = { kind: 'operator', arn: 'arn:aws:iam::000000000000:user/test' } as const;
    return context.clock.run('test', async (work) => {
      const answer = await context.call(operator, 'monitoring', 'GetMetricStatistics', input, work);
      return (answer.Datapoints as { Sum: number; SampleCount: number; Unit: string }[]).map(
        ({ Sum, SampleCount, Unit }) => ({ Sum, SampleCount, Unit }),
      );
    });
  };

  test('become metrics, for every set of dimensions', async () => {
    await put('one', [-1, line()], [0, 'no metrics here']);
    expect(await metric('rows', { model: 'churn' })).toEqual([{ Sum: 5, SampleCount: 1, Unit: 'Count' }]);
    expect(await metric('rows', { model: 'churn', stage: 'dev' })).toEqual([{ Sum: 5, SampleCount: 1, Unit: 'Count' }]);
    expect(await metric('took', { model: 'churn' })).toEqual([{ Sum: 3, SampleCount: 2, Unit: 'None' }]);
  });

  test('that do not follow the format are only text', async () => {
    await put('one', [-2, line({ stage: undefined })], [-1, line({}, { Namespace: 7 })], [0, '{"_aws": 1']);
    expect(await metric('rows', { model: 'churn' })).toEqual([{ Sum: 5, SampleCount: 1, Unit: 'Count' }]);
    expect(await metric('rows', { model: 'churn', stage: 'undefined' })).toEqual([]);
  });
});

test('events are there after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-logs-'));
  try {
    await cloud.stop();
    await open(folder);
    cloud.kernel.context.putLogEvents(logGroupName, 'one', ['kept', 'too']);
    await cloud.stop();
    await open(folder);
    expect((await get('one')).messages).toEqual(['kept', 'too']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.skipIf(!hasAwsCli())('the aws command', () => {
  test('reads and filters', async () => {
    const aws = awsCli(cloud.client.endpoint);
    cloud.kernel.context.putLogEvents(logGroupName, 'one', ['{"level":"ERROR"}', 'START']);
    const group = ['--log-group-name', logGroupName];
    const read = JSON.parse(await aws('logs', 'get-log-events', ...group, '--log-stream-name', 'one'));
    expect(read.events).toMatchObject([{ message: '{"level":"ERROR"}' }, { message: 'START' }]);
    // What `aws logs tail` of the command's second version asks for.
    const tail = ['--interleaved', '--start-time', String(START)];
    const pattern = ['--filter-pattern', '{ $.level = "ERROR" }'];
    const found = JSON.parse(await aws('logs', 'filter-log-events', ...group, ...tail, ...pattern));
    expect(found.events).toMatchObject([{ logStreamName: 'one', message: '{"level":"ERROR"}' }]);
  });
});
