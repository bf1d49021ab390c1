import { METRICS, type MetricName } from '../model-config.ts';
import type { Scores } from '../scores.ts';
import { auc, delong } from '../statistics/auc.ts';
import { type BootstrapOptions, expandedLevel, quantile } from '../statistics/bootstrap.ts';
import { studentQuantile } from '../statistics/special-functions.ts';
import { additiveMetric } from './additive.ts';
import { type Insufficient, insufficient } from './insufficient.ts';
import { MIN_DEGREES, MIN_ROWS, TOO_FEW } from './measure.ts';
import { resample } from './resample.ts';

/** What the challenger gains over the champion on the same rows; positive is better, whatever the metric's direction. */
export interface Gain {
  readonly challenger: number;
  readonly champion: number;
  readonly gain: number;
  readonly standardError: number;
  readonly degrees: number;
  /** One-sided 95 % bound: the gain is at least this. */
  readonly bound: number;
  /** Two-sided 95 % interval. */
  readonly interval: { readonly lower: number; readonly upper: number };
  readonly method: 'DeLong' | 'bootstrap';
}

/** Compares both sides row by row: paired DeLong for AUC, paired bootstrap otherwise. */
export function gainOverChampion(
  scores: Scores,
  metric: MetricName,
  options: BootstrapOptions = {},
): Gain | Insufficient {
  if (!scores.champion) return insufficient('there is no champion on these rows');
  if (scores.truth.length < MIN_ROWS) return insufficient(TOO_FEW);
  return metric === 'auc' ? aucGain(scores) : resampledGain(scores, metric, options);
}

function aucGain(scores: Scores): Gain | Insufficient {
  if (scores.kind !== 'binary' || !scores.champion) return insufficient('AUC is for binary problems');
  const challenger = auc(scores.truth, scores.challenger);
  const champion = auc(scores.truth, scores.champion);
  if (!challenger || !champion) return insufficient('all rows are of one class');
  const spread = delong(scores.truth, challenger, champion);
  if (!spread) return insufficient('there are fewer than two rows of one class');
  const gain = challenger.auc - champion.auc;
  const { standardError, degrees } = spread;
  const twoSided = studentQuantile(0.975, degrees) * standardError;
  return {
    challenger: challenger.auc,
    champion: champion.auc,
    gain,
    standardError,
    degrees,
    bound: gain - studentQuantile(0.95, degrees) * standardError,
    interval: { lower: gain - twoSided, upper: gain + twoSided },
    method: 'DeLong',
  };
}

function resampledGain(
  scores: Scores,
  metric: Exclude<MetricName, 'auc'>,
  options: BootstrapOptions,
): Gain | Insufficient {
  const sides = [additiveMetric(metric, scores, 'challenger'), additiveMetric(metric, scores, 'champion')] as const;
  if (!sides[0] || !sides[1]) return insufficient(`${metric} is not a metric of a ${scores.kind} problem`);
  const [challenger, champion] = resample(scores, [sides[0], sides[1]], options);
  if (challenger?.value === undefined || champion?.value === undefined) {
    return insufficient('it has no value on these rows');
  }
  if (challenger.degrees < MIN_DEGREES) return insufficient(TOO_FEW);
  const better = (a: number, b: number) => (METRICS[metric].lowerIsBetter ? b - a : a - b);
  const gains = challenger.replicates
    .map((value, index) => better(value, champion.replicates[index] ?? Number.NaN))
    .filter((value) => !Number.isNaN(value))
    .sort();
  if (gains.length < 0.95 * challenger.replicates.length) {
    return insufficient('it has no value on many resamples of these rows');
  }
  const { degrees } = challenger;
  const at = (alpha: number) => quantile(gains, alpha);
  return {
    challenger: challenger.value,
    champion: champion.value,
    gain: better(challenger.value, champion.value),
    standardError: deviation(gains) * Math.sqrt((degrees + 1) / degrees),
    degrees,
    bound: at(expandedLevel(0.05, degrees)),
    interval: { lower: at(expandedLevel(0.025, degrees)), upper: at(1 - expandedLevel(0.025, degrees)) },
    method: 'bootstrap',
  };
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
