import * as z from 'zod';
import { windowVerdictSchema } from '../drift/verdict.ts';
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
    z.object({
      column: z.string(),
      value: z.string().nullable(),
      n: count,
      loss: z.number().nullable(),
      signal: z.enum(SIGNALS),
    }),
  ),
});
export type QualityReport = z.infer<typeof qualityReportSchema>;

export const versionReportSchema = z.object({
  version: z.int(),
  semver: z.string().nullable(),
  champion: z.boolean(),
  rows: count,
  trainRows: count.nullable(),
  /** Why its captures could not be judged. */
  unjudged: z.string().nullable(),
  verdict: windowVerdictSchema.nullable(),
  /** Of the features that are drawn, in the order of attention. */
  shapes: z.array(z.object({ feature: z.string(), shape: shapeSchema })),
  predictionShape: shapeSchema.nullable(),
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
