import * as z from 'zod';
import type { MonitoringConfig } from '../watch-config.ts';

export const qualitySettingsSchema = z.object({
  /** Loss beyond that of the test rows that is harm. */
  epsilon: z.number().gt(0).lt(1),
  /** Share of a cohort's predictions that need a label. */
  minCoverage: z.number().gt(0).lte(1),
  /** Age that a cohort needs, ms; null: learned from the labels that came. */
  maturityMs: z.number().nullable(),
  /** A: one false alarm in so many cohorts. */
  falseAlarmCohorts: z.number().min(1),
});
export type QualitySettings = z.infer<typeof qualitySettingsSchema>;

/** Two years of daily cohorts. */
const FALSE_ALARM_COHORTS = 730;

export const qualitySettings = ({ quality }: MonitoringConfig): QualitySettings => ({
  epsilon: quality.epsilon,
  minCoverage: quality.minCoverage,
  maturityMs: quality.maturity ?? null,
  falseAlarmCohorts: FALSE_ALARM_COHORTS,
});
