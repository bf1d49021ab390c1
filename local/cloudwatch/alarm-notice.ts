import type { CloudContext, Document } from '../kernel/service.ts';
import { type Alarm, periodOf } from './alarm.ts';
import type { AlarmState } from './alarm-state.ts';
import type { MetricQuery, MetricStat } from './queries.ts';
import { cloudWatchTime } from './shapes.ts';
import { isPlainStatistic } from './statistics.ts';

/** How alarms call the regions in what people read; others by their code. */
const REGIONS: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-2': 'US West (Oregon)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-west-1': 'EU (Ireland)',
};

/** The message that an alarm publishes. */
export function notice(
  { account, region }: CloudContext,
  alarm: Alarm,
  before: AlarmState,
): { subject: string; message: string } {
  const place = REGIONS[region] ?? region;
  const message: Document = {
    AlarmName: alarm.name,
    AlarmDescription: alarm.description ?? null,
    AWSAccountId: account,
    AlarmConfigurationUpdatedTimestamp: cloudWatchTime(alarm.configuredAt),
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: cloudWatchTime(alarm.stateChangedAt),
    Region: place,
    AlarmArn: alarm.arn,
    OldStateValue: before,
    OKActions: alarm.actions.OK,
    AlarmActions: alarm.actions.ALARM,
    InsufficientDataActions: alarm.actions.INSUFFICIENT_DATA,
    Trigger: triggerOf(alarm),
  };
  const subject = `${alarm.state}: "${alarm.name}" in ${place}`.slice(0, 100);
  return { subject, message: JSON.stringify(message) };
}

function triggerOf(alarm: Alarm): Document {
  const [first] = alarm.queries;
  const common = {
    Period: periodOf(alarm),
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    ComparisonOperator: alarm.comparison,
    Threshold: alarm.threshold,
    TreatMissingData: alarm.treatMissingData,
    EvaluateLowSampleCountPercentile: '',
  };
  if (!alarm.plain || !first?.stat) return { ...common, Metrics: alarm.queries.map(triggerMetric) };
  const { metric, statistic } = first.stat;
  return {
    MetricName: metric.name,
    Namespace: metric.namespace,
    ...(isPlainStatistic(statistic)
      ? { StatisticType: 'Statistic', Statistic: STATISTICS[statistic] }
      : { StatisticType: 'ExtendedStatistic', ExtendedStatistic: statistic }),
    Unit: null,
    Dimensions: lowerDimensions(metric.dimensions),
    ...common,
  };
}

const STATISTICS: Readonly<Record<string, string>> = {
  Sum: 'SUM',
  Average: 'AVERAGE',
  Minimum: 'MINIMUM',
  Maximum: 'MAXIMUM',
  SampleCount: 'SAMPLE_COUNT',
};

function triggerMetric({ id, stat, expression, label, returnData }: MetricQuery): Document {
  return {
    ...(expression === undefined ? {} : { Expression: expression }),
    Id: id,
    ...(label === undefined ? {} : { Label: label }),
    ...(stat ? { MetricStat: triggerStat(stat) } : {}),
    ReturnData: returnData,
  };
}

function triggerStat({ metric, period, statistic }: MetricStat): Document {
  const { namespace, name, dimensions } = metric;
  const Metric = { Dimensions: lowerDimensions(dimensions), MetricName: name, Namespace: namespace };
  return { Metric, Period: period, Stat: statistic };
}

const lowerDimensions = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([name, value]) => ({ value, name }));

/** Tells EventBridge. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
export function announce(context: CloudContext, before: Alarm, alarm: Alarm): void {
  const stateOf = ({ state, reason, reasonData, stateChangedAt }: Alarm) => ({
    value: state,
    reason,
    ...(reasonData === undefined ? {} : { reasonData }),
    timestamp: cloudWatchTime(stateChangedAt),
  });
  context.putServiceEvent({
    source: 'aws.cloudwatch',
    detailType: 'CloudWatch Alarm State Change',
    resources: [alarm.arn],
    detail: {
      alarmName: alarm.name,
      state: stateOf(alarm),
      previousState: stateOf(before),
      configuration: {
        ...(alarm.description === undefined ? {} : { description: alarm.description }),
        metrics: alarm.queries.map(eventMetric),
      },
    },
  });
}

function eventMetric({ id, stat, expression, label, returnData }: MetricQuery): Document {
  return {
    id,
    ...(stat ? { metricStat: { metric: stat.metric, period: stat.period, stat: stat.statistic } } : { expression }),
    ...(label === undefined ? {} : { label }),
    returnData,
  };
}
