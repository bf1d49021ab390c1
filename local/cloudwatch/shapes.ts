import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import type { MetricId } from './metric-store.ts';
import type { MetricQuery } from './queries.ts';

/** Conversions between CloudWatch's API shapes (and those of CloudFormation, which are the same) and our own. */

export const dimensionsOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(
    ((list as { Name: string; Value: string }[] | undefined) ?? []).map(({ Name, Value }) => [Name, Value]),
  );

export const dimensionList = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

export const tagsOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(((list ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));

export function metricOf({ Namespace, MetricName, Dimensions }: Document): MetricId {
  return { namespace: String(Namespace), name: String(MetricName), dimensions: dimensionsOf(Dimensions) };
}

export const metricShape = ({ namespace, name, dimensions }: MetricId): Document => ({
  Namespace: namespace,
  MetricName: name,
  Dimensions: dimensionList(dimensions),
});

/** JSON gives epoch seconds, CBOR a Date, the query protocol ISO 8601 text. */
export function timeOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'number' ? value * 1000 : Date.parse(String(value));
}

/** `2026-01-05T00:00:00.000+0000`, as alarms write times. */
export const cloudWatchTime = (at: number): string => new Date(at).toISOString().replace('Z', '+0000');

export const flag = (value: unknown, fallback: boolean) => (value === undefined ? fallback : String(value) === 'true');

/** A query of GetMetricData or of an alarm's `Metrics`. */
export function queryOf(query: Document): MetricQuery {
  const { Id, MetricStat, Expression, Label, ReturnData, Period: _period, ...rest } = query;
  const { Metric, Period, Stat, ...more } = (MetricStat ?? {}) as Document;
  const unknown = Object.entries({ ...rest, ...more }).find(([, value]) => value !== undefined)?.[0];
  if (unknown) throw new Unsupported(`the parameter ${unknown} of a metric query`);
  return {
    id: String(Id),
    returnData: flag(ReturnData, true),
    ...(Label === undefined ? {} : { label: String(Label) }),
    ...(Expression === undefined ? {} : { expression: String(Expression) }),
    ...(MetricStat
      ? { stat: { metric: metricOf(Metric as Document), statistic: String(Stat), period: Number(Period) } }
      : {}),
  };
}

export const queryShape = ({ id, stat, expression, label, returnData }: MetricQuery): Document => ({
  Id: id,
  ...(stat
    ? { MetricStat: { Metric: metricShape(stat.metric), Period: stat.period, Stat: stat.statistic } }
    : { Expression: expression }),
  ...(label === undefined ? {} : { Label: label }),
  ReturnData: returnData,
});
