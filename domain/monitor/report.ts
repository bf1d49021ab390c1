import * as z from 'zod';
import { qualitySummarySchema, SIGNALS, WINDOW_STATUSES, windowItemSchema } from './window.ts';

/** The report of a window as data: what was seen, held against training, decided and why. `page.ts` makes the page. */

const count = z.int().min(0);
const shares = z.array(z.number());

/** Training and now over the same bins; shares of each sum to 1, missing values left out. */
export const shapeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('numeric'),
    /** Bin `b` holds the values in (edges[b-1], edges[b]]. */
    edges: z.array(z.number()),
    /** How far each side reaches; what lies beyond the usual range of training is cut off. */
    low: z.number(),
    high: z.number(),
    now: z.object({ min: z.number().nullable(), max: z.number().nullable() }),
    training: shares,
    current: shares,
  }),
  z.object({
    kind: z.literal('categorical'),
    labels: z.array(z.string()),
    training: shares,
    current: shares,
  }),
]);
export type Shape = z.infer<typeof shapeSchema>;

/** A look at one quantity beside its distribution, such as the share of missing values. */
const sideSchema = z.object({
  what: z.string(),
  /** Share in training, and now. */
  reference: z.number(),
  now: z.number(),
  signal: z.enum(SIGNALS),
});

export const columnReportSchema = z.object({
  name: z.string(),
  kind: z.enum(['numeric', 'categorical']),
  signal: z.enum(SIGNALS),
  n: count,
  /** Population stability index without what chance adds; `atLeast` is its lower bound. */
  psi: z.number().nullable(),
  atLeast: z.number().nullable(),
  p: z.number().nullable(),
  /** Evidence gathered over the windows, as a multiple of what it started with; an alert at `needed`. */
  evidence: z.number().nullable(),
  needed: z.number().nullable(),
  /** Share of the model's trust in this feature, 0 to 1. */
  importance: z.number().nullable(),
  /** What changed, as a sentence; null where nothing did that matters. */
  moved: z.string().nullable(),
  sides: z.array(sideSchema),
  /** Only of what is drawn. */
  shape: shapeSchema.nullable(),
});
export type ColumnReport = z.infer<typeof columnReportSchema>;

const findingSchema = z.object({
  what: z.string(),
  /** The column that it is about. */
  column: z.string().nullable(),
  count: count.nullable(),
  signal: z.enum(SIGNALS),
});
export type Finding = z.infer<typeof findingSchema>;

export const qualityReportSchema = qualitySummarySchema.extend({
  /** Loss as it is called: share of wrong labels, or mean error as a share. */
  measure: z.string(),
  atEvaluation: z.number().nullable(),
  interval: z.object({ lower: z.number(), upper: z.number() }).nullable(),
  evidence: z.number().nullable(),
  needed: z.number().nullable(),
  /** Days by the time of their predictions, oldest first. */
  cohorts: z.array(
    z.object({
      day: z.string(),
      status: z.enum(['OPEN', 'SCORED', 'MISSED']),
      rows: count,
      labelled: count,
      loss: z.number().nullable(),
      signal: z.enum(SIGNALS),
    }),
  ),
  slices: z.array(
    z.object({ column: z.string(), value: z.string().nullable(), n: count, loss: z.number(), signal: z.enum(SIGNALS) }),
  ),
});
export type QualityReport = z.infer<typeof qualityReportSchema>;

export const versionReportSchema = z.object({
  version: z.int(),
  semver: z.string().nullable(),
  champion: z.boolean(),
  rows: count,
  trainRows: count.nullable(),
  unjudged: z.string().nullable(),
  /** What this version's captures say, in one sentence. */
  sentence: z.string(),
  input: z.enum(SIGNALS),
  data: z.enum(SIGNALS),
  /** Every feature, the ones that need a reader's eye first. */
  features: z.array(columnReportSchema),
  prediction: columnReportSchema.nullable(),
  findings: z.array(findingSchema),
  quality: qualityReportSchema.nullable(),
});
export type VersionReport = z.infer<typeof versionReportSchema>;

export const trendSchema = z.object({
  id: z.string(),
  status: z.enum(WINDOW_STATUSES),
  rows: count,
  maxPsi: z.number().nullable(),
  predictionPsi: z.number().nullable(),
  alerts: count,
  loss: z.number().nullable(),
});
export type TrendPoint = z.infer<typeof trendSchema>;

/** `report.json` of a window. */
export const windowReportSchema = z.object({
  format: z.literal(1),
  model: z.string(),
  window: z.object({ id: z.string(), from: z.string(), to: z.string() }),
  status: z.enum(WINDOW_STATUSES),
  writtenAt: z.string(),
  /** What was found and what follows from it. */
  sentence: z.string(),
  /** What fired and why, one line each; empty when nothing did. */
  fired: z.array(z.object({ signal: z.enum(SIGNALS), what: z.string(), why: z.string() })),
  captured: windowItemSchema.shape.captured,
  captureStopped: z.boolean(),
  settings: z.object({
    /** Index up to which a feature counts as unchanged. */
    delta: z.number(),
    /** One false alarm in so many windows, all features together. */
    falseAlarmWindows: z.number(),
  }),
  /** The champion first. */
  versions: z.array(versionReportSchema),
  /** Windows up to this one, oldest first. */
  trend: z.array(trendSchema),
});
export type WindowReport = z.infer<typeof windowReportSchema>;
