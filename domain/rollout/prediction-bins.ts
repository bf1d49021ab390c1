import * as z from 'zod';
import type { Scores } from '../scores.ts';
import { populationShift, shiftUpperBound } from '../statistics/relevance.ts';

/** Where predictions are counted: frozen before the rollout, the same for both versions. */
export const predictionBinsSchema = z.discriminatedUnion('kind', [
  /** Bin `b` holds the numbers in (edges[b-1], edges[b]]. */
  z.object({ kind: z.literal('number'), edges: z.array(z.number()).min(1) }),
  /** A bin each; every other label is in one more. */
  z.object({ kind: z.literal('label'), labels: z.array(z.string()).min(1) }),
]);
export type PredictionBins = z.infer<typeof predictionBinsSchema>;

/** A bin with fewer of the champion's predictions says little, and emptying it would look like a revolution. */
const LEAST_SHARE = 1 / 20;

export interface FrozenBins {
  readonly bins: PredictionBins;
  readonly count: number;
  /** Index of the shift that the gates saw between champion and challenger on the test rows, as large as it may be. */
  readonly accepted: number;
}

/** Bins from the champion's predictions on the test rows; null without a champion, or when it says the same for all. */
export function freezeBins(scores: Scores): FrozenBins | null {
  if (scores.champion === null) return null;
  const [champion, challenger] = [predicted(scores, 'champion'), predicted(scores, 'challenger')];
  const bins = typeof champion[0] === 'string' ? labelBins(champion as string[]) : numberBins(champion as number[]);
  if (bins === null) return null;
  const shift = populationShift(countPredictions(bins, champion), countPredictions(bins, challenger));
  return { bins, count: binCount(bins), accepted: shiftUpperBound(shift) };
}

/** How many predictions fall into each bin. */
export function countPredictions(bins: PredictionBins, predictions: Iterable<number | string>): number[] {
  const counts = new Array<number>(binCount(bins)).fill(0);
  const place = bins.kind === 'label' ? placeOfLabel(bins.labels) : placeOfNumber(bins.edges);
  for (const prediction of predictions) {
    const bin = place(prediction);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

const binCount = (bins: PredictionBins) => (bins.kind === 'label' ? bins.labels : bins.edges).length + 1;

function placeOfLabel(labels: readonly string[]) {
  const places = new Map(labels.map((label, index) => [label, index]));
  return (label: number | string) => places.get(String(label)) ?? labels.length;
}

function placeOfNumber(edges: readonly number[]) {
  return (value: number | string) => {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(value) <= (edges[middle] ?? Infinity)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** What a version answered: the score, the number, or the likeliest class. */
function predicted(scores: Scores, side: 'champion' | 'challenger'): (number | string)[] {
  if (scores.kind !== 'multiclass') return [...(scores[side] ?? [])];
  return (scores[side] ?? []).map((row) => scores.classes[row.indexOf(Math.max(...row))] ?? '');
}

/** Cuts the sorted values as soon as a bin is full; equal values stay together. */
function numberBins(values: readonly number[]): PredictionBins | null {
  const ascending = [...values].sort((a, b) => a - b);
  const least = LEAST_SHARE * ascending.length;
  const edges: number[] = [];
  let from = 0;
  for (const [index, value] of ascending.entries()) {
    const full = index + 1 - from >= least && ascending.length - index - 1 >= least;
    if (!full || ascending[index + 1] === value) continue;
    edges.push(value);
    from = index + 1;
  }
  return edges.length > 0 ? { kind: 'number', edges } : null;
}

/** The frequent labels, as long as those that are left out are either many or none. */
function labelBins(values: readonly string[]): PredictionBins | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const least = LEAST_SHARE * values.length;
  const kept = [...counts].filter(([, count]) => count >= least).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  let others = values.length - kept.reduce((sum, [, count]) => sum + count, 0);
  while (kept.length > 0 && others < least) others += kept.pop()?.[1] ?? 0;
  return kept.length > 0 ? { kind: 'label', labels: kept.map(([label]) => label) } : null;
}
