import * as z from 'zod';

/** Stretches of time whose captures are looked at together. A window is called by its start: `2026-11-23T10:00Z`. */

/** What became of a window. `STOPPED`: it was asked for predictions, and nothing of them was captured. */
export const WINDOW_STATUSES = [
  'RUNNING',
  'FAILED',
  'EMPTY',
  'STOPPED',
  'INSUFFICIENT',
  'OK',
  'SUSPECT',
  'DRIFT',
  'LOSS',
] as const;
export type WindowStatus = (typeof WINDOW_STATUSES)[number];

/** How much is held against something that is watched: an `ALERT` is confirmed, an `ALERT_SINGLE` stands on one window. */
export const SIGNALS = ['NONE', 'INSUFFICIENT', 'SUSPECT', 'ALERT_SINGLE', 'ALERT'] as const;
export type Signal = (typeof SIGNALS)[number];

const count = z.int().min(0);
const sentences = z.array(z.string()).max(5);

/** What one version's own captures say of it, in short; the report has the rest. */
export const versionSummarySchema = z.object({
  version: z.int(),
  semver: z.string().nullable(),
  /** Whether it was the champion when the window was judged. */
  champion: z.boolean(),
  rows: count,
  /** Features that alert now by either test, largest first; `confirmed` by the accumulator. */
  alerts: z.array(z.object({ feature: z.string(), psi: z.number(), confirmed: z.boolean() })),
  suspects: z.array(z.string()),
  maxPsi: z.number().nullable(),
  input: z.enum(SIGNALS),
  prediction: z.enum(SIGNALS),
  predictionPsi: z.number().nullable(),
  /** About the data itself: broken lines, new columns, values of another type, missing and never seen ones. */
  data: z.enum(SIGNALS),
  findings: count,
  /** What was seen, a sentence each, the most telling first; at most five. */
  details: z.object({ input: sentences, prediction: sentences, data: sentences }),
  /** Why it could not be judged, for example because its profile is gone. */
  unjudged: z.string().nullable(),
});
export type VersionSummary = z.infer<typeof versionSummarySchema>;

/** What labels say of a version, as of the cohort that was scored last. */
export const qualitySummarySchema = z.object({
  version: z.int(),
  signal: z.enum(SIGNALS),
  /** Mean loss of the labelled predictions, and what it was at evaluation as it may at most be. */
  loss: z.number().nullable(),
  limit: z.number().nullable(),
  coverage: z.number().nullable(),
  sentence: z.string(),
  details: sentences,
  /** Cohorts scored in this window; none where it only repeats what is known. */
  scored: z.array(z.string()),
});
export type QualitySummary = z.infer<typeof qualitySummarySchema>;

/** `WINDOW#<id>`: one window from its collection to its report. */
export const windowItemSchema = z.object({
  model: z.string(),
  id: z.string(),
  from: z.string(),
  to: z.string(),
  status: z.enum(WINDOW_STATUSES),
  /** Name of the execution that works on it, or did. */
  owner: z.string(),
  /** One more each time that an earlier owner failed. */
  attempt: z.int().min(1),
  revision: z.int().min(1),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  /** The champion when it was judged. */
  champion: z.int().nullable(),
  captured: z.object({
    rows: count,
    objects: count,
    /** Objects of earlier windows that came after those were closed. */
    lateObjects: count,
    brokenLines: count,
    /** Objects that nobody could read. */
    brokenObjects: count,
    /** Requests beyond a request's share of captured instances. */
    leftOut: count,
  }),
  /** Requests were answered, and nothing of them was captured. */
  captureStopped: z.boolean(),
  versions: z.array(versionSummarySchema),
  quality: qualitySummarySchema.nullable(),
  /** What was found, in one sentence for people. */
  sentence: z.string(),
  /** Where the objects that were looked at last are listed: those of this window, or of an earlier one while it is empty. */
  planKey: z.string().nullable(),
  reportKey: z.string().nullable(),
  pageKey: z.string().nullable(),
  /** Why it failed. */
  failure: z.string().nullable(),
});
export type WindowItem = z.infer<typeof windowItemSchema>;

/** Time after a window's end in which its captures still arrive: Firehose waits 5 minutes, and tries again. */
export const GRACE_MS = 15 * 60_000;

export interface Span {
  readonly id: string;
  readonly from: string;
  readonly to: string;
}

/**
 * The window that is due: from where the last one ended to the last boundary that has passed for long enough. After an
 * outage it is a longer one; null while nothing is due.
 */
export function dueWindow(now: string, everyMs: number, lastTo: string | null): Span | null {
  const to = boundary(Date.parse(now) - GRACE_MS, everyMs);
  const from = lastTo === null ? to - everyMs : Date.parse(lastTo);
  return from < to ? { id: windowId(from), from: iso(from), to: iso(to) } : null;
}

/** The last multiple of `everyMs` since 1970; a week's windows therefore start on Thursdays. */
const boundary = (ms: number, everyMs: number) => Math.floor(ms / everyMs) * everyMs;

/** `2026-11-23T10:00Z`; with seconds only where a window starts between minutes. */
export function windowId(ms: number): string {
  const text = iso(ms);
  return text.endsWith(':00.000Z') ? `${text.slice(0, 16)}Z` : text;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** The window's id where colons are not allowed: names of executions. */
export const executionName = (id: string) => id.replaceAll(':', '-');

/** The day that a moment belongs to, which is what labels are judged by. */
export const dayOf = (time: string) => time.slice(0, 10);
