import * as z from 'zod';
import { byName } from './by-name.ts';
import { estimateSchema } from './flow.ts';

/** What a run knows of its challenger after scoring the test split: `evaluation.json`. Small; the rows are in `scores.json`. */

/** Estimates by metric name; a metric that cannot be told from these rows is absent here and named in `unmeasured`. */
const metricsSchema = z.record(z.string(), estimateSchema);

const sliceSchema = z.object({
  column: z.string(),
  /** The value that these rows share; null is the missing value. */
  value: z.string().nullable(),
  rows: z.int(),
  /** Rows of the rarest class within the slice; null for regression. */
  rarerClass: z.int().nullable(),
  challenger: metricsSchema,
  champion: metricsSchema.nullable(),
});

/** The challenger's answer for one configured golden row, in the order of the configuration. */
const goldenRowSchema = z.object({
  instance: byName(z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** Predicted label of a classifier. */
  label: z.string().optional(),
  /** P(positive) of a binary classifier, probability of the predicted label of a multiclass one. */
  score: z.number().optional(),
  /** Prediction of a regression. */
  value: z.number().optional(),
  /** Why the serving code refused the row, when it did. */
  error: z.string().optional(),
});

/** How well one feature alone tells the target: AUC (the best one-against-the-rest for several classes) or R². */
const leakageSchema = z.object({ column: z.string(), measure: z.enum(['auc', 'r2']), value: z.number() });

export const evaluationSchema = z.object({
  model: z.string(),
  runId: z.string(),
  kind: z.enum(['binary', 'multiclass', 'regression']),
  rows: z.int(),
  metrics: z.object({ challenger: metricsSchema, champion: metricsSchema.nullable() }),
  /** Metric name to the reason why it could not be told. */
  unmeasured: z.record(z.string(), z.string()).default({}),
  slices: z.array(sliceSchema),
  /** Time of one prediction in the serving code. */
  latencyMs: z.object({ samples: z.int(), p50: z.number(), p95: z.number(), p99: z.number() }),
  artifactBytes: z.int(),
  goldenRows: z.array(goldenRowSchema),
  leakage: z.array(leakageSchema),
  /** The challenger says the same for every row. */
  constantPrediction: z.boolean(),
  importance: z.array(z.object({ column: z.string(), importance: z.number() })),
  /** Version number of the champion that was scored on the same rows. */
  championVersion: z.int().nullable(),
  /** Why there is a champion that could not be scored on these rows, for example because the input contract changed. */
  incomparable: z.string().nullable(),
});
export type Evaluation = z.infer<typeof evaluationSchema>;
export type SliceEvaluation = Evaluation['slices'][number];
export type GoldenRow = Evaluation['goldenRows'][number];
export type Leakage = Evaluation['leakage'][number];
export type Metrics = z.infer<typeof metricsSchema>;
