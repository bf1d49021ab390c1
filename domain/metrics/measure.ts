import type { Metrics } from '../evaluation.ts';
import type { Estimate } from '../flow.ts';
import { METRICS, type MetricName } from '../model-config.ts';
import type { Scores } from '../scores.ts';
import { auc, delong } from '../statistics/auc.ts';
import { type BootstrapOptions, expandedLevel, quantile } from '../statistics/bootstrap.ts';
import { wilson } from '../statistics/proportion.ts';
import { studentQuantile } from '../statistics/special-functions.ts';
import { type AdditiveMetricName, additiveMetric, type Side } from './additive.ts';
import { type Insufficient, insufficient, isInsufficient } from './insufficient.ts';
import { type Resampled, resample } from './resample.ts';

export interface Measured {
  readonly challenger: Metrics;
  readonly champion: Metrics | null;
  /** Metric name to the reason why it could not be told. */
  readonly unmeasured: Record<string, string>;
}

/** Fewer rows than this have no bootstrap interval worth showing. */
export const MIN_ROWS = 10;
/** The same for rows beyond the first of each class, which is what a stratified resample can vary. */
export const MIN_DEGREES = 5;
export const TOO_FEW = `there are fewer than ${MIN_ROWS} rows, or too few of each class`;

/** Every metric of the problem kind with its 95 % interval, for both sides. */
export function measure(scores: Scores, options: BootstrapOptions = {}): Measured {
  const challenger = estimates(scores, 'challenger', options);
  const champion = scores.champion ? estimates(scores, 'champion', options) : null;
  const told = (all: Map<MetricName, Estimate | Insufficient>) =>
    Object.fromEntries([...all].filter((entry): entry is [MetricName, Estimate] => !isInsufficient(entry[1])));
  const untold = [...challenger, ...(champion ?? [])].flatMap(([metric, result]) =>
    isInsufficient(result) ? [[metric, result.insufficient] as const] : [],
  );
  return {
    challenger: told(challenger),
    champion: champion && told(champion),
    unmeasured: Object.fromEntries(untold),
  };
}

/** The metrics that a problem kind has. */
export function metricsOf(kind: Scores['kind']): MetricName[] {
  return (Object.keys(METRICS) as MetricName[]).filter((name) =>
    (METRICS[name].kinds as readonly string[]).includes(kind),
  );
}

function estimates(scores: Scores, side: Side, options: BootstrapOptions): Map<MetricName, Estimate | Insufficient> {
  const names = metricsOf(scores.kind);
  if (scores.truth.length === 0) return new Map(names.map((name) => [name, insufficient('there are no rows')]));
  const additive = names
    .filter((name): name is AdditiveMetricName => name !== 'auc')
    .flatMap((name) => {
      const metric = additiveMetric(name, scores, side);
      return metric ? [{ name, metric }] : [];
    });
  const resampled = resample(
    scores,
    additive.map(({ metric }) => metric),
    options,
  );
  const results = new Map<MetricName, Estimate | Insufficient>();
  if (scores.kind === 'binary') results.set('auc', aucEstimate(scores.truth, scores[side] ?? []));
  additive.forEach(({ name }, index) => {
    const of = resampled[index];
    if (of) results.set(name, intervalOf(name, of, scores.truth.length));
  });
  return results;
}

/**
 * DeLong's interval, on the logit scale: on the plain one it leaves [0, 1] and covers too little for the few positives
 * and high AUCs that are common. A perfect ranking has no variance to go by; there, the exact bound for as many
 * independent pairs as the rarer class has rows stands in.
 */
export function aucEstimate(truth: ArrayLike<number>, scores: ArrayLike<number>): Estimate | Insufficient {
  const area = auc(truth, scores);
  if (!area) return insufficient('all rows are of one class');
  const spread = delong(truth, area);
  if (!spread) return insufficient('there are fewer than two rows of one class');
  const value = area.auc;
  if (value === 0 || value === 1) {
    const bound = 0.025 ** (1 / Math.min(area.positives, area.negatives));
    return value === 1 ? { value, lower: bound, upper: 1 } : { value, lower: 0, upper: 1 - bound };
  }
  const centre = Math.log(value / (1 - value));
  const half = (studentQuantile(0.975, spread.degrees) * spread.standardError) / (value * (1 - value));
  return { value, lower: logistic(centre - half), upper: logistic(centre + half) };
}

function intervalOf(name: AdditiveMetricName, of: Resampled, rows: number): Estimate | Insufficient {
  const { value } = of;
  if (value === undefined) return insufficient(UNDEFINED[name] ?? 'it has no value on these rows');
  if (name === 'accuracy') return wilson(Math.round(value * rows), rows);
  if (rows < MIN_ROWS || of.degrees < MIN_DEGREES) return insufficient(TOO_FEW);
  const values = of.replicates.filter((replicate) => !Number.isNaN(replicate)).sort();
  if (values.length < 0.95 * of.replicates.length)
    return insufficient('it has no value on many resamples of these rows');
  const level = expandedLevel(0.025, of.degrees);
  const [lower, upper] = [quantile(values, level), quantile(values, 1 - level)];
  if (name !== 'calibrationError') return { value, lower: Math.min(lower, value), upper: Math.max(upper, value) };
  return withoutNoise(value, lower, upper, values);
}

/**
 * A sum of absolute gaps grows with noise, so the plain value overstates a small error on few rows, and resampling adds the
 * noise once more. The interval is shifted back: its upper end once, to what such a test set would show, its lower end
 * twice, to the error without noise.
 */
function withoutNoise(value: number, lower: number, upper: number, values: Float64Array): Estimate {
  const bias = values.reduce((sum, replicate) => sum + replicate, 0) / values.length - value;
  return { value, lower: Math.max(0, Math.min(lower - 2 * bias, value)), upper: Math.max(upper - bias, value) };
}

const UNDEFINED: Partial<Record<AdditiveMetricName, string>> = {
  f1: 'no row is positive, in truth or by prediction',
  r2: 'the target is the same in every row',
};

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
