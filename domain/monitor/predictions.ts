import {
  type CategoricalProfile,
  type ColumnProfile,
  categoricalFrame,
  countCategories,
  HIGH_QUANTILE,
  LOW_QUANTILE,
  type NumericProfile,
  unitOf,
} from '../profile.ts';
import type { Scores } from '../scores.ts';

/** Predictions as a column: score of the positive label, number, or likeliest class. */
export const PREDICTION = 'prediction';

/** 20 bins of equally many predictions. */
const QUANTILES = Array.from({ length: 19 }, (_, index) => (index + 1) / 20);

/** What a version predicted on its test rows; live predictions are counted in the same frame. */
export function predictionReference(scores: Scores): ColumnProfile {
  if (scores.kind !== 'multiclass') return numbers(scores.challenger);
  const counts = new Map(scores.classes.map((name) => [name, 0]));
  for (const row of scores.challenger) {
    const likeliest = scores.classes[row.indexOf(Math.max(...row))] ?? '';
    counts.set(likeliest, (counts.get(likeliest) ?? 0) + 1);
  }
  const levels = [...counts].map(([value, count]) => ({ value, count })).sort(mostFirst);
  const frame = { ...categoricalFrame(levels), closed: true };
  return countCategories(PREDICTION, frame, { levels, missing: 0 }) satisfies CategoricalProfile;
}

const mostFirst = (a: { value: string; count: number }, b: { value: string; count: number }) =>
  b.count - a.count || (a.value < b.value ? -1 : 1);

function numbers(values: readonly number[]): NumericProfile {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const edges = [...new Set(QUANTILES.map(quantile))];
  const [low, high] = [quantile(LOW_QUANTILE), quantile(HIGH_QUANTILE)];
  const unit = unitOf(low, high);
  const top = mostFrequent(sorted);
  const units = sorted.map((value) => BigInt(Math.round(value / unit)));
  return {
    kind: 'numeric',
    name: PREDICTION,
    frame: { edges, low, high, top, unit },
    counts: countsIn(edges, sorted),
    missing: 0,
    nan: 0,
    below: sorted.filter((value) => value < low).length,
    above: sorted.filter((value) => value > high).length,
    topCount: sorted.filter((value) => value === top).length,
    n: sorted.length,
    sum: String(units.reduce((sum, value) => sum + value, 0n)),
    sumSquares: String(units.reduce((sum, value) => sum + value * value, 0n)),
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
  };
}

function countsIn(edges: readonly number[], sorted: readonly number[]): number[] {
  const counts = [...edges.map(() => 0), 0];
  let bin = 0;
  for (const value of sorted) {
    while (bin < edges.length && value > (edges[bin] ?? 0)) bin += 1;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** The smallest of the most frequent values. */
function mostFrequent(sorted: readonly number[]): number {
  let best = { value: sorted[0] ?? 0, count: 0 };
  let run = best;
  for (const value of sorted) {
    run = value === run.value ? { value, count: run.count + 1 } : { value, count: 1 };
    if (run.count > best.count) best = run;
  }
  return best.value;
}

/** What the model expected to be wrong of its test rows, by its own probabilities, and what was; null without probabilities. */
export function expectedReference(scores: Scores): { n: number; expected: number; losses: number } | null {
  if (scores.kind === 'regression') return null;
  const total = { n: scores.truth.length, expected: 0, losses: 0 };
  for (const [row, truth] of scores.truth.entries()) {
    const [predicted, probability] = likeliest(scores, row);
    total.expected += 1 - probability;
    if (predicted !== truth) total.losses += 1;
  }
  return total;
}

function likeliest(
  scores: Exclude<Scores, { kind: 'regression' }>,
  row: number,
): [predicted: number, probability: number] {
  if (scores.kind === 'binary') {
    const positive = scores.challenger[row] ?? 0;
    return positive >= 0.5 ? [1, positive] : [0, 1 - positive];
  }
  const probabilities = scores.challenger[row] ?? [];
  const most = Math.max(...probabilities);
  return [probabilities.indexOf(most), most];
}
