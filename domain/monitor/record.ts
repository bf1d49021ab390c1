import * as z from 'zod';
import { monitorStateSchema } from '../drift/state.ts';
import { labelDelaysSchema } from '../quality/maturity.ts';
import { qualityStateSchema } from '../quality/state.ts';
import { cohortVerdictSchema } from '../quality/verdict.ts';
import { SIGNALS } from './window.ts';

/** What is kept between windows. */

const count = z.int().min(0);

/** `COHORT#<day>#<version>`: what one version predicted in one day, until enough of its labels have come to judge it. */
export const cohortItemSchema = z.object({
  model: z.string(),
  id: z.string(),
  version: z.int(),
  day: z.string(),
  /** `SCORED` once, by labels that had matured; `MISSED` when they never were enough. */
  status: z.enum(['OPEN', 'SCORED', 'MISSED']),
  /** Captured predictions, and those of them that have a label, as of the last look. */
  rows: count,
  labelled: count,
  loss: z.number().nullable(),
  signal: z.enum(SIGNALS),
  /** How long the labels took that have come, as of the last look. */
  delays: labelDelaysSchema.nullable(),
  /** How many objects of labels there were at the last look: without a new one nothing can have changed. */
  labelObjects: count,
  lookedOn: z.string().nullable(),
  /** The window that scored it. */
  window: z.string().nullable(),
  revision: z.int().min(1),
});
export type CohortItem = z.infer<typeof cohortItemSchema>;

export const cohortId = (day: string, version: number) => `${day}#${String(version).padStart(6, '0')}`;

/** `MONITOR#<version>`: what has been held against a version so far. Written with the window that it was learnt from. */
export const monitorItemSchema = z.object({
  model: z.string(),
  version: z.int(),
  /** The window that was taken in last. */
  window: z.string(),
  /** Accumulators of the features and of the predictions, see domain/drift. */
  drift: monitorStateSchema,
  /** Accumulator of the labelled predictions, see domain/quality; null before its first cohort. */
  quality: qualityStateSchema.nullable(),
  /** What the cohort that was scored last said. */
  lastCohort: cohortVerdictSchema.nullable(),
  revision: z.int().min(1),
});
export type MonitorItem = z.infer<typeof monitorItemSchema>;
