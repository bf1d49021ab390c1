import * as z from 'zod';
import { SIGNALS } from '../monitor/window.ts';

/** What the controller learns: what was seen, and what the registry says at that moment. */

/** What may be wrong, each with at most one open incident. */
export const CAUSES = ['drift', 'prediction', 'quality', 'capture', 'data-quality'] as const;
export type Cause = (typeof CAUSES)[number];

/** What one window says of one cause. */
export const signalSchema = z.object({
  signal: z.enum(SIGNALS),
  /** The version that it is about; one of an earlier champion counts for nothing. Null: about the model as a whole. */
  version: z.int().nullable(),
  /** False where the window only repeats what an earlier one found. */
  fresh: z.boolean(),
  /** What was seen, one sentence each, the most telling first. */
  details: z.array(z.string()),
});
export type Signal = z.infer<typeof signalSchema>;

export const windowFactsSchema = z.object({
  id: z.string(),
  /** Its end; windows are taken in by this order, each once. */
  to: z.iso.datetime({ offset: true }),
  signals: z.partialRecord(z.enum(CAUSES), signalSchema),
  /** Key of the report page in the artifact bucket. */
  pageKey: z.string().nullable(),
});
export type WindowFacts = z.infer<typeof windowFactsSchema>;

/** What became of the retraining that was started last. */
export const retrainProgressSchema = z.object({
  id: z.string(),
  /**
   * `UNSEEN`: its data has not been taken in yet. `WAITING`: a person is asked, or its rollout goes on. `REPEATED`: its data
   * is that of an earlier run, because no label had come since.
   */
  status: z.enum(['UNSEEN', 'RUNNING', 'WAITING', 'PROMOTED', 'NOT_PROMOTED', 'REPEATED']),
  version: z.int().nullable(),
  why: z.string().nullable(),
});
export type RetrainProgress = z.infer<typeof retrainProgressSchema>;

/** What the registry says now. */
export const registryFactsSchema = z.object({
  champion: z.int().nullable(),
  previousChampion: z.int().nullable(),
  /** When the data of the champion was uploaded: labels since then are new to it. */
  championData: z.string().nullable(),
  /** Whether a rollout owns the traffic. */
  rollout: z.boolean(),
  /** Whether a run holds the slot or waits for it. */
  training: z.boolean(),
  /** Of the retraining that {@link ReactionState} has in flight; null where there is none. */
  retrain: retrainProgressSchema.nullable(),
});
export type RegistryFacts = z.infer<typeof registryFactsSchema>;

const occasion = {
  /** The same for the same event, however often it is delivered. */
  id: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  facts: registryFactsSchema,
};

export const reactEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('WINDOW'), ...occasion, window: windowFactsSchema }),
  /** An alarm changed, or a run or rollout ended: a wake-up with the last window, seen already or not. */
  z.object({ kind: z.literal('WAKE'), ...occasion, window: windowFactsSchema.nullable() }),
  z.object({
    kind: z.literal('SNOOZE'),
    ...occasion,
    incident: z.string(),
    until: z.iso.datetime({ offset: true }),
    by: z.string().min(1),
    why: z.string().min(1),
  }),
]);
export type ReactEvent = z.infer<typeof reactEventSchema>;
