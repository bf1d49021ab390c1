import * as z from 'zod';
import { categoricalProfileSchema, numericProfileSchema } from '../profile.ts';
import { SIDES } from './verdict.ts';

const count = z.int().min(0);

/** Counts of windows that were too small on their own, without the frame: that is the reference's. */
const frameless = { frame: true, name: true } as const;
const carriedSchema = z.discriminatedUnion('kind', [
  numericProfileSchema.omit(frameless),
  categoricalProfileSchema.omit(frameless),
]);
export type CarriedCounts = z.infer<typeof carriedSchema>;

export const columnStateSchema = z.object({
  name: z.string(),
  /** S of the e-detector of each alternative; none after an alert. */
  evidence: z.array(z.number().min(0)),
  /** The window of the first alert that has not been cleared since. */
  since: z.string().nullable(),
  /** ln of the evidence that it is over, never below 0. */
  cleared: z.number().min(0),
  /** Sides that are out of bounds: from when on, and in how many judged windows in a row. */
  sides: z.array(z.object({ side: z.enum(SIDES), since: z.string(), windows: count })),
  carried: z.object({ windows: count, counts: carriedSchema }).nullable(),
});
export type ColumnState = z.infer<typeof columnStateSchema>;

/** What is held against one version so far; JSON, about 150 bytes a feature, more while windows are too small. */
export const monitorStateSchema = z.object({
  format: z.literal(1),
  /** The window that was taken in last. */
  window: z.string().nullable(),
  features: z.array(columnStateSchema),
  prediction: columnStateSchema.nullable(),
});
export type MonitorState = z.infer<typeof monitorStateSchema>;

export const emptyMonitorState: MonitorState = { format: 1, window: null, features: [], prediction: null };

export const emptyColumnState = (name: string): ColumnState => ({
  name,
  evidence: [],
  since: null,
  cleared: 0,
  sides: [],
  carried: null,
});
