import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cloudWatchService } from '../../../local/cloudwatch/service.ts';
import { AwsError } from '../../../local/kernel/errors.ts';
import { type EventsCloud, eventsCloud, FUNCTION, START } from '../../support/events-cloud.ts';

const MINUTE = 60_000;
const METRICS = ['MatchedEvents', 'TriggeredRules', 'Invocations', 'FailedInvocations'];

let cloud: EventsCloud;
let watch: CloudWatchClient;
beforeEach(async () => {
  cloud = await eventsCloud({ services: [cloudWatchService] });
  watch = new CloudWatchClient(cloud.client);
});
afterEach(() => cloud.stop());

/** What was counted for a rule in its first hour. */
const counts = async (RuleName: string) => {
  const MetricDataQueries = METRICS.map((MetricName, index) => ({
    Id: `m${index}`,
    MetricStat: {
      Metric: { Namespace: 'AWS/Events', MetricName, Dimensions: [{ Name: 'RuleName', Value: RuleName }] },
      Period: 3_600,
      Stat: 'Sum',
    },
  }));
  const range = { StartTime: new Date(START), EndTime: new Date(START + 60 * MINUTE) };
  const { MetricDataResults = [] } = await watch.send(new GetMetricDataCommand({ MetricDataQueries, ...range }));
  return Object.fromEntries(MetricDataResults.map(({ Values = [] }, index) => [METRICS[index], Values[0] ?? 0]));
};

test('a rule counts the events that it matches and the targets that got them', async () => {
  await cloud.rule({});
  await cloud.publish({ n: 1 });
  await cloud.publish({ n: 2 });
  expect(await counts('orders')).toEqual({ MatchedEvents: 2, TriggeredRules: 2, Invocations: 2, FailedInvocations: 0 });
});

test('a target that refuses is a failed invocation', async () => {
  await cloud.rule({});
  cloud.lambda.broken = new AwsError('ResourceNotFoundException', 'gone', { status: 404 });
  await cloud.publish({ n: 1 });
  expect(await counts('orders')).toMatchObject({ MatchedEvents: 1, Invocations: 0, FailedInvocations: 1 });
});

test('a rule without a target counts what it matches', async () => {
  await cloud.events.send(new PutRuleCommand({ Name: 'idle', EventPattern: '{"source":["shop"]}' }));
  await cloud.publish({ n: 1 });
  expect(await counts('idle')).toMatchObject({ MatchedEvents: 1, Invocations: 0 });
});

test('a schedule matches no events', async () => {
  await cloud.events.send(new PutRuleCommand({ Name: 'orders', ScheduleExpression: 'rate(10 minutes)' }));
  await cloud.events.send(new PutTargetsCommand({ Rule: 'orders', Targets: [{ Id: 'function', Arn: FUNCTION }] }));
  await cloud.clock.advance(31 * MINUTE);
  expect(await counts('orders')).toMatchObject({ MatchedEvents: 0, TriggeredRules: 3, Invocations: 3 });
});

test('an alarm watches what a rule matches', async () => {
  await cloud.events.send(new PutRuleCommand({ Name: 'failures', EventPattern: '{"source":["shop"]}' }));
  await watch.send(
    new PutMetricAlarmCommand({
      AlarmName: 'failed',
      Namespace: 'AWS/Events',
      MetricName: 'MatchedEvents',
      Dimensions: [{ Name: 'RuleName', Value: 'failures' }],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
    }),
  );
  const state = async () => (await watch.send(new DescribeAlarmsCommand({}))).MetricAlarms?.[0]?.StateValue;
  await cloud.clock.advance(MINUTE);
  expect(await state()).toBe('OK');
  await cloud.publish({ n: 1 });
  await cloud.clock.advance(MINUTE);
  expect(await state()).toBe('ALARM');
  await cloud.clock.advance(30 * MINUTE);
  expect(await state()).toBe('OK');
});
