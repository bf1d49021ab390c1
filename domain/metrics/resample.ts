import type { Scores } from '../scores.ts';
import { type BootstrapOptions, bootstrap } from '../statistics/bootstrap.ts';
import type { AdditiveMetric } from './additive.ts';

/** One metric on all rows and on each resample, with the degrees of freedom of its spread. */
export interface Resampled {
  readonly value: number | undefined;
  /** In the order of the draws, paired across metrics; NaN where a resample has no such value. */
  readonly replicates: Float64Array;
  readonly degrees: number;
}

/** Resamples several metrics on the same draws. */
export function resample(scores: Scores, metrics: readonly AdditiveMetric[], options: BootstrapOptions): Resampled[] {
  // Column 0 counts rows: groups differ by one row in size.
  let width = 1;
  const starts = metrics.map((metric) => {
    width += metric.width;
    return width - metric.width;
  });
  const rows = scores.truth.length;
  const drawn = bootstrap(
    {
      rows,
      width,
      add(row, into, at) {
        into[at] = (into[at] ?? 0) + 1;
        for (const [index, metric] of metrics.entries()) metric.add(row, into, at + (starts[index] ?? 0));
      },
      ...(scores.kind === 'regression' ? {} : { stratum: rareClasses(scores.truth) }),
    },
    options,
  );
  const metricsFrom = (sums: Float64Array) => (metric: AdditiveMetric, index: number) =>
    metric.value(sums, starts[index] ?? 0, sums[0] ?? 0);

  const replicates: number[][] = metrics.map(() => []);
  drawn.resample((sums) => {
    const value = metricsFrom(sums);
    for (const [index, metric] of metrics.entries()) replicates[index]?.push(value(metric, index) ?? Number.NaN);
  });
  const values = metrics.map(metricsFrom(drawn.totals));
  return replicates.map((of, index) => ({
    value: values[index],
    replicates: Float64Array.from(of),
    degrees: drawn.degrees,
  }));
}

/** A class with fewer rows is missing from one simple resample in e^−20 at most; there is no need to hold it. */
const RARE = 20;

/**
 * Rare classes are strata of their own, so that no resample is without them. The others share one stratum: their mix is
 * as random in the next test set as in this one, and holding it would make the intervals of losses far too short (for a
 * weak model, a coverage of 39 % instead of 95 % in the simulation of test/domain/gates/error-rates.test.ts).
 */
function rareClasses(truth: readonly number[]): (row: number) => number {
  const counts = new Map<number, number>();
  for (const label of truth) counts.set(label, (counts.get(label) ?? 0) + 1);
  return (row) => {
    const label = truth[row] ?? 0;
    return (counts.get(label) ?? 0) < RARE ? label + 1 : 0;
  };
}
