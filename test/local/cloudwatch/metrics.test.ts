import {
  CloudWatchClient,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  type GetMetricDataInput,
  GetMetricStatisticsCommand,
  type GetMetricStatisticsInput,
  ListDashboardsCommand,
  ListMetricsCommand,
  type MetricDatum,
  PutDashboardCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloudWatchService } from '../../../local/cloudwatch/service.ts';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import { awsCli, hasAwsCli } from '../../support/aws-cli.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { sendQuery } from '../../support/query.ts';

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const at = (minute: number) => new Date(START - HOUR + minute * 60_000);

let cloud: TestKernel;
let client: CloudWatchClient;
const authorizer = createAuthorizer({ clock: { now: () => START } });
beforeAll(async () => {
  cloud = await startKernel({ services: [cloudWatchService], startAt: START, authorize: authorizer.authorize });
  client = new CloudWatchClient(cloud.client);
});
afterAll(() => cloud.stop());

const put = (...MetricData: MetricDatum[]) =>
  client.send(new PutMetricDataCommand({ Namespace: 'Sluice', MetricData }));
const Dimensions = [{ Name: 'model', Value: 'churn' }];
const statistics = async (input: Partial<GetMetricStatisticsInput>) => {
  const range = { StartTime: at(0), EndTime: at(60), Period: 60 };
  const request = { Namespace: 'Sluice', MetricName: 'x', ...range, ...input };
  const { Datapoints = [] } = await client.send(new GetMetricStatisticsCommand(request));
  return Datapoints;
};

describe('statistics', () => {
  const plain = ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'] as const;

  test('of single values, by period', async () => {
    await put(
      { MetricName: 'single', Value: 2, Timestamp: at(0), Unit: 'Count' },
      { MetricName: 'single', Value: 4, Timestamp: at(0) },
      { MetricName: 'single', Value: 9, Timestamp: at(4) },
    );
    const byMinute = await statistics({ MetricName: 'single', Statistics: [...plain] });
    expect(byMinute).toEqual([
      { Timestamp: at(0), Sum: 6, Average: 3, Minimum: 2, Maximum: 4, SampleCount: 2, Unit: 'Count' },
      { Timestamp: at(4), Sum: 9, Average: 9, Minimum: 9, Maximum: 9, SampleCount: 1, Unit: 'None' },
    ]);
    expect(await statistics({ MetricName: 'single', Statistics: ['Sum'], Period: 300 })).toMatchObject([
      { Timestamp: at(0), Sum: 15 },
    ]);
  });

  test('of values with counts', async () => {
    await put({ MetricName: 'counted', Values: [1, 10], Counts: [9, 1], Timestamp: at(0) });
    await put({ MetricName: 'counted', Values: [5], Timestamp: at(0) });
    expect(await statistics({ MetricName: 'counted', Statistics: [...plain] })).toMatchObject([
      { Sum: 24, SampleCount: 11, Minimum: 1, Maximum: 10 },
    ]);
  });

  test('of summaries', async () => {
    const summary = { Sum: 100, SampleCount: 10, Minimum: 1, Maximum: 40 };
    await put({ MetricName: 'summed', StatisticValues: summary, Timestamp: at(0) });
    await put({ MetricName: 'summed', Value: 45, Timestamp: at(0) });
    const found = await statistics({ MetricName: 'summed', Statistics: [...plain], ExtendedStatistics: ['p50'] });
    expect(found).toMatchObject([{ Sum: 145, SampleCount: 11, Minimum: 1, Maximum: 45 }]);
    expect(found[0]).not.toHaveProperty('ExtendedStatistics');
  });

  test('of percentiles', async () => {
    const Values = Array.from({ length: 100 }, (_, index) => 100 - index);
    await put({ MetricName: 'spread', Values, Timestamp: at(0) });
    const [found] = await statistics({
      MetricName: 'spread',
      ExtendedStatistics: ['p0', 'p50', 'p99', 'p99.9', 'p100'],
    });
    expect(found?.ExtendedStatistics).toEqual({ p0: 1, p50: 50, p99: 99, 'p99.9': 100, p100: 100 });
  });

  test('tell metrics with other dimensions apart', async () => {
    await put({ MetricName: 'apart', Value: 1, Timestamp: at(0) });
    await put({ MetricName: 'apart', Value: 2, Timestamp: at(0), Dimensions });
    expect(await statistics({ MetricName: 'apart', Statistics: ['Sum'] })).toMatchObject([{ Sum: 1 }]);
    expect(await statistics({ MetricName: 'apart', Statistics: ['Sum'], Dimensions })).toMatchObject([{ Sum: 2 }]);
  });
});

describe('GetMetricData', () => {
  const data = async (
    MetricDataQueries: GetMetricDataInput['MetricDataQueries'],
    input: Partial<GetMetricDataInput> = {},
  ) => {
    const request = { MetricDataQueries, StartTime: at(0), EndTime: at(10), ...input };
    const { MetricDataResults = [] } = await client.send(new GetMetricDataCommand(request));
    return MetricDataResults;
  };
  const stat = (MetricName: string, Period = 60) => ({
    Metric: { Namespace: 'Sluice', MetricName },
    Period,
    Stat: 'Sum',
  });

  test('gives metrics and expressions over them, newest first', async () => {
    await put(
      { MetricName: 'errors', Value: 1, Timestamp: at(1) },
      { MetricName: 'requests', Value: 10, Timestamp: at(1) },
      { MetricName: 'requests', Value: 20, Timestamp: at(3) },
    );
    const found = await data([
      { Id: 'rate', Expression: '100 * filled / requests', Label: 'Error rate' },
      { Id: 'filled', Expression: 'FILL(errors, 0)', ReturnData: false },
      { Id: 'errors', MetricStat: stat('errors'), ReturnData: false },
      { Id: 'requests', MetricStat: stat('requests') },
    ]);
    expect(found).toMatchObject([
      { Id: 'rate', Label: 'Error rate', Timestamps: [at(3), at(1)], Values: [0, 10], StatusCode: 'Complete' },
      { Id: 'requests', Label: 'requests', Timestamps: [at(3), at(1)], Values: [20, 10] },
    ]);
  });

  test('has a period for each metric, and the order that is asked for', async () => {
    await put({ MetricName: 'both', Value: 1, Timestamp: at(1) }, { MetricName: 'both', Value: 2, Timestamp: at(7) });
    const queries = [
      { Id: 'fine', MetricStat: stat('both') },
      { Id: 'coarse', MetricStat: stat('both', 300) },
    ];
    expect(await data(queries, { ScanBy: 'TimestampAscending' })).toMatchObject([
      { Timestamps: [at(1), at(7)], Values: [1, 2] },
      { Timestamps: [at(0), at(5)], Values: [1, 2] },
    ]);
    const mixed = [...queries, { Id: 'e', Expression: 'fine + coarse' }];
    await expect(data(mixed)).rejects.toThrow('expressions over metrics of different periods');
  });

  test.each<[string, NonNullable<GetMetricDataInput['MetricDataQueries']>, string]>([
    ['an id that is not there', [{ Id: 'e', Expression: 'nobody + 1' }], 'nobody is not one of the ids'],
    [
      'an expression over itself',
      [
        { Id: 'e', Expression: 'f' },
        { Id: 'f', Expression: 'e' },
      ],
      'refers to itself',
    ],
    [
      'a statistic that is none',
      [{ Id: 'm', MetricStat: { ...stat('x'), Stat: 'TM(10%:90%)' } }],
      'the statistic TM(10%:90%)',
    ],
    ['a period by the second', [{ Id: 'm', MetricStat: stat('x', 10) }], 'periods of 10 seconds'],
    [
      'two of one id',
      [
        { Id: 'm', MetricStat: stat('x') },
        { Id: 'm', MetricStat: stat('y') },
      ],
      'not unique',
    ],
  ])('refuses %s', async (_what, queries, message) => {
    await expect(data(queries)).rejects.toThrow(message);
  });
});

test('ListMetrics finds by namespace, name and dimensions', async () => {
  await put({ MetricName: 'listed', Value: 1, Dimensions }, { MetricName: 'listed', Value: 1 });
  const list = async (input: object) =>
    (await client.send(new ListMetricsCommand({ Namespace: 'Sluice', MetricName: 'listed', ...input }))).Metrics;
  expect(await list({})).toHaveLength(2);
  expect(await list({ Dimensions: [{ Name: 'model' }] })).toEqual([
    { Namespace: 'Sluice', MetricName: 'listed', Dimensions },
  ]);
  expect(await list({ Dimensions: [{ Name: 'model', Value: 'prices' }] })).toEqual([]);
});

describe('PutMetricData refuses', () => {
  const refused: [why: string, datum: MetricDatum, message: string][] = [
    ['what is no number', { MetricName: 'x', Value: Number.NaN }, 'The value NaN for parameter Value is invalid.'],
    ['two kinds of values at once', { MetricName: 'x', Value: 1, Values: [1] }, 'Exactly one of'],
    ['counts that do not fit', { MetricName: 'x', Values: [1, 2], Counts: [1] }, 'must have the same size'],
    [
      'a time long ago',
      { MetricName: 'x', Value: 1, Timestamp: new Date(START - 15 * 24 * HOUR) },
      'within the past two weeks',
    ],
    [
      'a time far ahead',
      { MetricName: 'x', Value: 1, Timestamp: new Date(START + 3 * HOUR) },
      'within the past two weeks',
    ],
    ['metrics by the second', { MetricName: 'x', Value: 1, StorageResolution: 1 }, 'metrics by the second'],
  ];
  test.each(refused)('%s', async (_why, datum, message) => {
    await expect(put(datum)).rejects.toThrow(message);
  });

  test('a namespace of AWS', async () => {
    const sent = client.send(
      new PutMetricDataCommand({ Namespace: 'AWS/Lambda', MetricData: [{ MetricName: 'x', Value: 1 }] }),
    );
    await expect(sent).rejects.toThrow('The value AWS/Lambda for parameter Namespace is invalid.');
  });

  test('a role that may write to another namespace only', async () => {
    const roleArn = 'arn:aws:iam::000000000000:role/meter';
    const Condition = { StringEquals: { 'cloudwatch:namespace': 'Sluice' } };
    const may = {
      Statement: { Effect: 'Allow', Action: 'cloudwatch:PutMetricData', Resource: '*', Condition },
    } as const;
    authorizer.setRole({ roleArn, trust: { Statement: [] }, policies: new Map([['own', may]]) });
    const meter = new CloudWatchClient({
      ...cloud.client,
      credentials: cloud.kernel.context.roleCredentials(roleArn, 's'),
    });
    const as = (Namespace: string) =>
      meter.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'y', Value: 1 }] }));
    await expect(as('Sluice')).resolves.toBeDefined();
    await expect(as('Other')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

test('a request that the client compresses', async () => {
  const many = Array.from({ length: 300 }, (_, index) => ({
    MetricName: `compressed-${index}`,
    Value: index,
    Timestamp: at(0),
    Dimensions,
  }));
  await put(...many);
  expect(await statistics({ MetricName: 'compressed-299', Dimensions, Statistics: ['Sum'] })).toMatchObject([
    { Sum: 299 },
  ]);
});

test('data is kept for 15 days', async () => {
  await put({ MetricName: 'old', Value: 1 });
  const range = {
    MetricName: 'old',
    Statistics: ['Sum' as const],
    Period: 3600,
    StartTime: at(0),
    EndTime: new Date(START + 2 * HOUR),
  };
  await cloud.clock.advance(14 * 24 * HOUR);
  await put({ MetricName: 'new', Value: 1 });
  expect(await statistics(range)).toHaveLength(1);
  await cloud.clock.advance(2 * 24 * HOUR);
  await put({ MetricName: 'new', Value: 1 });
  expect(await statistics(range)).toEqual([]);
  const { Metrics } = await client.send(new ListMetricsCommand({ MetricName: 'old' }));
  expect(Metrics).toEqual([]);
});

test('a dashboard is kept as text', async () => {
  const DashboardName = 'churn';
  const DashboardBody = '{"widgets":[]}';
  await client.send(new PutDashboardCommand({ DashboardName, DashboardBody }));
  expect(await client.send(new GetDashboardCommand({ DashboardName }))).toMatchObject({ DashboardBody });
  const { DashboardEntries } = await client.send(new ListDashboardsCommand({ DashboardNamePrefix: 'ch' }));
  expect(DashboardEntries).toMatchObject([{ DashboardName, Size: 14 }]);
  await expect(client.send(new PutDashboardCommand({ DashboardName, DashboardBody: '{' }))).rejects.toThrow(
    'DashboardBody',
  );
  await client.send(new DeleteDashboardsCommand({ DashboardNames: [DashboardName] }));
  await expect(client.send(new GetDashboardCommand({ DashboardName }))).rejects.toThrow('does not exist');
});

test('the query protocol of older clients', async () => {
  const call = (action: string, parameters: Record<string, string>) =>
    sendQuery(cloud.client.endpoint, { service: 'monitoring', action, ...parameters });
  const metric = { Namespace: 'Sluice', MetricName: 'queried' };
  const now = cloud.clock.now();
  const time = (ms: number) => new Date(now + ms).toISOString();
  const { status } = await call('PutMetricData', {
    Namespace: 'Sluice',
    'MetricData.member.1.MetricName': 'queried',
    'MetricData.member.1.Value': '2.5',
    'MetricData.member.1.Timestamp': time(-60_000),
  });
  expect(status).toBe(200);
  const range = { StartTime: time(-600_000), EndTime: time(0), Period: '300' };
  const { body } = await call('GetMetricStatistics', {
    ...metric,
    ...range,
    'Statistics.member.1': 'Sum',
    'ExtendedStatistics.member.1': 'p50',
  });
  expect(body).toContain('<Sum>2.5</Sum>');
  expect(body).toContain('<entry><key>p50</key><value>2.5</value></entry>');
});

describe.skipIf(!hasAwsCli())('the aws command', () => {
  test('puts and reads metrics', async () => {
    const aws = awsCli(cloud.client.endpoint);
    const metric = ['--namespace', 'Sluice', '--metric-name', 'cli'];
    await aws('cloudwatch', 'put-metric-data', ...metric, '--value', '7', '--dimensions', 'model=churn');
    const now = cloud.clock.now();
    const range = [
      '--start-time',
      new Date(now - HOUR).toISOString(),
      '--end-time',
      new Date(now + HOUR).toISOString(),
    ];
    const asked = ['--period', '3600', '--statistics', 'Maximum', '--dimensions', 'Name=model,Value=churn'];
    const { Datapoints } = JSON.parse(await aws('cloudwatch', 'get-metric-statistics', ...metric, ...range, ...asked));
    expect(Datapoints).toMatchObject([{ Maximum: 7 }]);
    const query = {
      Id: 'm',
      MetricStat: { Metric: { Namespace: 'Sluice', MetricName: 'cli', Dimensions }, Period: 60, Stat: 'Sum' },
    };
    const data = await aws('cloudwatch', 'get-metric-data', '--metric-data-queries', JSON.stringify([query]), ...range);
    expect(JSON.parse(data).MetricDataResults).toMatchObject([{ Id: 'm', Values: [7] }]);
  });
});
