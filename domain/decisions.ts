import * as z from 'zod';
import { canonicalSha256 } from './canonical-json.ts';

/**
 * The decision log of a model: append-only, one entry for every change of its head, each entry carrying the hash of the
 * one before. The head records the last sequence and hash, so that a cut-off tail shows too.
 */

export const DECISION_KINDS = [
  'REGISTERED',
  'REJECTED',
  'APPROVED',
  'APPROVAL_REFUSED',
  'ROLLOUT_STARTED',
  'PROMOTED',
  'ROLLOUT_ABORTED',
  'ROLLED_BACK',
  'REACTED',
  'SNOOZED',
] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

const fact = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const facts = z.record(z.string(), fact);
export type Facts = z.infer<typeof facts>;

export const decisionSchema = z.object({
  model: z.string(),
  /** 1 for the first decision of a model, then without gaps. */
  sequence: z.int().min(1),
  time: z.string(),
  kind: z.enum(DECISION_KINDS),
  /** The version that it is about. */
  version: z.int().min(1),
  /** A person's name or the part of Sluice that decided, such as `gates` or `rollout`. */
  who: z.string().min(1),
  why: z.string().min(1),
  /** What changed in the head and the version, as it was. */
  before: facts,
  /** The same facts, as they are now. */
  after: facts,
  /** SHA-256 of the judgement that the decision rests on. */
  evidenceSha256: z.string().nullable(),
  /** Hash of the decision before; null for the first. */
  previousHash: z.string().nullable(),
  /** SHA-256 of the canonical JSON of everything above. */
  hash: z.string(),
});
export type Decision = z.infer<typeof decisionSchema>;

/** Where a chain ends, as the head of the model records it. */
export const chainEndSchema = z.object({ sequence: z.int().min(0), hash: z.string().nullable() });
export type ChainEnd = z.infer<typeof chainEndSchema>;

/** The end of a chain without decisions. */
export const EMPTY_CHAIN: ChainEnd = { sequence: 0, hash: null };

/** What a decision says before it takes its place in the chain. */
export type DecisionDraft = Omit<Decision, 'sequence' | 'previousHash' | 'hash'>;

/** Gives a decision its place behind `end`. */
export function appendDecision(end: ChainEnd, draft: DecisionDraft): Decision {
  const { model, time, kind, version, who, why, before, after, evidenceSha256 } = draft;
  const stated = { model, time, kind, version, who, why, before, after, evidenceSha256 };
  const body = { ...stated, sequence: end.sequence + 1, previousHash: end.hash };
  return { ...body, hash: canonicalSha256(body) };
}

export type ChainVerdict = { ok: true; decisions: number } | { ok: false; at: number; reason: string };

/**
 * Checks the whole log of one model, given in the order in which it is stored, against the end that its head records.
 * `at` is the sequence number where the chain stops to hold.
 */
export function verifyChain(decisions: readonly Decision[], end: ChainEnd): ChainVerdict {
  let previous: ChainEnd = EMPTY_CHAIN;
  for (const decision of decisions) {
    const reason = brokenLink(previous, decision, decisions[0]?.model);
    if (reason) return { ok: false, at: previous.sequence + 1, reason };
    previous = { sequence: decision.sequence, hash: decision.hash };
  }
  if (previous.sequence < end.sequence) {
    return {
      ok: false,
      at: previous.sequence + 1,
      reason: `the log ends at decision ${previous.sequence}, the head has recorded ${end.sequence}`,
    };
  }
  if (previous.sequence > end.sequence) {
    return { ok: false, at: end.sequence + 1, reason: `the head knows of ${end.sequence} decisions only` };
  }
  if (previous.hash !== end.hash) {
    return { ok: false, at: end.sequence, reason: 'the last hash is not the one that the head has recorded' };
  }
  return { ok: true, decisions: end.sequence };
}

function brokenLink(previous: ChainEnd, decision: Decision, model: string | undefined): string | undefined {
  const expected = previous.sequence + 1;
  if (decision.sequence !== expected) {
    return `decision ${decision.sequence} stands where ${expected} belongs`;
  }
  if (decision.model !== model) return `decision ${expected} is of model "${decision.model}", not of "${model}"`;
  const { hash, ...body } = decision;
  if (canonicalSha256(body) !== hash) return `decision ${expected} was altered: its hash does not fit its content`;
  if (decision.previousHash !== previous.hash) return `decision ${expected} does not follow the one before it`;
  return undefined;
}
