import * as z from 'zod';
import type { GuardrailOf } from './guardrail.ts';
import { logMean } from './shift-evidence.ts';

/** Loss of the challenger less that of the champion on one row, both losses between 0 and 1. */
export const differencesSchema = z.object({ differences: z.array(z.number().min(-1).max(1)) });
export type Differences = z.infer<typeof differencesSchema>;

/** Shares of the wealth that are bet, side by side; none can lose everything, because a difference is at most 1. */
const BETS = [0.05, 0.1, 0.2, 0.4, 0.8] as const;
const wealths = z.array(z.number()).length(BETS.length);

export const pairEvidenceSchema = z.object({
  kind: z.literal('pairs'),
  lnSafe: z.number(),
  lnHarm: z.number(),
  /** ln of the wealth of each bet. */
  safe: wealths,
  harm: wealths,
  n: z.int().min(0),
  sum: z.number(),
});
export type PairEvidence = z.infer<typeof pairEvidenceSchema>;

export const startPairs = (): PairEvidence => ({
  kind: 'pairs',
  lnSafe: 0,
  lnHarm: 0,
  safe: BETS.map(() => 0),
  harm: BETS.map(() => 0),
  n: 0,
  sum: 0,
});

/** Takes in rows whose label has come: bets on "less than delta worse" and on "worse at all". */
export function foldPairs(evidence: PairEvidence, tick: Differences, { delta }: GuardrailOf<'pairs'>): PairEvidence {
  if (tick.differences.length === 0) return evidence;
  const bet = (wealth: readonly number[], gain: (difference: number) => number) =>
    BETS.map((stake, index) =>
      tick.differences.reduce((total, difference) => total + Math.log1p(stake * gain(difference)), wealth[index] ?? 0),
    );
  const safe = bet(evidence.safe, (difference) => delta - difference);
  const harm = bet(evidence.harm, (difference) => difference);
  return {
    kind: 'pairs',
    lnSafe: logMean(safe),
    lnHarm: logMean(harm),
    safe,
    harm,
    n: evidence.n + tick.differences.length,
    sum: tick.differences.reduce((total, difference) => total + difference, evidence.sum),
  };
}
