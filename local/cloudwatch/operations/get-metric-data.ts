import { Unsupported } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { MetricStore } from '../metric-store.ts';
import { checkQueries, type MetricQuery, resolver } from '../queries.ts';
import { queryOf } from '../shapes.ts';
import { windows } from '../windows.ts';

const KNOWN = ['MetricDataQueries', 'StartTime', 'EndTime', 'ScanBy'];

export function getMetricData(metrics: MetricStore): Operation {
  return {
    access: () => [{ action: 'cloudwatch:GetMetricData', resource: '*' }],
    async handle(input) {
      const other = Object.keys(input).find((name) => input[name] !== undefined && !KNOWN.includes(name));
      if (other) throw new Unsupported(`the parameter ${other} of cloudwatch:GetMetricData`);
      const queries = (input.MetricDataQueries as Document[]).map(queryOf);
      checkQueries(queries);
      const resolve = resolver(queries, {
        length: (period) => windows(input, period).length,
        values: ({ metric, statistic, period }) =>
          windows(input, period).map((from) => metrics.statistic(metric, statistic, from, from + period * 1_000)),
      });
      const results = queries.filter(({ returnData }) => returnData).map((query) => resultOf(query, resolve, input));
      return { MetricDataResults: results, Messages: [] };
    },
  };
}

/** Newest first, unless asked otherwise. */
function resultOf(query: MetricQuery, resolve: ReturnType<typeof resolver>, input: Document): Document {
  const { period, values } = resolve(query.id);
  const points = windows(input, period)
    .map((time, index) => ({ time, value: values[index] }))
    .filter(({ value }) => value !== undefined);
  if (input.ScanBy !== 'TimestampAscending') points.reverse();
  return {
    Id: query.id,
    Label: query.label ?? query.stat?.metric.name ?? query.id,
    Timestamps: points.map(({ time }) => new Date(time)),
    Values: points.map(({ value }) => value),
    StatusCode: 'Complete',
  };
}
