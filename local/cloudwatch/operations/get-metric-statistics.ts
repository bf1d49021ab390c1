import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { MetricId, MetricStore } from '../metric-store.ts';
import { metricOf } from '../shapes.ts';
import { isPlainStatistic, isStatistic } from '../statistics.ts';
import { windows } from '../windows.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html */
const MOST_POINTS = 1_440;

export function getMetricStatistics(metrics: MetricStore): Operation {
  return {
    access: () => [{ action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
    async handle(input) {
      if (input.Unit !== undefined) throw new Unsupported('the parameter Unit of cloudwatch:GetMetricStatistics');
      const names = statisticsOf(input);
      const period = Number(input.Period);
      if (!(period > 0) || period % 60 !== 0) throw new Unsupported(`periods of ${period} seconds`);
      const starts = windows(input, period);
      if (starts.length > MOST_POINTS) {
        throw new AwsError(
          'InvalidParameterCombination',
          `You have requested up to ${starts.length} datapoints, which exceeds the limit of ${MOST_POINTS}.`,
        );
      }
      const metric = metricOf(input);
      const Datapoints = starts.flatMap((from) =>
        datapoint(metrics, metric, names, { from, to: from + period * 1_000 }),
      );
      return { Label: metric.name, Datapoints };
    },
  };
}

function statisticsOf({ Statistics = [], ExtendedStatistics = [] }: Document): string[] {
  const names = [...(Statistics as string[]), ...(ExtendedStatistics as string[])];
  const unknown = names.find((name) => !isStatistic(name));
  if (unknown !== undefined) throw new Unsupported(`the statistic ${unknown}`);
  if (names.length > 0) return names;
  throw new AwsError(
    'InvalidParameterCombination',
    'At least one of the parameters Statistics and ExtendedStatistics must be specified.',
  );
}

function datapoint(
  metrics: MetricStore,
  metric: MetricId,
  names: readonly string[],
  { from, to }: { from: number; to: number },
): Document[] {
  const values = names
    .map((name) => [name, metrics.statistic(metric, name, from, to)] as const)
    .filter(([, value]) => value !== undefined);
  if (values.length === 0) return [];
  const extended = values.filter(([name]) => !isPlainStatistic(name));
  return [
    {
      Timestamp: new Date(from),
      ...Object.fromEntries(values.filter(([name]) => isPlainStatistic(name))),
      ...(extended.length > 0 ? { ExtendedStatistics: new Map(extended) } : {}),
      Unit: metrics.unit(metric, from, to),
    },
  ];
}
