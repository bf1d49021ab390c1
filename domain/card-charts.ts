import * as z from 'zod';
import { mostLikely } from './metrics/additive.ts';
import type { BinaryScores, MulticlassScores, RegressionScores, Scores } from './scores.ts';

/** What a card draws, reduced to what an eye can tell apart: small enough for the card's JSON. */

const points = z.array(z.tuple([z.number(), z.number()]));
const bins = z.array(z.object({ predicted: z.number(), observed: z.number(), rows: z.int() }));

export const cardCharts = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('binary'),
    /** False positive rate against true positive rate. */
    roc: z.object({ challenger: points, champion: points.nullable() }),
    /** Ten bins of equal width: mean prediction against the share that is positive. */
    calibration: bins,
  }),
  z.object({
    kind: z.literal('multiclass'),
    classes: z.array(z.string()),
    /** Rows by true class, then by predicted class. */
    confusion: z.array(z.array(z.int())),
    /** Classes beyond these are left out of the picture. */
    omitted: z.int(),
  }),
  z.object({
    kind: z.literal('regression'),
    /** Actual against predicted, for evenly chosen rows. */
    points,
  }),
]);
export type CardCharts = z.infer<typeof cardCharts>;

/** The charts of a problem kind from its scores. */
export function chartsOf(scores: Scores): CardCharts {
  if (scores.kind === 'binary') return binaryCharts(scores);
  return scores.kind === 'multiclass' ? confusion(scores) : scatter(scores);
}

const ROC_POINTS = 120;
const SCATTER_POINTS = 400;
const MATRIX_CLASSES = 10;
const BINS = 10;

function binaryCharts(scores: BinaryScores): CardCharts {
  const { truth, challenger, champion } = scores;
  const roc = { challenger: rocOf(truth, challenger), champion: champion && rocOf(truth, champion) };
  return { kind: 'binary', roc, calibration: calibrationOf(truth, challenger) };
}

function rocOf(truth: readonly number[], scores: readonly number[]): [number, number][] {
  const order = truth.map((_, row) => row).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  const positives = truth.reduce((sum: number, label) => sum + label, 0);
  const negatives = truth.length - positives;
  if (positives === 0 || negatives === 0) return [];
  const curve: [number, number][] = [[0, 0]];
  let [hits, alarms] = [0, 0];
  order.forEach((row, rank) => {
    if (truth[row]) hits += 1;
    else alarms += 1;
    const next = order[rank + 1];
    if (next === undefined || scores[next] !== scores[row]) curve.push([alarms / negatives, hits / positives]);
  });
  return evenly(curve, ROC_POINTS).map(([x, y]) => [rounded(x), rounded(y)]);
}

function calibrationOf(truth: readonly number[], scores: readonly number[]) {
  const sums = Array.from({ length: BINS }, () => ({ predicted: 0, observed: 0, rows: 0 }));
  truth.forEach((label, row) => {
    const score = scores[row] ?? 0;
    const bin = sums[Math.min(BINS - 1, Math.floor(score * BINS))];
    if (!bin) return;
    bin.predicted += score;
    bin.observed += label;
    bin.rows += 1;
  });
  return sums
    .filter(({ rows }) => rows > 0)
    .map(({ predicted, observed, rows }) => ({
      predicted: rounded(predicted / rows),
      observed: rounded(observed / rows),
      rows,
    }));
}

/** The most frequent classes; the rest is counted, not drawn. */
function confusion({ classes, truth, challenger }: MulticlassScores): CardCharts {
  const counts = classes.map(() => 0);
  for (const label of truth) counts[label] = (counts[label] ?? 0) + 1;
  const shown = classes
    .map((_, index) => index)
    .sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0))
    .slice(0, MATRIX_CLASSES)
    .sort((a, b) => a - b);
  const place = new Map(shown.map((label, index) => [label, index]));
  const matrix = shown.map(() => shown.map(() => 0));
  truth.forEach((label, row) => {
    const [is, said] = [place.get(label), place.get(mostLikely(challenger[row] ?? []))];
    const line = is === undefined ? undefined : matrix[is];
    if (line && said !== undefined) line[said] = (line[said] ?? 0) + 1;
  });
  return {
    kind: 'multiclass',
    classes: shown.map((label) => classes[label] ?? ''),
    confusion: matrix,
    omitted: classes.length - shown.length,
  };
}

function scatter({ truth, challenger }: RegressionScores): CardCharts {
  const rows = evenly(
    truth.map((_, row) => row),
    SCATTER_POINTS,
  );
  return { kind: 'regression', points: rows.map((row) => [truth[row] ?? 0, challenger[row] ?? 0]) };
}

/** At most `count` values, evenly spread, the first and the last among them. */
function evenly<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  const step = (values.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => values[Math.round(index * step)] as T);
}

const rounded = (value: number) => Math.round(value * 1e4) / 1e4;
