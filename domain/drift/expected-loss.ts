import type { Scores } from '../scores.ts';
import type { WindowInput } from './compare.ts';
import type { WindowVerdict } from './verdict.ts';

/**
 * The loss that probabilities expect of themselves, were they calibrated (CBPE): P(wrong) of the label that was said. It is
 * blind to a change of concept, so nothing acts on it alone.
 */
export function expectedLoss(sums: WindowInput['expectedLoss']): WindowVerdict['expectedLoss'] {
  if (!sums || sums.window.n === 0 || sums.reference.n === 0) return null;
  const now = sums.window.expected / sums.window.n;
  const reference = sums.reference.expected / sums.reference.n;
  // What calibration was off by on the test rows is taken to be as much off now.
  const realised = sums.reference.losses / sums.reference.n;
  return { n: sums.window.n, now, reference, estimate: Math.min(1, Math.max(0, realised + now - reference)) };
}

/** P(wrong) of one answer: of a binary model from its score, of several classes from the largest probability. */
export const expectedLossOf = (kind: 'binary' | 'multiclass', probability: number): number =>
  kind === 'binary' ? Math.min(probability, 1 - probability) : 1 - probability;

/** The sums over the test rows; null where nothing is a probability. */
export function expectedReference(
  scores: Scores,
  losses: number,
): { n: number; expected: number; losses: number } | null {
  if (scores.kind === 'regression') return null;
  const expected =
    scores.kind === 'binary'
      ? scores.challenger.reduce((sum, score) => sum + expectedLossOf('binary', score), 0)
      : scores.challenger.reduce((sum, row) => sum + expectedLossOf('multiclass', Math.max(...row)), 0);
  return { n: scores.truth.length, expected, losses };
}
