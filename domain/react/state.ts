import * as z from 'zod';
import { CAUSES, signalSchema } from './event.ts';
import { actSchema, HOLDS, reactionSchema } from './reaction.ts';

/** What the controller remembers between events. */

const time = z.string();
const count = z.int().min(0);

/** The older part of a long story is in the decision log. */
export const LONGEST_STORY = 40;

/** One line of an incident's story. */
const noteSchema = z.object({ time, what: z.string() });

/** `INCIDENT#<id>`: one cause, from the evidence that opened it to the quiet that closed it. */
export const incidentSchema = z.object({
  id: z.string(),
  cause: z.enum(CAUSES),
  status: z.enum(['OPEN', 'CLOSED']),
  openedAt: time,
  closedAt: time.nullable(),
  /** The champion that it was opened for. */
  champion: z.int().nullable(),
  /** Whether the accumulator spoke for the present champion: only then something is done by itself. */
  confirmed: z.boolean(),
  /** What the last window that said anything said. */
  details: z.array(z.string()),
  lastSeenAt: time,
  snoozedUntil: time.nullable(),
  /** Why what is wanted is not done, since when, and for how many looks. */
  held: z.object({ reason: z.enum(HOLDS), since: time, looks: count, why: z.string() }).nullable(),
  escalatedAt: time.nullable(),
  /** Why it was closed. */
  resolution: z.string().nullable(),
  pageKey: z.string().nullable(),
  story: z.array(noteSchema),
});
export type Incident = z.infer<typeof incidentSchema>;

export const retrainSchema = z.object({
  id: z.string(),
  cause: z.enum(CAUSES),
  incident: z.string(),
  at: time,
  /** `IN_FLIGHT` until its run, and the rollout that may follow, have ended. */
  status: z.enum(['IN_FLIGHT', 'PROMOTED', 'NOT_PROMOTED']),
  key: z.string().nullable(),
  version: z.int().nullable(),
  /** Whether the cause went away with it; null while that is open. */
  helped: z.boolean().nullable(),
  why: z.string().nullable(),
});
export type Retrain = z.infer<typeof retrainSchema>;

/** What is known of one cause, incident or not. */
export const watchedSchema = z.object({
  /** Judged windows in a row with something to say, and without. */
  alerting: count,
  quiet: count,
  /** Whether people were told of an odd window since the last quiet stretch. */
  told: z.boolean(),
  last: signalSchema.nullable(),
  snoozedUntil: time.nullable(),
});
export type Watched = z.infer<typeof watchedSchema>;

/** What was decided and is not done yet. */
export const outboxEntrySchema = z.object({
  event: z.string(),
  time,
  champion: z.int().nullable(),
  act: actSchema.nullable(),
  reactions: z.array(reactionSchema),
  window: z.object({ id: z.string(), pageKey: z.string().nullable() }).nullable(),
});
export type OutboxEntry = z.infer<typeof outboxEntrySchema>;

/** `REACTIONS`: `revision` 0 means "not stored". */
export const reactionStateSchema = z.object({
  model: z.string(),
  revision: count,
  /** Of the newest event; time does not go back when events come out of order. */
  time: time.nullable(),
  /** The champion of the last event, and the fresh windows in which labels cleared it. */
  champion: z.int().nullable(),
  cleared: count,
  /** End of the newest window that was taken in. */
  window: time.nullable(),
  watched: z.record(z.enum(CAUSES), watchedSchema),
  open: z.array(incidentSchema),
  /** Those of the last weeks, oldest first. */
  retrains: z.array(retrainSchema),
  /** Retrainings before this do not count against new ones: a person stepped in, or all is quiet. */
  trustSince: time.nullable(),
  /** No retraining before this: there were too few labels. */
  retrainAfter: time.nullable(),
  lastActAt: time.nullable(),
  /** Champions that were taken off by themselves; none is taken off twice. */
  rolledBack: z.array(z.int()),
  /** Events seen last, newest last. */
  seen: z.array(z.string()),
  outbox: z.array(outboxEntrySchema),
});
export type ReactionState = z.infer<typeof reactionStateSchema>;

const unwatched = (): Watched => ({ alerting: 0, quiet: 0, told: false, last: null, snoozedUntil: null });

export const emptyReactions = (model: string): ReactionState => ({
  model,
  revision: 0,
  time: null,
  champion: null,
  cleared: 0,
  window: null,
  watched: {
    drift: unwatched(),
    prediction: unwatched(),
    quality: unwatched(),
    capture: unwatched(),
    'data-quality': unwatched(),
  },
  open: [],
  retrains: [],
  trustSince: null,
  retrainAfter: null,
  lastActAt: null,
  rolledBack: [],
  seen: [],
  outbox: [],
});
