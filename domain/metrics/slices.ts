import type { SliceEvaluation } from '../evaluation.ts';
import type { Scores } from '../scores.ts';
import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import { measure } from './measure.ts';

/** The rows that share one value of a column. */
export interface Slice {
  readonly column: string;
  readonly value: string | null;
  readonly scores: Scores;
  /** Rows of the rarest class; null for regression. */
  readonly rarerClass: number | null;
}

/** More values of one column than this are not slices but identities; the largest are looked at. */
export const MAX_SLICES_PER_COLUMN = 50;

/** The slices of a column, largest first; empty when the scores do not carry it. */
export function slicesOf(scores: Scores, column: string): Slice[] {
  const values = Object.hasOwn(scores.attributes, column) ? scores.attributes[column] : undefined;
  const rows = new Map<string | null, number[]>();
  values?.forEach((value, row) => {
    const of = rows.get(value);
    if (of) of.push(row);
    else rows.set(value, [row]);
  });
  return [...rows]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, MAX_SLICES_PER_COLUMN)
    .map(([value, of]) => {
      const selected = selectRows(scores, of);
      return { column, value, scores: selected, rarerClass: rarerClass(selected) };
    });
}

/** Every slice of the columns with its metrics: what the evaluation reports. */
export function measureSlices(
  scores: Scores,
  columns: readonly string[],
  options: BootstrapOptions = {},
): SliceEvaluation[] {
  // Fewer draws than for the whole: the interval of a slice is there to be read, the slices gate does its own test.
  const draws = { replicates: 1000, units: 300, ...options };
  return columns.flatMap((column) =>
    slicesOf(scores, column).map((slice) => {
      const { challenger, champion } = measure(slice.scores, draws);
      const { value, rarerClass } = slice;
      return { column, value, rows: slice.scores.truth.length, rarerClass, challenger, champion };
    }),
  );
}

/** The same scores for some of the rows, without their attributes. */
function selectRows(scores: Scores, rows: readonly number[]): Scores {
  const pick = <T>(values: readonly T[]): T[] => rows.map((row) => values[row] as T);
  if (scores.kind === 'multiclass') {
    const champion = scores.champion && pick(scores.champion);
    return { ...scores, truth: pick(scores.truth), challenger: pick(scores.challenger), champion, attributes: {} };
  }
  const champion = scores.champion && pick(scores.champion);
  const challenger = pick(scores.challenger);
  return scores.kind === 'binary'
    ? { ...scores, truth: pick(scores.truth), challenger, champion, attributes: {} }
    : { ...scores, truth: pick(scores.truth), challenger, champion, attributes: {} };
}

/** Of a multiclass problem, classes that the slice does not hold at all are not counted: they are not asked for there. */
function rarerClass(scores: Scores): number | null {
  if (scores.kind === 'regression') return null;
  const counts = new Map<number, number>(
    scores.kind === 'binary'
      ? [
          [0, 0],
          [1, 0],
        ]
      : [],
  );
  for (const label of scores.truth) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts.size === 0 ? 0 : Math.min(...counts.values());
}
