import * as z from 'zod';
import { type WorkItem, workItemSchema } from './flow.ts';
import type { Span } from './window.ts';

/** Which captures a window is made of, and how they are divided among the children of the map. */

/** An object of captures: all of one version, and of one hour. */
export interface CaptureObject {
  readonly key: string;
  readonly version: number;
  /** `2026-11-23T10`. */
  readonly hour: string;
  readonly bytes: number;
}

/** Firehose tries for 24 hours to deliver, https://docs.aws.amazon.com/firehose/latest/dev/retry.html; twice that is looked at. */
const LATE_MS = 48 * 3_600_000;

/** The first hour whose captures may still come, as it stands in keys. */
const earliestHour = (from: string) => hourOf(Date.parse(from) - LATE_MS);

/** The hours that a window's captures, and late ones of earlier windows, are found in. */
export function hoursOf(span: Span): { from: string; to: string } {
  return { from: earliestHour(span.from), to: hourOf(Date.parse(span.to) - 1) };
}

const hourOf = (ms: number) => new Date(ms).toISOString().slice(0, 13);

export interface Selection {
  /** Captures to look at now, those of earlier windows among them. */
  readonly objects: readonly CaptureObject[];
  readonly late: number;
  /** Keys that the next window must not look at again. */
  readonly taken: readonly string[];
}

/** Every object is looked at once: whatever is there now and was not there for an earlier window belongs to this one. */
export function select(span: Span, found: readonly CaptureObject[], takenBefore: ReadonlySet<string>): Selection {
  const { from, to } = hoursOf(span);
  const known = found.filter(({ hour }) => hour >= from && hour <= to);
  const objects = known.filter(({ key }) => !takenBefore.has(key)).sort(byKey);
  const first = hourOf(Date.parse(span.from));
  return {
    objects,
    late: objects.filter(({ hour }) => hour < first).length,
    taken: known.map(({ key }) => key).sort(),
  };
}

/** `plan.json`: what a window is made of. */
export const windowPlanSchema = z.object({
  format: z.literal(1),
  attempt: z.int().min(1),
  /** Objects of captures that are profiled, and those of them that belong to earlier windows. */
  objects: z.int().min(0),
  late: z.int().min(0),
  /** See {@link Selection}. */
  taken: z.array(z.string()),
  /** Objects of labels that days are matched with; empty where no day is. */
  labelKeys: z.array(z.string()),
  items: z.array(workItemSchema),
});
export type WindowPlan = z.infer<typeof windowPlanSchema>;

/** As stored. Ten times that as text, of which one child holds the columns: well below its memory. */
const MOST_BYTES = 8 * 1024 ** 2;
const MOST_OBJECTS = 50;

/** Work for the map, a few objects of one version each. The same objects give the same items, in whatever order they came. */
export function divide(
  objects: readonly CaptureObject[],
  { attempt, cohort = null }: { attempt: number; cohort?: string | null },
): WorkItem[] {
  const items: WorkItem[] = [];
  let open: { version: number; objects: WorkItem['objects']; bytes: number } | null = null;
  const close = () => {
    if (!open) return;
    const kind = cohort === null ? 'profile' : `labels-${cohort}`;
    const sequence = String(items.length + 1).padStart(5, '0');
    const id = `${attempt}-${kind}-${String(open.version).padStart(6, '0')}-${sequence}`;
    items.push({ id, version: open.version, objects: open.objects, cohort });
  };
  for (const { key, version, bytes } of [...objects].sort(byKey)) {
    const full = open !== null && (open.bytes + bytes > MOST_BYTES || open.objects.length === MOST_OBJECTS);
    if (open === null || full || open.version !== version) {
      close();
      open = { version, objects: [], bytes: 0 };
    }
    open.objects.push({ key, bytes });
    open.bytes += bytes;
  }
  close();
  return items;
}

const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** Part of the captures that may be lost, by attempt: what nobody can read must not stop all watching. */
export const toleratedShare = (attempt: number) => (attempt < 3 ? 0.2 : 1);
