import * as z from 'zod';
import type { GuardrailOf } from './guardrail.ts';
import {
  type Arms,
  addTally,
  armsSchema,
  baseRate,
  harmIncrement,
  NOTHING,
  safeIncrement,
  tallySchema,
} from './two-arm.ts';

export const shareEvidenceSchema = z.object({
  kind: z.literal('share'),
  /** ln E⁺, against "worse by delta", and ln E⁻, against "no worse". */
  lnSafe: z.number(),
  lnHarm: z.number(),
  challenger: tallySchema,
  champion: tallySchema,
  /** Requests that wait for the other version to answer some too. */
  open: armsSchema,
});
export type ShareEvidence = z.infer<typeof shareEvidenceSchema>;

const EMPTY: Arms = { challenger: NOTHING, champion: NOTHING };

export const startShare = (): ShareEvidence => ({
  kind: 'share',
  lnSafe: 0,
  lnHarm: 0,
  challenger: NOTHING,
  champion: NOTHING,
  open: EMPTY,
});

/**
 * Takes in what a tick saw. A tick in which only one version answered compares nothing, so it is counted together with
 * the next ones until both have: with few requests, or with a tick for every single one, nothing is lost.
 */
export function foldShare(evidence: ShareEvidence, tick: Arms, { delta, prior }: GuardrailOf<'share'>): ShareEvidence {
  const open = {
    challenger: addTally(evidence.open.challenger, tick.challenger),
    champion: addTally(evidence.open.champion, tick.champion),
  };
  const counted: ShareEvidence = {
    ...evidence,
    challenger: addTally(evidence.challenger, tick.challenger),
    champion: addTally(evidence.champion, tick.champion),
    open,
  };
  if (open.challenger.n === 0 || open.champion.n === 0) return counted;
  const base = championRate(evidence, prior);
  return {
    ...counted,
    lnSafe: evidence.lnSafe + safeIncrement(open, base, delta),
    lnHarm: evidence.lnHarm + harmIncrement(open, base, delta),
    open: EMPTY,
  };
}

/** What was open when the traffic was divided anew cannot be counted together with what follows. */
export const divideShare = (evidence: ShareEvidence): ShareEvidence => ({ ...evidence, open: EMPTY });

/** The champion's rate as the next bet takes it: from closed ticks only, so that no bet knows its own outcome. */
export function championRate({ champion, open }: ShareEvidence, prior: { n: number; bad: number } = NOTHING): number {
  const n = prior.n + champion.n - open.champion.n;
  return baseRate({ n, bad: prior.bad + champion.bad - open.champion.bad });
}
