import * as z from 'zod';
import { SIGNALS } from '../monitor/window.ts';

const count = z.int().min(0);

const judgedLoss = {
  /** Predictions with a label, and how many of them are wrong (of a regression: far off). */
  n: count,
  losses: count,
  loss: z.number().min(0).max(1).nullable(),
  interval: z.object({ lower: z.number(), upper: z.number() }).nullable(),
  /** Loss on the test rows, and the most that is tolerated: its upper bound and epsilon. */
  reference: z.number(),
  limit: z.number(),
  /** Accumulated evidence and what makes an alarm of it. */
  evidence: z.number().min(0),
  needed: z.number().min(0),
  signal: z.enum(SIGNALS),
  /** Whether this very cohort completed the evidence. */
  fresh: z.boolean(),
  since: z.string().nullable(),
};

export const cohortVerdictSchema = z.object({
  format: z.literal(1),
  cohort: z.string(),
  /** `WAITING`: too young. `INSUFFICIENT`: too few labels, it may be asked again. `SCORED`: taken in. `KNOWN`: was before. */
  status: z.enum(['WAITING', 'INSUFFICIENT', 'SCORED', 'KNOWN']),
  rows: count,
  coverage: z.number().min(0).max(1).nullable(),
  ...judgedLoss,
  slices: z.array(z.object({ column: z.string(), value: z.string().nullable(), ...judgedLoss })),
  sentence: z.string(),
});
export type CohortVerdict = z.infer<typeof cohortVerdictSchema>;
export type SliceLossVerdict = CohortVerdict['slices'][number];
