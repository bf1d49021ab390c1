import * as z from 'zod';
import { byName } from '../by-name.ts';

/** One prediction as the serving code gives it and as a capture keeps it. */
export const rowPredictionSchema = z.object({
  label: z.string().optional(),
  score: z.number().optional(),
  value: z.number().optional(),
  probabilities: byName(z.number()).optional(),
});
export type RowPrediction = z.infer<typeof rowPredictionSchema>;

/** What the difference between two answers is measured in. */
export const MEASURES = ['score', 'value', 'probabilities'] as const;
export type Measure = (typeof MEASURES)[number];

export interface RowDifference {
  readonly measure: Measure;
  /** Whether a caller would notice: another class, or a number that is off by more than one percent. */
  readonly same: boolean;
  /**
   * Challenger less champion: of P(positive), or of the value as a share of the larger one; for several classes the share
   * of probability that went elsewhere, which has no sign.
   */
  readonly difference: number;
}

/** Numbers this close are the same to whoever reads them. */
const ALIKE = 0.01;

/** Compares what two versions say of one row; null when they are answers to different problems. */
export function compareRow(champion: RowPrediction, challenger: RowPrediction): RowDifference | null {
  if (champion.value !== undefined && challenger.value !== undefined) {
    const scale = Math.max(Math.abs(champion.value), Math.abs(challenger.value));
    const difference = scale === 0 ? 0 : (challenger.value - champion.value) / scale;
    return { measure: 'value', same: Math.abs(difference) <= ALIKE, difference };
  }
  if (champion.label === undefined || challenger.label === undefined) return null;
  const same = champion.label === challenger.label;
  if (champion.score !== undefined && challenger.score !== undefined) {
    return { measure: 'score', same, difference: challenger.score - champion.score };
  }
  return { measure: 'probabilities', same, difference: moved(champion.probabilities, challenger.probabilities) };
}

/** Total variation: half of the sum of what each class gained or lost. */
function moved(before: Record<string, number> = {}, after: Record<string, number> = {}): number {
  const classes = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...classes].reduce((sum, name) => sum + Math.abs((after[name] ?? 0) - (before[name] ?? 0)), 0) / 2;
}

/** What one row was answered with, in a word: the score, the number, or the class. */
export const headline = ({ value, score, label }: RowPrediction): number | string => value ?? score ?? label ?? '';
