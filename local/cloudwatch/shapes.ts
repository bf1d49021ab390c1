import type { CloudContext, Document } from '../kernel/service.ts';
import { type Alarm, type AlarmQuery, checkAlarm } from './alarms.ts';
import type { MetricId } from './metric-store.ts';

/** Conversions between CloudWatch's API shapes (and those of CloudFormation, which are the same) and our own. */

export const dimensionsOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(
    ((list as { Name: string; Value: string }[] | undefined) ?? []).map(({ Name, Value }) => [Name, Value]),
  );

export const dimensionList = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

export function metricOf({ Namespace, MetricName, Dimensions }: Document): MetricId {
  return { namespace: String(Namespace), name: String(MetricName), dimensions: dimensionsOf(Dimensions) };
}

/** JSON gives epoch seconds, CBOR a Date, the query protocol ISO 8601 text. */
export function timeOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'number' ? value * 1000 : Date.parse(String(value));
}

export const flag = (value: unknown, fallback: boolean) => (value === undefined ? fallback : String(value) === 'true');

/** A query of GetMetricData or of an alarm's `Metrics`. */
export function queryOf(query: Document): AlarmQuery {
  const { Id, MetricStat, Expression, ReturnData } = query as { [key: string]: unknown; MetricStat?: Document };
  return {
    id: String(Id),
    returnData: flag(ReturnData, true),
    ...(Expression === undefined ? {} : { expression: String(Expression) }),
    ...(MetricStat
      ? {
          stat: {
            metric: metricOf(MetricStat.Metric as Document),
            statistic: String(MetricStat.Stat),
            period: Number(MetricStat.Period),
          },
        }
      : {}),
  };
}

/** An alarm from the parameters of PutMetricAlarm; keeps the state of the one that it replaces. */
export function alarmOf(input: Document, context: CloudContext, before: Alarm | undefined): Alarm {
  const name = String(input.AlarmName);
  const queries = Array.isArray(input.Metrics) ? (input.Metrics as Document[]).map(queryOf) : [singleQuery(input)];
  const evaluationPeriods = Number(input.EvaluationPeriods);
  const list = (value: unknown) => (value as string[] | undefined) ?? [];
  return checkAlarm({
    name,
    arn: `arn:aws:cloudwatch:${context.region}:${context.account}:alarm:${name}`,
    description: String(input.AlarmDescription ?? ''),
    queries,
    comparison: String(input.ComparisonOperator),
    threshold: Number(input.Threshold),
    evaluationPeriods,
    datapointsToAlarm: Number(input.DatapointsToAlarm ?? evaluationPeriods),
    treatMissingData: String(input.TreatMissingData ?? 'missing'),
    actionsEnabled: flag(input.ActionsEnabled, true),
    actions: {
      ALARM: list(input.AlarmActions),
      OK: list(input.OKActions),
      INSUFFICIENT_DATA: list(input.InsufficientDataActions),
    },
    state: before?.state ?? 'INSUFFICIENT_DATA',
    reason: before?.reason ?? '',
    stateChangedAt: before?.stateChangedAt ?? context.clock.now(),
    definition: input,
  });
}

function singleQuery(input: Document): AlarmQuery {
  const statistic = String(input.ExtendedStatistic ?? input.Statistic);
  return { id: 'm1', returnData: true, stat: { metric: metricOf(input), statistic, period: Number(input.Period) } };
}

export function alarmShape(alarm: Alarm): Document {
  const { AlarmName: _name, ...definition } = alarm.definition;
  return {
    ...definition,
    AlarmName: alarm.name,
    AlarmArn: alarm.arn,
    ActionsEnabled: alarm.actionsEnabled,
    AlarmActions: alarm.actions.ALARM,
    OKActions: alarm.actions.OK,
    InsufficientDataActions: alarm.actions.INSUFFICIENT_DATA,
    Threshold: alarm.threshold,
    EvaluationPeriods: alarm.evaluationPeriods,
    StateValue: alarm.state,
    StateReason: alarm.reason || 'Unchecked: Initial alarm creation',
    StateUpdatedTimestamp: new Date(alarm.stateChangedAt),
    StateTransitionedTimestamp: new Date(alarm.stateChangedAt),
  };
}
