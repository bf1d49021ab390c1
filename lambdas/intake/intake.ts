import { InvalidDataset } from '../../domain/errors.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import { type NamedModelConfig, trainingSettings } from '../../domain/model-config.ts';
import {
  type DatasetItem,
  type RunItem,
  type RunStatus,
  type Upload,
  withStatus,
} from '../../domain/registry-items.ts';
import {
  type Offered,
  offer,
  type SlotDecision,
  type SlotEntry,
  sequencerAfter,
  trainingRecipe,
  uploadId,
} from '../../domain/slot.ts';
import { uploadKind } from '../../domain/uploads.ts';
import type { Executions } from '../shared/executions.ts';
import { announceRun, announceUpload, type OutcomeAnnouncer } from '../shared/outcomes.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';
import { identify, type UploadReader } from './identify.ts';
import type { ObjectCreated } from './object-event.ts';

export interface IntakePorts {
  readonly registry: Registry;
  readonly uploads: UploadReader;
  readonly executions: Executions;
  readonly announcer: OutcomeAnnouncer;
  now(): string;
}

export interface IntakeSettings {
  readonly config: NamedModelConfig;
  readonly dataBucket: string;
  readonly codeCommit: string;
}

/** What became of one event, for the log. */
export type IntakeResult = { action: SlotDecision['action'] | 'ignored' | 'refused' | 'repeated'; runId?: string };

/**
 * Turns one "Object Created" event into at most one run. The same event may come any number of times, at once and late;
 * whatever was half done when a handler died is finished by the next delivery.
 */
export async function intake(
  event: ObjectCreated,
  ports: IntakePorts,
  settings: IntakeSettings,
): Promise<IntakeResult> {
  const { bucket, object } = event.detail;
  const kind = uploadKind(object.key);
  if (bucket.name !== settings.dataBucket || kind === 'folder' || kind === 'part') return { action: 'ignored' };

  const known = await ports.registry.upload(uploadId(object['version-id']));
  if (known) return finishKnown(known, ports);

  const uploaded = { bucket: bucket.name, key: object.key, versionId: object['version-id'], uploadedAt: event.time };
  const limits = { model: settings.config.name, maxBytes: settings.config.validation.maxBytes };
  let dataset: DatasetRef;
  try {
    dataset = await identify(uploaded, ports.uploads, limits);
  } catch (error) {
    if (!(error instanceof InvalidDataset)) throw error;
    return refuse(event, error.message, ports, settings);
  }
  return onConflictRetry(() => admitUpload(event, dataset, ports, settings));
}

async function admitUpload(
  event: ObjectCreated,
  dataset: DatasetRef,
  ports: IntakePorts,
  settings: IntakeSettings,
): Promise<IntakeResult> {
  const { registry } = ports;
  const known = await registry.upload(uploadId(dataset.versionId));
  if (known) return finishKnown(known, ports);
  const [slot, history] = await Promise.all([registry.slot(), registry.dataset(dataset.sha256)]);
  const offered: Offered = {
    dataset,
    sequencer: event.detail.object.sequencer ?? sequencerAfter(slot, dataset.key),
    recipe: trainingRecipe(trainingSettings(settings.config), settings.codeCommit),
  };
  const decision = offer(slot, offered, history);
  const now = ports.now();
  const upload = (status: RunStatus, runId: string | null, reasons: string[]): Upload => ({
    model: settings.config.name,
    id: uploadId(dataset.versionId),
    bucket: dataset.bucket,
    key: dataset.key,
    versionId: dataset.versionId,
    sequencer: offered.sequencer,
    sha256: dataset.sha256,
    bytes: dataset.bytes,
    status,
    runId,
    reasons,
    receivedAt: now,
    settledAt: status === 'PENDING' ? null : now,
  });

  if (decision.action === 'duplicate') {
    const repeat = upload('DUPLICATE', decision.of, [`the same content is run ${decision.of} (${decision.status})`]);
    await registry.write({ slot: { ...slot, revision: slot.revision + 1 }, uploads: [repeat] });
    await announceUpload(repeat, ports.announcer);
    return { action: 'duplicate', runId: decision.of };
  }
  if (decision.action === 'stale') {
    const stale = upload('SUPERSEDED', null, [`a newer upload had been accepted: ${decision.newer.key}`]);
    await registry.write({ slot: { ...slot, revision: slot.revision + 1 }, uploads: [stale] });
    await announceUpload(stale, ports.announcer);
    return { action: 'stale' };
  }

  const { entry, attempt } = decision;
  const superseded = decision.action === 'supersede' ? await supersede(decision.superseded, entry, ports) : undefined;
  await registry.write({
    slot: decision.slot,
    runs: [newRun(entry, attempt, now), ...(superseded ? [superseded.run] : [])],
    uploads: [upload('PENDING', entry.run.runId, []), ...(superseded ? [superseded.upload] : [])],
    datasets: datasetsOf(entry, offered.recipe, history, superseded?.dataset),
  });
  if (superseded) await announceRun(superseded.run, ports);
  if (decision.action === 'start') await ports.executions.start(entry.run);
  return { action: decision.action, runId: entry.run.runId };
}

/** An event that came before: whatever it should have led to is ensured, nothing is done twice. */
async function finishKnown(upload: Upload, ports: IntakePorts): Promise<IntakeResult> {
  const result: IntakeResult = { action: 'repeated', ...(upload.runId === null ? {} : { runId: upload.runId }) };
  if (upload.status !== 'PENDING') return result;
  const { running } = await ports.registry.slot();
  if (running && running.run.runId === upload.runId) await ports.executions.start(running.run);
  return result;
}

/** An object that cannot even be identified as a dataset: recorded and announced; nothing was started, nothing is moved. */
async function refuse(
  event: ObjectCreated,
  reason: string,
  ports: IntakePorts,
  settings: IntakeSettings,
): Promise<IntakeResult> {
  const { bucket, object } = event.detail;
  const now = ports.now();
  const upload: Upload = {
    model: settings.config.name,
    id: uploadId(object['version-id']),
    bucket: bucket.name,
    key: object.key,
    versionId: object['version-id'],
    sequencer: object.sequencer ?? '',
    sha256: null,
    bytes: object.size ?? 0,
    status: 'QUARANTINED',
    runId: null,
    reasons: [reason],
    receivedAt: now,
    settledAt: now,
  };
  await ports.registry.write({ uploads: [upload] });
  await announceUpload(upload, ports.announcer);
  return { action: 'refused' };
}

function newRun({ run }: SlotEntry, attempt: number, now: string): RunItem {
  return {
    model: run.model,
    runId: run.runId,
    attempt,
    status: 'PENDING',
    dataset: run.dataset,
    executionArn: null,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    version: null,
    semver: null,
    reasons: [],
    reportKey: null,
    announced: false,
  };
}

async function supersede(old: SlotEntry, by: SlotEntry, { registry, now }: IntakePorts) {
  const { runId, dataset } = old.run;
  const [run, upload, item] = await Promise.all([
    registry.run(runId),
    registry.upload(old.uploadId),
    registry.dataset(dataset.sha256),
  ]);
  if (!run || !upload || !item) throw new Error(`The registry has no complete record of the pending run ${runId}`);
  const reasons = [`a newer upload took its place before it started: ${by.run.dataset.key}`];
  return {
    run: { ...run, status: 'SUPERSEDED' as const, endedAt: now(), reasons },
    upload: { ...upload, status: 'SUPERSEDED' as const, settledAt: now(), reasons },
    dataset: withStatus(item, runId, 'SUPERSEDED'),
  };
}

/** The new run's attempt, and the superseded one's end; they may be of one content. */
function datasetsOf(entry: SlotEntry, recipe: string, history: DatasetItem | null, other?: DatasetItem): DatasetItem[] {
  const { model, runId, dataset } = entry.run;
  const base = other?.sha256 === dataset.sha256 ? other : (history ?? { model, sha256: dataset.sha256, attempts: [] });
  const attempt = { runId, uploadId: entry.uploadId, status: 'PENDING' as const, recipe };
  const mine = { ...base, attempts: [...base.attempts, attempt] };
  return other && other.sha256 !== mine.sha256 ? [mine, other] : [mine];
}
