import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  ListTagsForResourceCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
  type PutMetricAlarmInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-cloudwatch';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cloudWatchService } from '../../../local/cloudwatch/service.ts';
import { allow, START } from '../../support/events-cloud.ts';
import { type TopicsCloud, topicsCloud } from '../../support/topics.ts';

const MINUTE = 60_000;
const NAME = 'errors of churn';
const ARN = `arn:aws:cloudwatch:us-east-1:000000000000:alarm:${NAME}`;

let cloud: TopicsCloud;
let client: CloudWatchClient;
let topic: string;
const open = async (options: Parameters<typeof topicsCloud>[0] = {}) => {
  cloud = await topicsCloud({ services: [cloudWatchService], ...options });
  client = new CloudWatchClient(cloud.client);
  topic = await cloud.topic('alerts');
};
beforeEach(async () => {
  await open();
  await cloud.subscribeQueue(topic, 'mail', { RawMessageDelivery: 'true' });
});
afterEach(() => cloud.stop());

const alarm = (change: Partial<PutMetricAlarmInput> = {}) =>
  client.send(
    new PutMetricAlarmCommand({
      AlarmName: NAME,
      AlarmDescription: 'Something broke',
      Namespace: 'Sluice',
      MetricName: 'errors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [topic],
      OKActions: [topic],
      ...change,
    }),
  );
const errors = (Value: number, MetricName = 'errors') =>
  client.send(new PutMetricDataCommand({ Namespace: 'Sluice', MetricData: [{ MetricName, Value }] }));
const pass = async (minutes: number) => {
  await cloud.clock.advance(minutes * MINUTE);
  await cloud.clock.idle();
};
const described = async (): Promise<MetricAlarm> => {
  const { MetricAlarms = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [NAME] }));
  return MetricAlarms[0] ?? {};
};
const state = async () => (await described()).StateValue;
/** The changes that the topic told since it was asked last. */
const told = async () => {
  const messages = await cloud.messages('mail');
  return messages
    .map(({ body }) => JSON.parse(body))
    .sort((a, b) => (a.StateChangeTime < b.StateChangeTime ? -1 : 1))
    .map(({ OldStateValue, NewStateValue }) => `${OldStateValue} -> ${NewStateValue}`);
};

describe('an alarm', () => {
  test('knows nothing first, is judged at the full minute, rises and falls', async () => {
    await alarm();
    expect(await described()).toMatchObject({
      StateValue: 'INSUFFICIENT_DATA',
      StateReason: 'Unchecked: Initial alarm creation',
    });
    await pass(1);
    expect(await state()).toBe('OK');
    await errors(1);
    expect(await state()).toBe('OK');
    await pass(1);
    expect(await state()).toBe('ALARM');
    await pass(5);
    expect(await state()).toBe('OK');
    expect(await told()).toEqual(['INSUFFICIENT_DATA -> OK', 'OK -> ALARM', 'ALARM -> OK']);
  });

  test('acts when it changes, and not while it stays', async () => {
    await alarm();
    await pass(1);
    for (let minute = 0; minute < 10; minute += 1) {
      await errors(1);
      await pass(1);
    }
    expect(await told()).toEqual(['INSUFFICIENT_DATA -> OK', 'OK -> ALARM']);
  });

  test('tells its topic what CloudWatch tells', async () => {
    await alarm({ Dimensions: [{ Name: 'model', Value: 'churn' }] });
    await pass(1);
    const [{ body = '' } = {}] = await cloud.messages('mail');
    expect(JSON.parse(body)).toEqual({
      AlarmName: NAME,
      AlarmDescription: 'Something broke',
      AWSAccountId: '000000000000',
      AlarmConfigurationUpdatedTimestamp: expect.stringMatching(/^2026-01-05T00:00:0\d\.\d{3}\+0000$/),
      NewStateValue: 'OK',
      NewStateReason:
        'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
      StateChangeTime: expect.stringMatching(/^2026-01-05T00:01:00\.\d{3}\+0000$/),
      Region: 'US East (N. Virginia)',
      AlarmArn: ARN,
      OldStateValue: 'INSUFFICIENT_DATA',
      OKActions: [topic],
      AlarmActions: [topic],
      InsufficientDataActions: [],
      Trigger: {
        MetricName: 'errors',
        Namespace: 'Sluice',
        StatisticType: 'Statistic',
        Statistic: 'SUM',
        Unit: null,
        Dimensions: [{ value: 'churn', name: 'model' }],
        Period: 60,
        EvaluationPeriods: 1,
        DatapointsToAlarm: 1,
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 0,
        TreatMissingData: 'notBreaching',
        EvaluateLowSampleCountPercentile: '',
      },
    });
  });

  test('tells EventBridge', async () => {
    const EventPattern = '{"source":["aws.cloudwatch"],"detail":{"state":{"value":["ALARM"]}}}';
    await cloud.events.send(new PutRuleCommand({ Name: 'orders', EventPattern }));
    const Arn = await cloud.queue('events');
    await cloud.events.send(new PutTargetsCommand({ Rule: 'orders', Targets: [{ Id: 't', Arn }] }));
    await alarm();
    await errors(2);
    await pass(1);
    const events = (await cloud.messages('events')).map(({ body }) => JSON.parse(body));
    expect(events).toMatchObject([
      {
        'detail-type': 'CloudWatch Alarm State Change',
        source: 'aws.cloudwatch',
        resources: [ARN],
        detail: {
          alarmName: NAME,
          state: { value: 'ALARM', reason: expect.stringContaining('1 datapoint [2.0') },
          previousState: { value: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation' },
          configuration: {
            description: 'Something broke',
            metrics: [
              {
                id: 'm1',
                metricStat: {
                  metric: { namespace: 'Sluice', name: 'errors', dimensions: {} },
                  period: 60,
                  stat: 'Sum',
                },
                returnData: true,
              },
            ],
          },
        },
      },
    ]);
    expect(JSON.parse(events[0].detail.state.reasonData)).toMatchObject({ recentDatapoints: [2], threshold: 0 });
  });

  test('needs M of N points', async () => {
    await alarm({ EvaluationPeriods: 3, DatapointsToAlarm: 2 });
    const history: (string | undefined)[] = [];
    for (const value of [0, 1, 0, 1, 0, 0, 0]) {
      await errors(value);
      await pass(1);
      history.push(await state());
    }
    expect(history).toEqual(['OK', 'OK', 'OK', 'ALARM', 'OK', 'OK', 'OK']);
  });

  test('looks at a window that slides by the minute, not by the period', async () => {
    await alarm({ Period: 300, Threshold: 2 });
    await errors(1);
    await pass(3);
    await errors(2);
    await pass(1);
    expect(await state()).toBe('ALARM');
    await pass(2);
    expect(await state()).toBe('OK');
  });

  test('computes expressions', async () => {
    const Metric = (MetricName: string) => ({ Metric: { Namespace: 'Sluice', MetricName }, Period: 60, Stat: 'Sum' });
    await alarm({
      ...{ Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined },
      Metrics: [
        { Id: 'rate', Expression: '100 * FILL(errors, 0) / requests', Label: 'Error rate' },
        { Id: 'errors', MetricStat: Metric('errors'), ReturnData: false },
        { Id: 'requests', MetricStat: Metric('requests'), ReturnData: false },
      ],
      Threshold: 5,
    });
    await errors(100, 'requests');
    await errors(5);
    await pass(1);
    expect(await state()).toBe('OK');
    await errors(100, 'requests');
    await errors(6);
    await pass(1);
    expect(await state()).toBe('ALARM');
    expect((await described()).Metrics).toMatchObject([
      { Id: 'rate', Expression: '100 * FILL(errors, 0) / requests', Label: 'Error rate', ReturnData: true },
      { Id: 'errors', MetricStat: { Period: 60, Stat: 'Sum' }, ReturnData: false },
      { Id: 'requests' },
    ]);
  });

  test('computes percentiles', async () => {
    const change = { Statistic: undefined, ExtendedStatistic: 'p90', Threshold: 50 };
    await alarm(change);
    await client.send(
      new PutMetricDataCommand({
        Namespace: 'Sluice',
        MetricData: [{ MetricName: 'errors', Values: [10, 100], Counts: [95, 5] }],
      }),
    );
    await pass(1);
    expect(await state()).toBe('OK');
    await client.send(
      new PutMetricDataCommand({
        Namespace: 'Sluice',
        MetricData: [{ MetricName: 'errors', Values: [10, 100], Counts: [85, 15] }],
      }),
    );
    await pass(1);
    expect(await state()).toBe('ALARM');
  });

  test.each([
    ['missing', 'INSUFFICIENT_DATA'],
    ['ignore', 'ALARM'],
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
  ])('without data, which it treats as %s, becomes %s', async (TreatMissingData, expected) => {
    await alarm({ TreatMissingData });
    await errors(1);
    await pass(1);
    expect(await state()).toBe('ALARM');
    await pass(60);
    expect(await state()).toBe(expected);
  });

  test('on a table ignores missing data unless it is told otherwise', async () => {
    await alarm({ Namespace: 'AWS/DynamoDB', TreatMissingData: undefined });
    expect((await described()).TreatMissingData).toBe('ignore');
  });

  test('can be set to a state, and finds its own again', async () => {
    await alarm();
    await pass(1);
    await told();
    await client.send(new SetAlarmStateCommand({ AlarmName: NAME, StateValue: 'ALARM', StateReason: 'a drill' }));
    await client.send(new SetAlarmStateCommand({ AlarmName: NAME, StateValue: 'ALARM', StateReason: 'again' }));
    expect(await described()).toMatchObject({ StateValue: 'ALARM', StateReason: 'again' });
    await pass(1);
    expect(await state()).toBe('OK');
    expect(await told()).toEqual(['OK -> ALARM', 'ALARM -> OK']);
  });

  test('does nothing while its actions are off', async () => {
    await alarm();
    await client.send(new DisableAlarmActionsCommand({ AlarmNames: [NAME] }));
    await pass(1);
    expect([await state(), await told()]).toEqual(['OK', []]);
    await client.send(new EnableAlarmActionsCommand({ AlarmNames: [NAME] }));
    await errors(1);
    await pass(1);
    expect(await told()).toEqual(['OK -> ALARM']);
  });

  test('keeps its state when it is changed, and is judged anew', async () => {
    await alarm();
    await errors(3);
    await pass(1);
    await alarm({ Threshold: 10 });
    expect(await state()).toBe('ALARM');
    await pass(1);
    expect(await state()).toBe('OK');
  });

  test('that may not publish says so in its history', async () => {
    const policy = allow('events.amazonaws.com', 'sns:Publish');
    await cloud.sns.send(
      new SetTopicAttributesCommand({
        TopicArn: topic,
        AttributeName: 'Policy',
        AttributeValue: JSON.stringify(policy),
      }),
    );
    await alarm();
    await pass(1);
    const { AlarmHistoryItems = [] } = await client.send(new DescribeAlarmHistoryCommand({ AlarmName: NAME }));
    expect(AlarmHistoryItems.map(({ HistoryItemType, HistorySummary }) => [HistoryItemType, HistorySummary])).toEqual([
      ['Action', expect.stringContaining(`Failed to execute action ${topic}`)],
      ['StateUpdate', 'Alarm updated from INSUFFICIENT_DATA to OK'],
      ['ConfigurationUpdate', `Alarm "${NAME}" created`],
    ]);
    expect(cloud.logged.join('\n')).toContain(`could not tell ${topic}`);
  });

  test('is found by prefix, state and action, and by page', async () => {
    for (const name of ['a-1', 'a-2', 'b-1']) await alarm({ AlarmName: name, OKActions: [] });
    await client.send(new SetAlarmStateCommand({ AlarmName: 'a-2', StateValue: 'ALARM', StateReason: 'x' }));
    const found = async (input: object) =>
      ((await client.send(new DescribeAlarmsCommand(input))).MetricAlarms ?? []).map(({ AlarmName }) => AlarmName);
    expect(await found({ AlarmNamePrefix: 'a-' })).toEqual(['a-1', 'a-2']);
    expect(await found({ StateValue: 'ALARM' })).toEqual(['a-2']);
    expect(await found({ ActionPrefix: 'arn:aws:sns' })).toEqual(['a-1', 'a-2', 'b-1']);
    expect(await found({ AlarmTypes: ['CompositeAlarm'] })).toEqual([]);
    const first = await client.send(new DescribeAlarmsCommand({ MaxRecords: 2 }));
    expect(await found({ NextToken: first.NextToken })).toEqual(['b-1']);
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ['a-1'] }));
    expect(await found({})).toEqual(['a-2', 'b-1']);
    await expect(client.send(new DeleteAlarmsCommand({ AlarmNames: ['a-1'] }))).rejects.toThrow('does not exist');
  });

  test('has tags', async () => {
    await alarm({ Tags: [{ Key: 'team', Value: 'ml' }] });
    await client.send(new TagResourceCommand({ ResourceARN: ARN, Tags: [{ Key: 'severity', Value: 'high' }] }));
    await client.send(new UntagResourceCommand({ ResourceARN: ARN, TagKeys: ['team'] }));
    const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceARN: ARN }));
    expect(Tags).toEqual([{ Key: 'severity', Value: 'high' }]);
  });

  const refused: [why: string, change: Partial<PutMetricAlarmInput>, message: string][] = [
    ['more points to alarm than there are', { EvaluationPeriods: 2, DatapointsToAlarm: 3 }, 'DatapointsToAlarm'],
    ['more than a day', { EvaluationPeriods: 1441 }, 'more than a day'],
    ['a period by the second', { Period: 10 }, 'periods of 10 seconds'],
    ['a statistic that is none', { Statistic: undefined, ExtendedStatistic: 'tm90' }, 'the statistic tm90'],
    [
      'a comparison with a band',
      { ComparisonOperator: 'GreaterThanUpperThreshold' },
      'the alarm comparison GreaterThanUpperThreshold',
    ],
    ['a treatment that is none', { TreatMissingData: 'zero' }, 'Option zero is not supported'],
    [
      'an action that nothing runs',
      { AlarmActions: ['arn:aws:lambda:us-east-1:000000000000:function:f'] },
      'alarm actions of the service "lambda"',
    ],
    ['a parameter that would be ignored', { Unit: 'Count' }, 'the parameter Unit of an alarm'],
  ];
  test.each(refused)('is refused with %s', async (_why, change, message) => {
    await expect(alarm(change)).rejects.toThrow(message);
  });
});

test('alarms go on after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-alarms-'));
  try {
    await cloud.stop();
    await open({ folder });
    await alarm({ TreatMissingData: 'ignore' });
    await errors(1);
    await pass(1);
    expect(await state()).toBe('ALARM');
    await errors(0);
    await cloud.stop();

    await open({ folder, startAt: START + 2 * MINUTE });
    expect(await state()).toBe('ALARM');
    await pass(1);
    expect(await state()).toBe('OK');
    const { AlarmHistoryItems = [] } = await client.send(
      new DescribeAlarmHistoryCommand({ HistoryItemType: 'StateUpdate' }),
    );
    expect(AlarmHistoryItems).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('thirty days of ten alarms, with data now and then, take seconds', async () => {
  await cloud.stop();
  await open();
  for (let n = 0; n < 10; n += 1) await alarm({ AlarmName: `a-${n}`, MetricName: `m-${n}`, Period: 300 });
  const began = performance.now();
  for (let day = 0; day < 30; day += 1) {
    for (let n = 0; n < 10; n += 1) await errors(1, `m-${n}`);
    await cloud.clock.advance(24 * 60 * MINUTE);
  }
  await cloud.clock.idle();
  expect(performance.now() - began).toBeLessThan(20_000);
  const { AlarmHistoryItems = [] } = await client.send(
    new DescribeAlarmHistoryCommand({ AlarmName: 'a-7', HistoryItemType: 'StateUpdate', MaxRecords: 100 }),
  );
  expect(AlarmHistoryItems).toHaveLength(60);
});
