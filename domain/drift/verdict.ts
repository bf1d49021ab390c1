import * as z from 'zod';
import { SIGNALS } from '../monitor/window.ts';

/** What a window says, with its numbers: what is stored and shown. */

const count = z.int().min(0);
const share = z.number().min(0).max(1);
const signal = z.enum(SIGNALS);

/** Shares that are looked at beside the distribution of the values. */
export const SIDES = ['missing', 'unseen', 'range', 'top'] as const;
export type Side = (typeof SIDES)[number];

export const sideVerdictSchema = z.object({
  side: z.enum(SIDES),
  /** `ALERT` from the second window in a row on. */
  signal,
  /** Share in training, what is tolerated of it (its upper bound and half a point), and now. */
  reference: share,
  tolerated: share,
  now: share,
  p: share,
  since: z.string().nullable(),
  sentence: z.string(),
});
export type SideVerdict = z.infer<typeof sideVerdictSchema>;

export const columnVerdictSchema = z.object({
  name: z.string(),
  kind: z.enum(['numeric', 'categorical']),
  /** About the distribution of the values; `sides` have their own. */
  signal,
  /** Why a column is not compared; `empty`: training had no values of it. */
  unwatched: z.enum(['ignored', 'redacted', 'absent', 'empty']).nullable(),
  /** Values that were compared, carried ones of smaller windows included, and how many are needed. */
  n: count,
  needs: count,
  /** Windows whose counts are in `n`. */
  windows: count,
  /** Index without what chance adds, its lower bound, and the p-value of "at most delta"; null: not enough values. */
  psi: z.number().min(0).nullable(),
  atLeast: z.number().min(0).nullable(),
  p: share.nullable(),
  /** The index that counts as unchanged: more than the configured one where training was too small to know better. */
  delta: z.number(),
  overdispersion: z.number().min(1),
  /** The accumulated evidence and what makes an alert of it, and what this window multiplied it by. */
  evidence: z.number().min(0),
  needed: z.number().min(0),
  factor: z.number().min(0).nullable(),
  /** Whether this very window completed the evidence; an alert stays until windows speak against it. */
  fresh: z.boolean(),
  since: z.string().nullable(),
  sides: z.array(sideVerdictSchema),
  /** The sides look like a fault of the data rather than a change of the world: nothing to be learnt from. */
  broken: z.boolean(),
  /** Share of the model's trust in this feature; null: unknown. */
  importance: share.nullable(),
  /** That share times √PSI, which is about the shift in standard deviations: how far what the model relies on has moved. */
  weight: z.number().min(0).nullable(),
  direction: z.enum(['up', 'down', 'wider', 'narrower', 'mixed']).nullable(),
  /** How it moved, with numbers; null where nothing did that matters. */
  sentence: z.string().nullable(),
});
export type FeatureVerdict = z.infer<typeof columnVerdictSchema>;
export type PredictionVerdict = FeatureVerdict;

/** Loss that calibrated probabilities expect of themselves, without any label. Shown; nothing acts on it alone. */
export const expectedLossSchema = z.object({
  n: count,
  /** Mean over the window, and on the test rows. */
  now: share,
  reference: share,
  /** The loss on the test rows plus the difference of both. */
  estimate: share,
});
export type ExpectedLossVerdict = z.infer<typeof expectedLossSchema>;

export const FINDINGS = ['brokenLines', 'wrongType', 'newColumn', 'absentColumn'] as const;

export const dataQualityVerdictSchema = z.object({
  /** The worst of the findings and of all sides. */
  signal,
  findings: z.array(
    z.object({
      finding: z.enum(FINDINGS),
      column: z.string().nullable(),
      count,
      rows: count,
      signal,
      sentence: z.string(),
    }),
  ),
});
export type DataQualityVerdict = z.infer<typeof dataQualityVerdictSchema>;

export const windowVerdictSchema = z.object({
  format: z.literal(1),
  window: z.string(),
  rows: count,
  /** The worst of the features that are not broken: what the accumulators and single windows say of distributions. */
  signal,
  /** In the order of the training profile. */
  features: z.array(columnVerdictSchema),
  prediction: columnVerdictSchema.nullable(),
  expectedLoss: expectedLossSchema.nullable(),
  data: dataQualityVerdictSchema,
  /** Names of features that alert, the ones that matter most to the model first; and of those that are merely suspect. */
  alerts: z.array(z.string()),
  suspects: z.array(z.string()),
  budget: z.object({ windows: z.number(), features: count }),
});
export type WindowVerdict = z.infer<typeof windowVerdictSchema>;
