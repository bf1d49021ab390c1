import * as z from 'zod';
import { comparisonSchema } from './comparison.ts';
import { rolloutDecisionSchema } from './decision.ts';
import { rolloutStateSchema } from './evidence.ts';
import { latencyLimitSchema } from './latency-limit.ts';
import { predictionBinsSchema } from './prediction-bins.ts';
import { planSchema } from './strategy.ts';

/** How a rollout ended. `ABORTED`: nothing was found against the version, it was stopped from outside. */
export const ROLLOUT_OUTCOMES = ['PROMOTED', 'ROLLED_BACK', 'ABORTED'] as const;
export type RolloutOutcome = (typeof ROLLOUT_OUTCOMES)[number];

/**
 * `ROLLOUT#<fencing token>`: one rollout from the lock to its end. Whoever ends it writes it together with the head, so that
 * a stale owner's next write fails on its revision.
 */
export const rolloutRecordSchema = z.object({
  model: z.string(),
  token: z.int().min(1),
  version: z.int().min(1),
  semver: z.string(),
  /** The run that made the version; its files keep the card. */
  runId: z.string(),
  /** Name of the execution that owns it. */
  owner: z.string(),
  /** `CODE`: the champion itself, on new code of its function. */
  kind: z.enum(['VERSION', 'CODE']),
  by: z.string(),
  reason: z.string(),
  /** Whether a training run waits for it, and tells the outcome. */
  ofRun: z.boolean(),
  champion: z.object({ version: z.int(), semver: z.string() }).nullable(),
  /** The function version that serves until it ends, and again if it is rolled back. */
  from: z.string(),
  /** The challenger's function version; null until it is published. */
  to: z.string().nullable(),
  /** Fingerprint of the challenger's code and settings. */
  code: z.string().nullable(),
  strategy: z.string(),
  plan: planSchema,
  bins: predictionBinsSchema.nullable(),
  latency: latencyLimitSchema,
  state: rolloutStateSchema,
  /** In a shadow: both versions' answers to the same requests. */
  comparison: comparisonSchema.nullable().default(null),
  /** The step whose weights are in force; -1 before the first. */
  step: z.int().min(-1),
  startedAt: z.string(),
  stepStartedAt: z.string(),
  /** The last minute since 1970 that was taken in. */
  lastMinute: z.int(),
  decision: rolloutDecisionSchema.nullable(),
  /** How much traffic and time a decision needs, told before the first step. */
  estimate: z.array(z.string()),
  /** What a person wants of it; followed at the next look. */
  order: z.object({ by: z.string(), why: z.string() }).nullable(),
  /** Whether people were told that it cannot decide. */
  asked: z.boolean(),
  outcome: z.enum(ROLLOUT_OUTCOMES).nullable(),
  /** Whether the version was rejected by it. */
  rejected: z.boolean(),
  why: z.string().nullable(),
  endedBy: z.string().nullable(),
  endedAt: z.string().nullable(),
  cardKey: z.string().nullable(),
  told: z.boolean(),
  revision: z.int().min(1),
});
export type RolloutRecord = z.infer<typeof rolloutRecordSchema>;

/** Minutes since 1970, which number the ticks. */
export const minuteOf = (ms: number) => Math.floor(ms / 60_000);

/** Table items hold no infinities; evidence beyond this power of e is all the same. */
const MOST_NATS = 1e6;

/** A record as the table can keep it. */
export function storable(record: RolloutRecord): RolloutRecord {
  return clamped(record) as RolloutRecord;
}

function clamped(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : value > 0 ? MOST_NATS : -MOST_NATS;
  if (Array.isArray(value)) return value.map(clamped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, clamped(inner)]));
}
