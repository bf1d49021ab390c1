import * as z from 'zod';
import { ROLLOUT_OUTCOMES } from './record.ts';

/** What the steps of the rollout state machine are asked and answer. */

/** The input of an execution: who wants what. */
export const rolloutRequestSchema = z.object({
  model: z.string(),
  version: z.int().min(1),
  kind: z.enum(['VERSION', 'CODE']),
  by: z.string().min(1),
  reason: z.string().min(1),
  /** The training run that waits for it: it queues behind another rollout instead of being refused. */
  runId: z.string().nullable().default(null),
  /** Fingerprint of the code that a `CODE` rollout was started for. */
  code: z.string().nullable().default(null),
});
export type RolloutRequest = z.infer<typeof rolloutRequestSchema>;

const owned = { token: z.int().min(1) };
const failure = z.object({ Error: z.string().optional(), Cause: z.string().optional() });

export const rolloutStepInput = z.discriminatedUnion('action', [
  z.object({ action: z.literal('takeLock'), owner: z.string(), request: rolloutRequestSchema }),
  z.object({ action: z.literal('prepare'), ...owned }),
  z.object({ action: z.literal('tryGoldenRows'), ...owned }),
  z.object({ action: z.literal('awaitQuiet'), ...owned }),
  z.object({ action: z.literal('shift'), ...owned, step: z.int().min(0) }),
  z.object({ action: z.literal('analyse'), ...owned }),
  z.object({ action: z.literal('promote'), ...owned }),
  z.object({ action: z.literal('rollBack'), owner: z.string(), failure: failure.nullable() }),
  z.object({ action: z.literal('release'), owner: z.string() }),
  z.object({ action: z.literal('putBack'), from: z.int(), to: z.int(), by: z.string(), why: z.string() }),
]);
export type RolloutStepInput = z.infer<typeof rolloutStepInput>;

export const takeLockOutput = z.object({ status: z.enum(['OWNED', 'BUSY', 'ENDED']), token: z.int() });
/** Steps that its plan has; without any it is promoted at once. */
export const prepareOutput = z.object({ functionVersion: z.string(), steps: z.int().min(0) });
export const awaitQuietOutput = z.object({ quiet: z.enum(['YES', 'NOT_YET', 'NEVER']) });
export const analyseOutput = z.object({
  action: z.enum(['HOLD', 'NEXT_STEP', 'PROMOTE', 'ROLLBACK', 'ENDED']),
  cause: z.string(),
  why: z.string(),
  step: z.int(),
  waitSeconds: z.int().positive(),
});
export const releaseOutput = z.object({
  /** `NONE`: it never owned the traffic. */
  outcome: z.enum([...ROLLOUT_OUTCOMES, 'NONE']),
  rejected: z.boolean(),
  why: z.string(),
  version: z.int().nullable(),
  token: z.int(),
});
export type Release = z.infer<typeof releaseOutput>;

/** A minute is a tick. */
export const TICK_SECONDS = 60;
/** Ten events of a history each; with those of the steps and of a long hold they stay below the 25 000 of an execution. */
const MOST_LOOKS = 1_200;

/** Time between two looks: a minute, longer where the limit is days away. */
export const secondsBetweenLooks = (limitMs: number): number =>
  Math.max(TICK_SECONDS, Math.ceil(limitMs / 1000 / MOST_LOOKS));

/** How long a rollout that could not decide may wait for a person where that is configured; an hour between two looks. */
export const LONGEST_HOLD_MS = 30 * 86_400_000;
export const HOLD_SECONDS = 3_600;
