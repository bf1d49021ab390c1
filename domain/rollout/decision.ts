import * as z from 'zod';
import { tallySchema } from './two-arm.ts';

export const ROLLOUT_ACTIONS = ['HOLD', 'NEXT_STEP', 'PROMOTE', 'ROLLBACK'] as const;
export type RolloutAction = (typeof ROLLOUT_ACTIONS)[number];

/** What an action rests on; a state machine may branch on it. */
export const ROLLOUT_CAUSES = [
  'CHALLENGER_FAILED',
  'ALARM',
  'HARM',
  'SAFE',
  'UNCOMPARED',
  'LIMIT',
  'ASK',
  'NO_TRAFFIC',
  'BAKING',
  'EVIDENCE',
  /** Somebody ended it, or it was stopped from outside. */
  'PERSON',
  'STOPPED',
] as const;
export type RolloutCause = (typeof ROLLOUT_CAUSES)[number];

/** What is known beside the evidence; times in milliseconds since 1970. */
export interface RolloutFacts {
  readonly now: number;
  readonly startedAt: number;
  /** The step whose weights are in force, and since when. */
  readonly step: number;
  readonly stepStartedAt: number;
  /** Alarms of the model that are on. */
  readonly alarms: readonly string[];
  /** Why the challenger does not work at all; null while it does. */
  readonly challengerFailure: string | null;
}

const guardrailNumbers = z.object({
  name: z.string(),
  required: z.boolean(),
  /** ln E⁺ and ln E⁻. */
  lnSafe: z.number(),
  lnHarm: z.number(),
  challenger: tallySchema.nullable(),
  champion: tallySchema.nullable(),
});

const neededSchema = z.object({
  /** What comes next, if all goes well. */
  action: z.enum(['NEXT_STEP', 'PROMOTE']),
  /** E⁺ that it asks of every guardrail. */
  evidence: z.number(),
  bakeMs: z.number(),
  /** Requests to the challenger, and time at the traffic of this step, until every guardrail has it if nothing is wrong; null when nobody can tell. */
  requests: z.number().nullable(),
  ms: z.number().nullable(),
  /** The guardrails that do not have it yet. */
  guardrails: z.array(z.string()),
});
export type Needed = z.infer<typeof neededSchema>;

export const rolloutDecisionSchema = z.object({
  action: z.enum(ROLLOUT_ACTIONS),
  cause: z.enum(ROLLOUT_CAUSES),
  /** One sentence that a person understands. */
  why: z.string(),
  numbers: z.object({
    step: z.int(),
    weight: z.number(),
    elapsedMs: z.number(),
    requests: z.object({ challenger: z.int(), champion: z.int() }),
    /** E⁺ of every required guardrail that moves on, and E⁻ of any that rolls back. */
    toMoveOn: z.number().nullable(),
    toRollBack: z.number().nullable(),
    guardrails: z.array(guardrailNumbers),
  }),
  needed: neededSchema.nullable(),
});
export type RolloutDecision = z.infer<typeof rolloutDecisionSchema>;
