import * as z from 'zod';
import { byName } from '../by-name.ts';
import { columnProfileSchema, profileSchema } from '../profile.ts';
import { labelDelaysSchema } from '../quality/maturity.ts';

/** What the steps of the monitor state machine are asked and answer. */

const count = z.int().min(0);
const owner = z.string().min(1);
const window = z.string().min(1);
const location = z.object({ bucket: z.string(), key: z.string() });

/** Captures of one version that are looked at together: what one child of the map is given. */
export const workItemSchema = z.object({
  id: z.string(),
  version: z.int().min(1),
  objects: z.array(z.object({ key: z.string(), bytes: count })).min(1),
  /** The day whose predictions are matched with their labels; null: the captures are profiled. */
  cohort: z.string().nullable(),
});
export type WorkItem = z.infer<typeof workItemSchema>;

const failure = z.object({ Error: z.string().optional(), Cause: z.string().optional() });

export const monitorStepInput = z.discriminatedUnion('action', [
  z.object({ action: z.literal('collect'), owner, time: z.iso.datetime({ offset: true }) }),
  z.object({ action: z.literal('profile'), window, item: workItemSchema }),
  z.object({
    action: z.literal('compare'),
    window,
    owner,
    /** Whether the map had something to do. */
    work: z.boolean(),
  }),
  z.object({ action: z.literal('fail'), owner, failure }),
]);
export type MonitorStepInput = z.infer<typeof monitorStepInput>;

export const collectOutput = z.object({
  /** `WORK`: there is something for the map; `IDLE`: only the controller has to be woken; `NOT_DUE`: nothing is to be done. */
  status: z.enum(['WORK', 'IDLE', 'NOT_DUE']),
  window: z.string().nullable(),
  /** The list that the map goes through. */
  objects: location.nullable(),
});
export type Collected = z.infer<typeof collectOutput>;

export const profileOutput = z.object({ rows: count });

export const compareOutput = z.object({
  status: z.string(),
  /** Whether the controller has to look at it. */
  wake: z.boolean(),
  /** Name of the controller's execution: the same for the same window. */
  name: z.string(),
});
export type Compared = z.infer<typeof compareOutput>;

/** `profiles/<item>.json`: what one child of the map found in its captures. Adds up with those of the same version. */
export const profiledItemSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  version: z.int(),
  rows: count,
  /** In the frame of the version's training profile; null where that is gone. */
  profile: profileSchema.nullable(),
  /** What was predicted, in the frame of the predictions on its test rows. */
  predictions: columnProfileSchema.nullable(),
  /** Loss that the probabilities expect of themselves, summed; null without probabilities. */
  expected: z.object({ n: count, expected: z.number() }).nullable(),
  brokenLines: count,
  brokenObjects: z.array(z.string()),
  leftOut: count,
  /** Fields that the version does not know, and values of known ones that it could not have read, by column. */
  newColumns: byName(count),
  wrongTypes: byName(count),
  /** Rows by feature that did not have it. */
  absent: byName(count),
  /** Why the version cannot be judged. */
  unjudged: z.string().nullable(),
});
export type ProfiledItem = z.infer<typeof profiledItemSchema>;

/** What one child of the map found when it matched captures of a day with labels. Adds up with those of the same day. */
export const labelledItemSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  version: z.int(),
  cohort: z.string(),
  rows: count,
  labelled: count,
  /** Labelled predictions that are wrong, see `lossOf` in domain/quality. */
  losses: count,
  slices: z.array(z.object({ column: z.string(), value: z.string().nullable(), n: count, losses: count })),
  delays: labelDelaysSchema,
  /** Why they cannot be judged. */
  unjudged: z.string().nullable(),
});
export type LabelledItem = z.infer<typeof labelledItemSchema>;
