import { trainingPrefix } from '../../domain/names.ts';
import { uploadId } from '../../domain/slot.ts';
import { uploadKind } from '../../domain/uploads.ts';
import { type SettlePorts, settle } from '../settle/settle.ts';
import { announceRun } from '../shared/outcomes.ts';
import type { StoredUpload } from '../shared/stored-uploads.ts';

export interface ReconcilePorts extends SettlePorts {
  /** Every object version below a prefix, without delete markers. */
  stored(prefix: string): AsyncIterable<StoredUpload>;
  /** Puts an "Object Created" event into the intake queue, for an object whose own event was lost. */
  offer(upload: StoredUpload): Promise<void>;
}

/** What was found and mended; all zero on a good day. */
export interface Reconciled {
  offered: number;
  started: number;
  settled: number;
  announced: number;
}

/** Events on their way are not lost yet. */
const GRACE_MS = 10 * 60_000;
const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);

/**
 * Compares what is stored with what was recorded and finishes what fell between: events that never came, a run that was
 * never started or never settled, an outcome nobody was told of.
 */
export async function reconcile(model: string, ports: ReconcilePorts): Promise<Reconciled> {
  const found: Reconciled = { offered: 0, started: 0, settled: 0, announced: 0 };
  await offerLost(model, ports, found);
  await finishRuns(ports, found);
  return found;
}

async function offerLost(model: string, ports: ReconcilePorts, found: Reconciled): Promise<void> {
  const recorded = new Set((await ports.registry.uploads()).map((upload) => upload.id));
  const before = Date.parse(ports.now()) - GRACE_MS;
  for await (const upload of ports.stored(trainingPrefix(model))) {
    const kind = uploadKind(upload.key);
    const due = (kind === 'file' || kind === 'manifest') && Date.parse(upload.modifiedAt) < before;
    // Of several lost versions of one key only the newest is what its owner wants trained.
    if (!due || !upload.latest || recorded.has(uploadId(upload.versionId))) continue;
    await ports.offer(upload);
    found.offered += 1;
  }
}

async function finishRuns(ports: ReconcilePorts, found: Reconciled): Promise<void> {
  const { running } = await ports.registry.slot();
  if (running) {
    const { runId } = running.run;
    const status = await ports.executions.status(runId);
    if (status === null) {
      await ports.executions.start(running.run);
      found.started += 1;
    } else if (ENDED.has(status)) {
      const reasons = [`execution ${runId} ended as ${status} without recording its outcome`];
      await settle(runId, { status: 'FAILED', version: null, semver: null, reportKey: null, reasons }, ports);
      found.settled += 1;
    }
  }
  for (const run of await ports.registry.runs()) {
    if (run.endedAt === null || run.announced) continue;
    await announceRun(run, ports);
    found.announced += 1;
  }
}
