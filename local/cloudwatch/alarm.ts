import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { type AlarmRule, type AlarmState, COMPARISONS, type MissingData } from './alarm-state.ts';
import { checkQueries, type MetricQuery } from './queries.ts';
import { flag, metricOf, queryOf, tagsOf } from './shapes.ts';

export interface Alarm extends AlarmRule {
  readonly name: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly queries: readonly MetricQuery[];
  /** Whether it was given as one metric and not as a list. */
  readonly plain: boolean;
  readonly actionsEnabled: boolean;
  readonly actions: Readonly<Record<AlarmState, readonly string[]>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly configuredAt: number;
  readonly state: AlarmState;
  readonly reason: string;
  /** JSON text about the points that decided. */
  readonly reasonData: string | undefined;
  readonly stateChangedAt: number;
}

/** The reason of an alarm that was never judged. */
export const UNCHECKED = 'Unchecked: Initial alarm creation';

/** What PutMetricAlarm and AWS::CloudWatch::Alarm have in common; anything else is refused by name. */
export const ALARM_PARAMETERS: readonly string[] = [
  'AlarmName',
  'AlarmDescription',
  'Namespace',
  'MetricName',
  'Dimensions',
  'Statistic',
  'ExtendedStatistic',
  'Period',
  'Metrics',
  'ComparisonOperator',
  'Threshold',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'TreatMissingData',
  'ActionsEnabled',
  'AlarmActions',
  'OKActions',
  'InsufficientDataActions',
  'Tags',
];

/** An alarm from its parameters; keeps the state, and the tags, of the one that it replaces. */
export function alarmOf(input: Document, context: CloudContext, before: Alarm | undefined): Alarm {
  const unknown = Object.keys(input).find((name) => input[name] !== undefined && !ALARM_PARAMETERS.includes(name));
  if (unknown) throw new Unsupported(`the parameter ${unknown} of an alarm`);
  const name = String(input.AlarmName ?? '');
  const plain = !Array.isArray(input.Metrics);
  const queries = plain ? [singleQuery(input)] : (input.Metrics as Document[]).map(queryOf);
  const evaluationPeriods = Number(input.EvaluationPeriods);
  const list = (value: unknown) => (value as string[] | undefined) ?? [];
  const now = context.clock.now();
  return checkAlarm({
    name,
    arn: `arn:${context.partition}:cloudwatch:${context.region}:${context.account}:alarm:${name}`,
    description: input.AlarmDescription === undefined ? undefined : String(input.AlarmDescription),
    queries,
    plain,
    comparison: String(input.ComparisonOperator),
    threshold: Number(input.Threshold),
    evaluationPeriods,
    datapointsToAlarm: Number(input.DatapointsToAlarm ?? evaluationPeriods),
    treatMissingData: (input.TreatMissingData ?? missingByDefault(queries)) as MissingData,
    actionsEnabled: flag(input.ActionsEnabled, true),
    actions: {
      ALARM: list(input.AlarmActions),
      OK: list(input.OKActions),
      INSUFFICIENT_DATA: list(input.InsufficientDataActions),
    },
    tags: before?.tags ?? tagsOf(input.Tags),
    configuredAt: now,
    state: before?.state ?? 'INSUFFICIENT_DATA',
    reason: before?.reason ?? UNCHECKED,
    reasonData: before?.reasonData,
    stateChangedAt: before?.stateChangedAt ?? now,
  });
}

function singleQuery(input: Document): MetricQuery {
  const statistic = String(input.ExtendedStatistic ?? input.Statistic);
  return { id: 'm1', returnData: true, stat: { metric: metricOf(input), statistic, period: Number(input.Period) } };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html */
const missingByDefault = (queries: readonly MetricQuery[]): MissingData =>
  queries.some(({ stat }) => stat?.metric.namespace === 'AWS/DynamoDB') ? 'ignore' : 'missing';

/** The period of an alarm's points, in seconds: all its metrics have the same. */
export const periodOf = ({ queries }: Pick<Alarm, 'queries'>): number =>
  queries.find(({ stat }) => stat)?.stat?.period ?? 60;

const TREATMENTS: readonly string[] = ['missing', 'ignore', 'breaching', 'notBreaching'];
const DAY_SECONDS = 86_400;

/** Refuses what would never be judged as it is meant. */
function checkAlarm(alarm: Alarm): Alarm {
  const { name, queries, comparison, threshold, evaluationPeriods, datapointsToAlarm, treatMissingData } = alarm;
  if (name === '') throw invalid('The parameter AlarmName is required.');
  if (!COMPARISONS[comparison]) throw new Unsupported(`the alarm comparison ${comparison}`);
  if (!Number.isFinite(threshold)) throw invalid('The parameter Threshold is required.');
  if (!TREATMENTS.includes(treatMissingData)) {
    throw invalid(`Option ${treatMissingData} is not supported for TreatMissingData`);
  }
  checkQueries(queries);
  if (queries.filter(({ returnData }) => returnData).length !== 1) {
    throw invalid('Exactly one element of the metrics list should return data.');
  }
  const periods = new Set(queries.flatMap(({ stat }) => stat?.period ?? []));
  if (periods.size === 0) throw invalid('Invalid metrics list: it has no metric.');
  if (periods.size > 1) throw new Unsupported('alarms on metrics of different periods');
  if (!(evaluationPeriods >= 1)) throw invalid('The parameter EvaluationPeriods must be at least 1.');
  if (!(datapointsToAlarm >= 1 && datapointsToAlarm <= evaluationPeriods)) {
    throw invalid('The parameter DatapointsToAlarm must be between 1 and EvaluationPeriods.');
  }
  const limit = periodOf(alarm) >= 3_600 ? 7 * DAY_SECONDS : DAY_SECONDS;
  if (evaluationPeriods * periodOf(alarm) > limit) {
    throw invalid(`Metrics cannot be checked across more than ${limit / DAY_SECONDS === 1 ? 'a day' : '7 days'}.`);
  }
  checkActions(alarm);
  return alarm;
}

function checkActions({ actions }: Alarm): void {
  for (const action of Object.values(actions).flat()) {
    const service = action.split(':')[2] ?? '';
    if (service !== 'sns') throw new Unsupported(`alarm actions of the service "${service}" (${action})`);
  }
}

const invalid = (message: string) => new AwsError('ValidationError', message);
