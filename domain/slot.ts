import * as z from 'zod';
import { canonicalSha256 } from './canonical-json.ts';
import { type Run, runSchema } from './flow.ts';
import type { DatasetItem, RunStatus } from './registry-items.ts';

/**
 * One run per model at a time. A second upload waits as the pending one; a newer one takes its place, visibly. S3 and
 * EventBridge deliver at least once and out of order, so the slot also tells repeated and late events apart from new data.
 */

const entrySchema = z.object({ run: runSchema, uploadId: z.string(), sequencer: z.string() });
/** A run that holds the slot, or waits for it. */
export type SlotEntry = z.infer<typeof entrySchema>;

const recentSchema = z.object({ key: z.string(), sequencer: z.string() });

/** `SLOT`: `revision` 0 means "not stored". */
export const slotSchema = z.object({
  model: z.string(),
  running: entrySchema.nullable(),
  pending: entrySchema.nullable(),
  /** The newest sequencer accepted of each of the keys seen last, newest last. */
  recent: z.array(recentSchema),
  revision: z.int().min(0),
});
export type Slot = z.infer<typeof slotSchema>;

export const emptySlot = (model: string): Slot => ({ model, running: null, pending: null, recent: [], revision: 0 });

/** One object version with its content known. */
export interface Offered {
  readonly dataset: Run['dataset'];
  readonly sequencer: string;
  /** What the run would be made with, see {@link trainingRecipe}. */
  readonly recipe: string;
}

export type SlotDecision =
  | { action: 'start'; slot: Slot; entry: SlotEntry; attempt: number }
  | { action: 'wait'; slot: Slot; entry: SlotEntry; attempt: number; behind: string }
  | { action: 'supersede'; slot: Slot; entry: SlotEntry; attempt: number; behind: string; superseded: SlotEntry }
  /** The content is known; with `sameUpload` the very event is, and whatever it started must only be ensured. */
  | { action: 'duplicate'; of: string; status: RunStatus; sameUpload: boolean }
  | { action: 'stale'; newer: { key: string; sequencer: string } };

/** Decides what an upload does, given all that was tried with the same content before. */
export function offer(slot: Slot, offered: Offered, history: DatasetItem | null): SlotDecision {
  const { dataset, sequencer } = offered;
  const id = uploadId(dataset.versionId);
  const repeated = repeats(offered, id, history);
  if (repeated) return repeated;
  const newer = newerThan(slot, offered);
  if (newer) return { action: 'stale', newer };

  const attempt = (history?.attempts.length ?? 0) + 1;
  const run: Run = { model: slot.model, runId: runId(slot.model, dataset.sha256, attempt), dataset };
  const entry: SlotEntry = { run, uploadId: id, sequencer };
  const next = { ...slot, recent: remember(slot.recent, dataset.key, sequencer), revision: slot.revision + 1 };
  if (!slot.running) return { action: 'start', slot: { ...next, running: entry }, entry, attempt };
  const waiting = { slot: { ...next, pending: entry }, entry, attempt, behind: slot.running.run.runId };
  return slot.pending ? { action: 'supersede', ...waiting, superseded: slot.pending } : { action: 'wait', ...waiting };
}

/** Takes a settled run out of the slot and moves the pending one in; `next` is to be started. Repeating it changes nothing. */
export function release(slot: Slot, settled: string): { slot: Slot; next: SlotEntry | null } {
  if (slot.running?.run.runId !== settled) return { slot, next: null };
  return { slot: { ...slot, running: slot.pending, pending: null, revision: slot.revision + 1 }, next: slot.pending };
}

/** `<model>-<24 hex digits of the content>`, then `-2`, …: a legal name of a Step Functions execution, at most 80 characters. */
export function runId(model: string, sha256: string, attempt: number): string {
  return `${model}-${sha256.slice(0, 24)}${attempt > 1 ? `-${attempt}` : ''}`;
}

/** Identifies one object version, whichever event told of it: S3 never gives the same version id twice. */
export const uploadId = (versionId: string) => versionId;

/** A sequencer for an object version that was found without its event: just above the newest one that was accepted of its key. */
export function sequencerAfter(slot: Slot, key: string): string {
  const newest = slot.recent.find((recent) => recent.key === key)?.sequencer ?? '';
  return `${newest}01`;
}

/** What a run is made with besides the data: when it changes, known content is worth another run. */
export const trainingRecipe = (config: unknown, codeCommit: string) => canonicalSha256({ config, codeCommit });

/**
 * Orders two events of one key: negative when `a` came first. S3 documents the comparison: pad the shorter value with
 * zeros on the right, then compare as text (S3 user guide, "Event message structure").
 */
export function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const [left, right] = [a.toUpperCase().padEnd(length, '0'), b.toUpperCase().padEnd(length, '0')];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Outcomes after which the same content would only repeat itself. */
const CONCLUSIVE: ReadonlySet<RunStatus> = new Set(['REGISTERED', 'REJECTED', 'QUARANTINED']);
const UNDER_WAY: ReadonlySet<RunStatus> = new Set(['PENDING', 'RUNNING']);

function repeats(offered: Offered, id: string, history: DatasetItem | null): SlotDecision | undefined {
  const sameUpload = history?.attempts.find((attempt) => attempt.uploadId === id);
  if (sameUpload) return { action: 'duplicate', of: sameUpload.runId, status: sameUpload.status, sameUpload: true };
  const last = history?.attempts.at(-1);
  if (!last) return undefined;
  const repeated = UNDER_WAY.has(last.status) || (CONCLUSIVE.has(last.status) && last.recipe === offered.recipe);
  return repeated ? { action: 'duplicate', of: last.runId, status: last.status, sameUpload: false } : undefined;
}

/** Sequencers order the events of one key only; between keys, the time of the upload decides who may wait. */
function newerThan(slot: Slot, { dataset, sequencer }: Offered): { key: string; sequencer: string } | undefined {
  const accepted = slot.recent.find((recent) => recent.key === dataset.key);
  if (accepted && compareSequencers(sequencer, accepted.sequencer) < 0) return accepted;
  const waiting = slot.pending;
  if (waiting && waiting.run.dataset.key !== dataset.key && waiting.run.dataset.uploadedAt > dataset.uploadedAt) {
    return { key: waiting.run.dataset.key, sequencer: waiting.sequencer };
  }
  return undefined;
}

/** Keeps the item small (a key is at most 1024 bytes, an item 400 KB); an event later than 100 newer keys is found by its content. */
const REMEMBERED_KEYS = 100;

function remember(recent: Slot['recent'], key: string, sequencer: string): Slot['recent'] {
  return [...recent.filter((entry) => entry.key !== key), { key, sequencer }].slice(-REMEMBERED_KEYS);
}
