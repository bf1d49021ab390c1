import * as z from 'zod';
import type { MonitoringConfig } from '../watch-config.ts';

export const driftSettingsSchema = z.object({
  /** Population stability index up to which a column counts as unchanged. */
  delta: z.number().min(0).lt(1),
  /** A: one false alert of the features in so many windows, all of them together; of the predictions, a third of that. */
  falseAlarmWindows: z.number().min(1),
  /** Features that may move as they like. */
  ignore: z.array(z.string()),
  /** Fields that are never captured: there is nothing to compare. */
  redacted: z.array(z.string()),
});
export type DriftSettings = z.infer<typeof driftSettingsSchema>;

/** The settings of a model, its budget of false alarms counted in windows. */
export const driftSettings = ({ every, drift, capture }: MonitoringConfig): DriftSettings => ({
  delta: drift.delta,
  falseAlarmWindows: Math.max(1, drift.falseAlarms / every),
  ignore: [...drift.ignore],
  redacted: [...capture.redact],
});
