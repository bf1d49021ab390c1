import * as z from 'zod';
import { mostLikely, THRESHOLD } from '../metrics/additive.ts';
import type { Scores } from '../scores.ts';

const count = z.int().min(0);

/** The loss of a version on its test rows: what live losses are held against. */
export const qualityReferenceSchema = z.object({
  kind: z.enum(['binary', 'multiclass', 'regression']),
  /** Of a regression: the absolute error that nine in ten test rows stay below; null otherwise. */
  farOff: z.number().min(0).nullable(),
  n: count,
  losses: count,
  /** Values of the declared columns; one that too few test rows had is not judged. */
  slices: z.array(z.object({ column: z.string(), value: z.string().nullable(), n: count, losses: count })),
});
export type QualityReference = z.infer<typeof qualityReferenceSchema>;

/** Test rows that a slice needs. */
const LEAST_ROWS = 100;

/**
 * Losses are 0 or 1 for every kind of problem. A classifier is wrong or not. A regression is far off or not: errors have no
 * bound, and one absurd label would outweigh a year of good ones; the share beyond the 90th percentile of the evaluation has
 * a known base of about 10 %, grows with a bias as with a spread, and one test serves all.
 */
export function qualityReference(scores: Scores, columns: readonly string[]): QualityReference {
  const farOff = scores.kind === 'regression' ? ninetieth(absoluteErrors(scores)) : null;
  const lost = lossesOf(scores, farOff);
  const slices = columns.flatMap((column) => {
    const values = Object.hasOwn(scores.attributes, column) ? (scores.attributes[column] ?? []) : [];
    const rows = Map.groupBy(lost.keys(), (row) => values[row] ?? null);
    if (values.length === 0) return [];
    return [...rows]
      .filter(([, own]) => own.length >= LEAST_ROWS)
      .map(([value, own]) => ({
        column,
        value,
        n: own.length,
        losses: own.reduce((sum, row) => sum + (lost[row] ?? 0), 0),
      }))
      .sort((a, b) => b.n - a.n || (String(a.value) < String(b.value) ? -1 : 1))
      .slice(0, MOST_SLICES);
  });
  return { kind: scores.kind, farOff, n: lost.length, losses: lost.reduce((sum, loss) => sum + loss, 0), slices };
}

/** More values of one column are no slices but a key. */
const MOST_SLICES = 20;

/** Whether a live prediction was wrong; both as text in their canonical form, or as numbers. */
export function lossOf(
  { farOff }: Pick<QualityReference, 'farOff'>,
  predicted: string | number,
  truth: string | number,
): 0 | 1 {
  if (farOff === null) return String(predicted) === String(truth) ? 0 : 1;
  // Not a number is as far off as can be.
  return Math.abs(Number(predicted) - Number(truth)) <= farOff ? 0 : 1;
}

function lossesOf(scores: Scores, farOff: number | null): number[] {
  if (scores.kind === 'regression') return absoluteErrors(scores).map((error) => (error <= (farOff ?? 0) ? 0 : 1));
  if (scores.kind === 'multiclass')
    return scores.truth.map((truth, row) => (mostLikely(scores.challenger[row] ?? []) === truth ? 0 : 1));
  return scores.truth.map((truth, row) => ((scores.challenger[row] ?? 0) >= THRESHOLD === (truth === 1) ? 0 : 1));
}

const absoluteErrors = (scores: Extract<Scores, { kind: 'regression' }>) =>
  scores.truth.map((truth, row) => Math.abs((scores.challenger[row] ?? Number.NaN) - truth));

function ninetieth(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.max(0, Math.ceil(0.9 * ascending.length) - 1)] ?? 0;
}
