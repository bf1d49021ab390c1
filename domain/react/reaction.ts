import * as z from 'zod';
import { CAUSES } from './event.ts';

/** What the controller decides. */

export const REACTIONS = ['RETRAIN', 'ROLLBACK', 'NOTIFY', 'HOLD'] as const;
export type ReactionKind = (typeof REACTIONS)[number];

/** Why something that is wanted is not done now. */
export const HOLDS = [
  'ROLLOUT',
  'RETRAIN_UNDER_WAY',
  'TRAINING',
  'OTHER_FIRST',
  'CIRCUIT_BREAKER',
  'BUDGET',
  'COOLDOWN',
  'LABELS',
] as const;
export type HoldReason = (typeof HOLDS)[number];

export const SEVERITIES = ['notice', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const reactionSchema = z.object({
  kind: z.enum(REACTIONS),
  cause: z.enum(CAUSES),
  /** Null: a window was odd, and nothing is open yet. */
  incident: z.string().nullable(),
  why: z.string(),
  hold: z.enum(HOLDS).nullable(),
  /** People are told with this severity; null: it only goes on record. */
  tell: z.enum(SEVERITIES).nullable(),
  /** False where the same was decided at the event before. */
  news: z.boolean(),
});
export type Reaction = z.infer<typeof reactionSchema>;

/** The one thing that is done after an event. */
export const actSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('RETRAIN'),
    /** Names the dataset and with it the run: no two retrainings share it. */
    id: z.string(),
    incident: z.string(),
    /** Labels of predictions since then are new to the champion. */
    since: z.string().nullable(),
  }),
  z.object({
    kind: z.literal('ROLLBACK'),
    incident: z.string(),
    /** The champion that is taken off. */
    from: z.int(),
    to: z.int(),
    why: z.string(),
  }),
]);
export type Act = z.infer<typeof actSchema>;

/** What came of an act. */
export const actResultSchema = z.object({
  /** `REFUSED`: it was not done, and nothing broke; `FAILED`: something did. */
  status: z.enum(['DONE', 'REFUSED', 'FAILED']),
  why: z.string(),
  /** Where a retraining put its data. */
  key: z.string().nullable(),
});
export type ActResult = z.infer<typeof actResultSchema>;
