import * as z from 'zod';
import { durationMs } from './duration.ts';

const columnName = z.string().min(1).max(255);
const share = z.number().gt(0).lt(1);

const DAY_MS = 86_400_000;

/** How live predictions are kept, looked at and compared. */
export const monitoringSchema = z.strictObject({
  /** Length of a window; windows start at multiples of it in UTC. */
  every: durationMs.default(3_600_000),
  capture: z
    .strictObject({
      /** Share of the requests that are kept. */
      sample: z.number().min(0).max(1).default(1),
      /** Fields that are never kept. */
      redact: z.array(columnName).default([]),
      keep: durationMs.default(90 * DAY_MS),
    })
    .prefault({}),
  drift: z
    .strictObject({
      /** Population stability index up to which a feature counts as unchanged. */
      delta: share.default(0.02),
      /** One false alarm in so long a time, of all features together. */
      falseAlarms: durationMs.default(91 * DAY_MS),
      /** Features that may move as they like. */
      ignore: z.array(columnName).default([]),
    })
    .prefault({}),
  quality: z
    .strictObject({
      /** Loss more than that of the test rows that is harm. */
      epsilon: share.default(0.01),
      /** Share of the predictions of a cohort that need a label before it is judged. */
      minCoverage: share.default(0.8),
      /** How long labels take; absent: learned from those that came. */
      maturity: durationMs.optional(),
    })
    .prefault({}),
  /** Columns whose values are judged one by one. */
  slices: z.array(columnName).default([]),
});
export type MonitoringConfig = z.infer<typeof monitoringSchema>;

export const DRIFT_REACTIONS = ['notify', 'retrain'] as const;
export const QUALITY_REACTIONS = ['notify', 'retrain', 'rollback'] as const;

/** What happens by itself when something was seen. Whatever is retrained must still win against the champion. */
export const reactionsSchema = z.strictObject({
  /** Features that moved. */
  drift: z.enum(DRIFT_REACTIONS).default('notify'),
  /** Predictions that moved. */
  prediction: z.enum(DRIFT_REACTIONS).default('notify'),
  /** Errors that labels show. */
  quality: z.enum(QUALITY_REACTIONS).default('rollback'),
  /** Least time between two things that are done by themselves. */
  cooldown: durationMs.default(6 * 3_600_000),
  /** Retrainings in any seven days. */
  retrainsPerWeek: z.int().min(0).max(100).default(3),
  /** Labelled predictions that a retraining needs. */
  minLabels: z.int().min(1).default(500),
});
export type ReactionsConfig = z.infer<typeof reactionsSchema>;
