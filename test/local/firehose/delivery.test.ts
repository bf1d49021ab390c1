import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DeleteDeliveryStreamCommand } from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type FirehoseCloud,
  FUNCTION,
  firehoseCloud,
  MAY_INVOKE,
  MAY_LOG,
  MAY_WRITE,
  partitioned,
} from '../../support/firehose-cloud.ts';

const MINUTE = 60_000;
const UUID = '[0-9a-f]{8}-[0-9a-f-]{27}';

let cloud: FirehoseCloud;
beforeEach(async () => {
  cloud = await firehoseCloud();
});
afterEach(() => cloud.stop());

describe('a stream without a function', () => {
  test('writes the records of an interval as one object, under the time and its own name', async () => {
    await cloud.create();
    await cloud.put('one\n', 'two\n');
    await cloud.clock.advance(5 * MINUTE);
    const objects = Object.entries(await cloud.objects());
    const key = expect.stringMatching(new RegExp(`^2026/01/05/00/capture-1-2026-01-05-00-00-\\d\\d-${UUID}$`));
    expect(objects).toEqual([[key, 'one\ntwo\n']]);
  });

  test('does not make time pass, and waits for the interval', async () => {
    await cloud.create();
    await cloud.put('one');
    await cloud.clock.idle();
    await cloud.clock.advance(4 * MINUTE);
    expect(await cloud.objects()).toEqual({});
  });

  test('does not wait when there is enough', async () => {
    await cloud.create({ BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 900 } });
    await cloud.put('a'.repeat(700_000), 'b'.repeat(700_000));
    await cloud.clock.idle();
    expect(Object.values(await cloud.objects()).map(({ length }) => length)).toEqual([700_000]);
    await cloud.clock.advance(15 * MINUTE);
    expect(Object.keys(await cloud.objects())).toHaveLength(2);
  });

  test('packs, puts an end to each record and evaluates its prefix by the oldest one', async () => {
    await cloud.create({
      CompressionFormat: 'GZIP',
      Prefix: "day=!{timestamp:yyyy'-'MM'-'dd}/",
      ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          { Type: 'AppendDelimiterToRecord', Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }] },
        ],
      },
    });
    await cloud.clock.advance(23 * 60 * MINUTE + 58 * MINUTE);
    await cloud.put('one');
    await cloud.clock.advance(3 * MINUTE);
    await cloud.put('two');
    await cloud.clock.advance(5 * MINUTE);
    const [[key, content] = []] = Object.entries(await cloud.objects());
    expect(key).toMatch(/^day=2026-01-05\/capture-1-2026-01-05-23-58-.*\.gz$/);
    expect(content).toBe('one\ntwo\n');
  });
});

describe('a stream that cannot write', () => {
  const freshness = async () => {
    const { context } = cloud.kernel;
    const Dimensions = [{ Name: 'DeliveryStreamName', Value: 'capture' }];
    const now = context.clock.now() / 1_000;
    const range = { StartTime: now - 86_400, EndTime: now + 60, Period: 86_400, Statistics: ['Maximum'] };
    const input = { Namespace: 'AWS/Firehose', MetricName: 'DeliveryToS3.DataFreshness', Dimensions, ...range };
    return context.clock.run('test', async (work) => {
      const answer = await context.call({ kind: 'cloud' }, 'monitoring', 'GetMetricStatistics', input, work);
      return Math.max(...(answer.Datapoints as { Maximum: number }[]).map(({ Maximum }) => Maximum));
    });
  };

  test('tries again until it may, and its data grows old meanwhile', async () => {
    await cloud.create();
    cloud.grant(MAY_INVOKE);
    await cloud.put('one');
    await cloud.clock.advance(30 * MINUTE);
    expect(await cloud.objects()).toEqual({});
    expect(await freshness()).toBeGreaterThan(20 * 60);
    cloud.grant(MAY_WRITE);
    await cloud.clock.advance(5 * MINUTE);
    expect(Object.values(await cloud.objects())).toEqual(['one']);
  });

  test('loses the records after a day, and says so', async () => {
    await cloud.create();
    cloud.grant();
    await cloud.put('one');
    await cloud.clock.advance(25 * 60 * MINUTE);
    expect(cloud.logged.at(-1)).toBe('Firehose capture: 1 records were not delivered for 24 hours and are lost');
    cloud.grant(MAY_WRITE);
    await cloud.clock.advance(60 * MINUTE);
    expect(await cloud.objects()).toEqual({});
  });

  test('writes why into its log, where its role may', async () => {
    const logs = new CloudWatchLogsClient(cloud.client);
    const log = { logGroupName: '/firehose', logStreamName: 's3' };
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/firehose' }));
    await logs.send(new CreateLogStreamCommand(log));
    await cloud.create({
      CloudWatchLoggingOptions: { Enabled: true, LogGroupName: '/firehose', LogStreamName: 's3' },
    });
    cloud.grant(MAY_LOG);
    await cloud.put('one');
    await cloud.clock.advance(5 * MINUTE + 500);
    const { events = [] } = await logs.send(new GetLogEventsCommand(log));
    expect(events.map(({ message = '' }) => JSON.parse(message))).toMatchObject([
      { errorCode: 'S3.AccessDenied', destination: 'arn:aws:s3:::data', deliveryStreamVersionId: 1 },
    ]);
    cloud.grant();
    await cloud.clock.advance(10_000);
    expect(cloud.logged.some((line) => line.includes('cannot write its log'))).toBe(true);
  });
});

test('what was gathered survives a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-firehose-'));
  try {
    await cloud.stop();
    cloud = await firehoseCloud(folder);
    await cloud.create();
    await cloud.put('one');
    await cloud.stop();
    cloud = await firehoseCloud(folder);
    await cloud.put('two');
    await cloud.clock.advance(6 * MINUTE);
    expect(Object.values(await cloud.objects())).toEqual(['onetwo']);
    await cloud.stop();
    cloud = await firehoseCloud(folder);
    await cloud.clock.advance(10 * MINUTE);
    expect(Object.values(await cloud.objects())).toEqual(['onetwo']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a function that ends with the cloud has not failed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-firehose-'));
  try {
    await cloud.stop();
    cloud = await firehoseCloud(folder);
    const Parameters = [
      { ParameterName: 'LambdaArn', ParameterValue: FUNCTION },
      { ParameterName: 'NumberOfRetries', ParameterValue: '0' },
    ];
    const ProcessingConfiguration = { Enabled: true, Processors: [{ Type: 'Lambda', Parameters }] };
    await cloud.create({ ...partitioned, ProcessingConfiguration });
    await cloud.put('one');
    const [called, killed] = [Promise.withResolvers<void>(), Promise.withResolvers<Error>()];
    cloud.transform = () => {
      called.resolve();
      return killed.promise;
    };
    void cloud.clock.advance(MINUTE);
    await called.promise;
    await cloud.stop();
    killed.resolve(new Error('{"errorType":"Runtime.ExitError"}'));
    await new Promise((resolve) => setImmediate(resolve));

    cloud = await firehoseCloud(folder);
    await cloud.clock.advance(10 * MINUTE);
    const [[key, content] = []] = Object.entries(await cloud.objects());
    expect(key).toMatch(/^churn\/captures\/version=1\//);
    expect(content).toBe('one');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a stream that is deleted delivers no more', async () => {
  await cloud.create();
  await cloud.put('one');
  await cloud.firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'capture' }));
  await cloud.clock.advance(10 * MINUTE);
  expect(await cloud.objects()).toEqual({});
});
