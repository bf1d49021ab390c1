import { Unsupported } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { CloudContext, Document, Operation } from '../../kernel/service.ts';
import type { Alarm } from '../alarm.ts';
import type { AlarmHistoryItem } from '../alarm-history.ts';
import type { Alarms } from '../alarms.ts';
import { dimensionList, queryShape, timeOf } from '../shapes.ts';
import { isPlainStatistic } from '../statistics.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html */
const PAGE = 50;
const MOST = 100;

export function describeAlarms(context: CloudContext, alarms: Alarms): Record<string, Operation> {
  const everyAlarm = `arn:${context.partition}:cloudwatch:${context.region}:${context.account}:alarm:*`;
  return {
    DescribeAlarms: {
      access: () => [{ action: 'cloudwatch:DescribeAlarms', resource: everyAlarm }],
      handle: async (input) => {
        const found = alarms.all().filter(alarmFilter(input));
        const page = pageOf(found, { token: input.NextToken, limit: limitOf(input) });
        return { MetricAlarms: page.items.map(alarmShape), CompositeAlarms: [], NextToken: page.next };
      },
    },
    DescribeAlarmHistory: {
      access: () => [{ action: 'cloudwatch:DescribeAlarmHistory', resource: everyAlarm }],
      handle: async (input) => {
        const found = alarms.history.items().filter(historyFilter(input));
        if (input.ScanBy !== 'TimestampAscending') found.reverse();
        const page = pageOf(found, { token: input.NextToken, limit: limitOf(input) });
        return { AlarmHistoryItems: page.items.map(historyShape), NextToken: page.next };
      },
    },
  };
}

const limitOf = ({ MaxRecords = PAGE }: Document) => Math.min(Number(MaxRecords), MOST);

function alarmFilter(input: Document): (alarm: Alarm) => boolean {
  const { AlarmNames, AlarmNamePrefix = '', StateValue, ActionPrefix = '', AlarmTypes } = input;
  for (const name of ['ChildrenOfAlarmName', 'ParentsOfAlarmName']) {
    if (input[name] !== undefined) throw new Unsupported(`composite alarms (${name})`);
  }
  const names = AlarmNames as string[] | undefined;
  const types = AlarmTypes as string[] | undefined;
  return ({ name, state, actions }) =>
    (names === undefined || names.length === 0 || names.includes(name)) &&
    (types === undefined || types.length === 0 || types.includes('MetricAlarm')) &&
    name.startsWith(String(AlarmNamePrefix)) &&
    (StateValue === undefined || StateValue === state) &&
    (ActionPrefix === '' ||
      Object.values(actions)
        .flat()
        .some((action) => action.startsWith(String(ActionPrefix))));
}

function historyFilter({ AlarmName, HistoryItemType, StartDate, EndDate }: Document) {
  return ({ alarm, type, at }: AlarmHistoryItem): boolean =>
    (AlarmName === undefined || AlarmName === alarm) &&
    (HistoryItemType === undefined || HistoryItemType === type) &&
    (StartDate === undefined || at >= timeOf(StartDate)) &&
    (EndDate === undefined || at <= timeOf(EndDate));
}

function historyShape({ alarm, at, type, summary, data }: AlarmHistoryItem): Document {
  return {
    AlarmName: alarm,
    AlarmType: 'MetricAlarm',
    Timestamp: new Date(at),
    HistoryItemType: type,
    HistorySummary: summary,
    HistoryData: JSON.stringify({ version: '1.0', ...data }),
  };
}

function alarmShape(alarm: Alarm): Document {
  return {
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    AlarmDescription: alarm.description,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
    ActionsEnabled: alarm.actionsEnabled,
    OKActions: alarm.actions.OK,
    AlarmActions: alarm.actions.ALARM,
    InsufficientDataActions: alarm.actions.INSUFFICIENT_DATA,
    StateValue: alarm.state,
    StateReason: alarm.reason,
    StateReasonData: alarm.reasonData,
    StateUpdatedTimestamp: new Date(alarm.stateChangedAt),
    StateTransitionedTimestamp: new Date(alarm.stateChangedAt),
    ...measuredShape(alarm),
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    Threshold: alarm.threshold,
    ComparisonOperator: alarm.comparison,
    TreatMissingData: alarm.treatMissingData,
  };
}

function measuredShape({ plain, queries }: Alarm): Document {
  const stat = queries[0]?.stat;
  if (!plain || !stat) return { Metrics: queries.map(queryShape) };
  const { metric, statistic, period } = stat;
  return {
    MetricName: metric.name,
    Namespace: metric.namespace,
    Dimensions: dimensionList(metric.dimensions),
    [isPlainStatistic(statistic) ? 'Statistic' : 'ExtendedStatistic']: statistic,
    Period: period,
  };
}
