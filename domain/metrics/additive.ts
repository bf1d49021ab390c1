import type { MetricName } from '../model-config.ts';
import type { BinaryScores, MulticlassScores, Scores } from '../scores.ts';

/** Whose predictions are looked at. */
export type Side = 'challenger' | 'champion';

/** A metric that is a function of sums over rows: what can be resampled without touching the rows again. */
export interface AdditiveMetric {
  readonly width: number;
  add(row: number, into: Float64Array, at: number): void;
  /** The metric from its sums over `rows` rows; undefined where it does not exist. */
  value(sums: ArrayLike<number>, at: number, rows: number): number | undefined;
}

export type AdditiveMetricName = Exclude<MetricName, 'auc'>;

/** Equal-width bins of the predicted probability that the expected calibration error averages over. */
export const CALIBRATION_BINS = 10;

/** A binary classifier says "positive" from here on. */
export const THRESHOLD = 0.5;

/** The metric over one side's predictions; undefined when the metric is not one of this problem kind or the side is absent. */
export function additiveMetric(metric: AdditiveMetricName, scores: Scores, side: Side): AdditiveMetric | undefined {
  if (scores.kind === 'binary') {
    const predictions = scores[side];
    return predictions ? BINARY[metric]?.(scores.truth, predictions) : undefined;
  }
  if (scores.kind === 'multiclass') {
    const predictions = scores[side];
    return predictions ? MULTICLASS[metric]?.(scores, predictions) : undefined;
  }
  const predictions = scores[side];
  return predictions ? REGRESSION[metric]?.(scores.truth, predictions) : undefined;
}

/** The class with the largest probability, the first of equals. */
export function mostLikely(probabilities: readonly number[]): number {
  let best = 0;
  for (let index = 1; index < probabilities.length; index += 1) {
    if ((probabilities[index] ?? 0) > (probabilities[best] ?? 0)) best = index;
  }
  return best;
}

type Table<Args extends unknown[]> = Partial<Record<AdditiveMetricName, (...args: Args) => AdditiveMetric>>;

const BINARY: Table<[BinaryScores['truth'], number[]]> = {
  logLoss: (truth, p) => mean((row) => surprise(truth[row] ? at(p, row) : 1 - at(p, row))),
  brier: (truth, p) => mean((row) => (at(p, row) - at(truth, row)) ** 2),
  accuracy: (truth, p) => mean((row) => (at(p, row) >= THRESHOLD === (truth[row] === 1) ? 1 : 0)),
  f1: (truth, p) => ({
    width: 2,
    add(row, into, start) {
      const [said, is] = [at(p, row) >= THRESHOLD, truth[row] === 1];
      if (said && is) bump(into, start, 1);
      else if (said || is) bump(into, start + 1, 1);
    },
    value(sums, start) {
      const [hits, misses] = [at(sums, start), at(sums, start + 1)];
      return hits + misses > 0 ? (2 * hits) / (2 * hits + misses) : undefined;
    },
  }),
  calibrationError: (truth, p) => ({
    width: CALIBRATION_BINS,
    add(row, into, start) {
      const bin = Math.min(CALIBRATION_BINS - 1, Math.floor(at(p, row) * CALIBRATION_BINS));
      bump(into, start + bin, at(p, row) - at(truth, row));
    },
    value(sums, start, rows) {
      let gap = 0;
      for (let bin = 0; bin < CALIBRATION_BINS; bin += 1) gap += Math.abs(at(sums, start + bin));
      return gap / rows;
    },
  }),
};

const MULTICLASS: Table<[MulticlassScores, number[][]]> = {
  logLoss: ({ truth }, p) => mean((row) => surprise(at(p[row] ?? [], at(truth, row)))),
  accuracy: ({ truth }, p) => mean((row) => (mostLikely(p[row] ?? []) === truth[row] ? 1 : 0)),
  /** Macro: the mean over the classes that occur in truth or prediction. */
  f1: ({ truth, classes }, p) => ({
    width: 2 * classes.length,
    add(row, into, start) {
      const [said, is] = [mostLikely(p[row] ?? []), at(truth, row)];
      if (said === is) bump(into, start + 2 * is, 1);
      else {
        bump(into, start + 2 * is + 1, 1);
        bump(into, start + 2 * said + 1, 1);
      }
    },
    value(sums, start) {
      let [sum, present] = [0, 0];
      for (let index = 0; index < classes.length; index += 1) {
        const [hits, misses] = [at(sums, start + 2 * index), at(sums, start + 2 * index + 1)];
        if (hits + misses === 0) continue;
        sum += (2 * hits) / (2 * hits + misses);
        present += 1;
      }
      return present > 0 ? sum / present : undefined;
    },
  }),
};

const REGRESSION: Table<[number[], number[]]> = {
  rmse: (truth, p) => ({
    ...mean((row) => (at(p, row) - at(truth, row)) ** 2),
    value: (sums, start, rows) => Math.sqrt(at(sums, start) / rows),
  }),
  mae: (truth, p) => mean((row) => Math.abs(at(p, row) - at(truth, row))),
  r2: (truth, p) => {
    // Sums of squares around the overall mean: around zero they would cancel for a target such as a year.
    const centre = truth.reduce((sum, value) => sum + value, 0) / truth.length;
    return {
      width: 3,
      add(row, into, start) {
        const offset = at(truth, row) - centre;
        bump(into, start, (at(p, row) - at(truth, row)) ** 2);
        bump(into, start + 1, offset);
        bump(into, start + 2, offset * offset);
      },
      value(sums, start, rows) {
        const spread = at(sums, start + 2) - at(sums, start + 1) ** 2 / rows;
        return spread > 1e-12 * at(sums, start + 2) ? 1 - at(sums, start) / spread : undefined;
      },
    };
  },
};

function mean(of: (row: number) => number): AdditiveMetric {
  return {
    width: 1,
    add: (row, into, start) => bump(into, start, of(row)),
    value: (sums, start, rows) => at(sums, start) / rows,
  };
}

/** −ln p, bounded as is customary so that one certain and wrong row does not make the loss infinite. */
const surprise = (p: number) => -Math.log(Math.min(1, Math.max(1e-15, p)));

const bump = (into: Float64Array, index: number, value: number) => {
  into[index] = at(into, index) + value;
};

/** Indices are within the arrays by construction. */
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;
