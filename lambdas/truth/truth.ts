import { counted, quoted } from '../../domain/anomaly.ts';
import { dataSchema } from '../../domain/data-schema.ts';
import { Conflict, InvalidDataset } from '../../domain/errors.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { quarantinePrefix, truthPrefix } from '../../domain/names.ts';
import type { LabelsItem, Upload } from '../../domain/registry-items.ts';
import { uploadId } from '../../domain/slot.ts';
import { uploadKind } from '../../domain/uploads.ts';
import { shortReasons, whatToDo } from '../../domain/validation.ts';
import { identify, type UploadReader } from '../intake/identify.ts';
import type { ObjectCreated } from '../intake/object-event.ts';
import type { QuarantinePorts } from '../quarantine/quarantine.ts';
import { type EngineLimits, withEngine } from '../shared/duckdb.ts';
import { labelsKey } from '../shared/labels.ts';
import type { ObjectStore } from '../shared/objects.ts';
import { announceUpload, type OutcomeAnnouncer } from '../shared/outcomes.ts';
import type { Registry } from '../shared/registry.ts';
import { readTruth, type Truth, type TruthOutcome } from './read-truth.ts';

export interface TruthPorts {
  readonly registry: Registry;
  readonly uploads: UploadReader;
  readonly objects: ObjectStore;
  readonly moves: Pick<QuarantinePorts, 'copy' | 'hide'>;
  readonly announcer: OutcomeAnnouncer;
  readonly engine: EngineLimits;
  now(): string;
}

export interface TruthSettings {
  readonly config: NamedModelConfig;
  readonly dataBucket: string;
}

/** What became of one event, for the log. */
export interface TruthResult {
  readonly action: 'ignored' | 'repeated' | 'LABELLED' | 'QUARANTINED' | 'DUPLICATE';
  readonly truth?: Omit<Truth, 'file'>;
}

/**
 * Takes late labels in. Every upload ends in one outcome that its owner is told; the same event may come any number of
 * times, and what was half done when a function died is done by the next try.
 */
export async function takeTruth(
  event: ObjectCreated,
  ports: TruthPorts,
  settings: TruthSettings,
): Promise<TruthResult> {
  const { bucket, object } = event.detail;
  const { config, dataBucket } = settings;
  const ours = bucket.name === dataBucket && object.key.startsWith(truthPrefix(config.name));
  if (!ours || uploadKind(object.key) === 'folder') return { action: 'ignored' };
  const known = await ports.registry.upload(uploadId(object['version-id']));
  if (known) {
    await tellOnce(known, ports);
    return { action: 'repeated' };
  }
  const uploaded = { bucket: bucket.name, key: object.key, versionId: object['version-id'], uploadedAt: event.time };
  let upload: DatasetRef;
  try {
    upload = await identify(uploaded, ports.uploads, { model: config.name, maxBytes: config.validation.maxBytes });
  } catch (error) {
    if (!(error instanceof InvalidDataset)) throw error;
    await settle(uploadItem(event, null, settings), { status: 'QUARANTINED', reasons: [error.message] }, ports);
    return { action: 'QUARANTINED' };
  }
  return takeContent(event, upload, { ports, settings });
}

async function takeContent(
  event: ObjectCreated,
  upload: DatasetRef,
  { ports, settings }: { ports: TruthPorts; settings: TruthSettings },
): Promise<TruthResult> {
  const { config } = settings;
  const item = uploadItem(event, upload, settings);
  const receivedAt = new Date(event.time).toISOString();
  const before = await ports.registry.labels(upload.sha256);
  if (before && before.uploadId !== item.id) return duplicate(item, before, ports);
  const stored = await ports.registry.pinnedSchema();
  const pinned = stored && dataSchema.parse(stored.schema);
  return withEngine(ports.engine, async (engine) => {
    const read = await tried(() => readTruth(engine, upload, { objects: ports.objects, config, pinned, receivedAt }));
    if (!read.readable) {
      const { reasons, links } = await quarantine(upload, read, { ports, settings });
      await ports.moves.hide(upload.key, upload.versionId);
      await settle(item, { status: 'QUARANTINED', reasons, links }, ports);
      return { action: 'QUARANTINED' };
    }
    const { file, ...truth } = read.truth;
    const key = labelsKey(config.name, receivedAt.slice(0, 10), upload.sha256);
    const labels: LabelsItem = {
      model: config.name,
      sha256: upload.sha256,
      uploadId: item.id,
      source: upload.key,
      key,
      labels: truth.labels,
      receivedAt,
    };
    const first = before ?? (await claimed(labels, ports.registry));
    if (first && first.uploadId !== item.id) return duplicate(item, first, ports);
    await ports.objects.upload(file, { bucket: ports.announcer.artifactBucket, key });
    await settle(item, { status: 'LABELLED', reasons: remarks(truth), rows: truth.labels }, ports);
    return { action: 'LABELLED', truth };
  });
}

/** Data that is too much for the function is the upload's fault as well. */
async function tried(read: () => Promise<TruthOutcome>): Promise<TruthOutcome> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof InvalidDataset)) throw error;
    const advice = 'Upload the labels in several smaller files.';
    const anomaly = { code: 'TOO_LARGE' as const, severity: 'ERROR' as const, reason: error.message, advice };
    return { readable: false, rows: 0, anomalies: [anomaly] };
  }
}

/** Whoever claimed the content first, or null when it is ours now. */
async function claimed(labels: LabelsItem, registry: Registry): Promise<LabelsItem | null> {
  try {
    await registry.write({ labels });
    return null;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    return registry.labels(labels.sha256);
  }
}

async function duplicate(item: Upload, first: LabelsItem, ports: TruthPorts): Promise<TruthResult> {
  const reasons = [`the same content was taken in on ${first.receivedAt.slice(0, 10)} as ${quoted(first.source, 200)}`];
  await settle(item, { status: 'DUPLICATE', reasons }, ports);
  return { action: 'DUPLICATE' };
}

/** Puts what was wrong beside a copy of the upload; the upload itself is taken out of view afterwards. */
async function quarantine(
  upload: DatasetRef,
  { anomalies, rows }: Extract<TruthOutcome, { readable: false }>,
  { ports, settings: { config, dataBucket } }: { ports: TruthPorts; settings: TruthSettings },
) {
  const prefix = quarantinePrefix(config.name, upload.sha256);
  const { bucket, key, versionId, sha256, bytes } = upload;
  const reasons = shortReasons(anomalies);
  await ports.objects.putJson(
    { bucket: dataBucket, key: `${prefix}report.json` },
    {
      format: 1,
      model: config.name,
      upload: { bucket, key, versionId, sha256, bytes },
      valid: false,
      summary: `The labels are not used: ${counted(anomalies.length, 'error')}.`,
      whatToDo: whatToDo(anomalies),
      rows,
      anomalies,
    },
  );
  await ports.moves.copy({ key, versionId }, `${prefix}${key.slice(truthPrefix(config.name).length)}`);
  return { reasons, links: [`s3://${dataBucket}/${prefix}report.json`] };
}

/** What an owner should know of labels that were taken in. */
function remarks({ duplicates, corrected, empty }: Omit<Truth, 'file'>): string[] {
  return [
    ...(duplicates > 0
      ? [`${counted(duplicates, 'row')} repeat a prediction that stands in another row; the last row of each counts`]
      : []),
    ...(corrected > 0 ? [`${counted(corrected, 'prediction')} stand in rows with different labels`] : []),
    ...(empty > 0 ? [`${counted(empty, 'row')} without a label were left out`] : []),
  ];
}

const uploadItem = (
  { detail: { bucket, object } }: ObjectCreated,
  upload: DatasetRef | null,
  { config }: TruthSettings,
): Upload => ({
  model: config.name,
  id: uploadId(object['version-id']),
  bucket: bucket.name,
  key: object.key,
  versionId: object['version-id'],
  sequencer: object.sequencer ?? '',
  sha256: upload?.sha256 ?? null,
  bytes: upload?.bytes ?? object.size ?? 0,
  status: 'PENDING',
  runId: null,
  reasons: [],
  receivedAt: '',
  settledAt: null,
});

interface Settlement {
  readonly status: 'LABELLED' | 'QUARANTINED' | 'DUPLICATE';
  readonly reasons: string[];
  readonly rows?: number;
  readonly links?: string[];
}

async function settle(item: Upload, { status, reasons, rows, links }: Settlement, ports: TruthPorts): Promise<void> {
  const now = ports.now();
  const settled = { ...item, status, reasons, receivedAt: now, settledAt: now, announced: false };
  await ports.registry.write({ uploads: [settled] });
  await tellOnce(settled, ports, { ...(rows === undefined ? {} : { rows }), ...(links ? { links } : {}) });
}

/** Told again rather than never, where a function died between the two. */
async function tellOnce(
  upload: Upload,
  { registry, announcer }: TruthPorts,
  more: Parameters<typeof announceUpload>[2] = {},
): Promise<void> {
  if (upload.announced !== false) return;
  await announceUpload(upload, announcer, more);
  await registry.write({ uploads: [{ ...upload, announced: true }] });
}
