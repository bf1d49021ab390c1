import type {
  CloudWatchLogsLogEvent,
  FirehoseTransformationEvent,
  FirehoseTransformationResult,
  FirehoseTransformationResultRecord,
} from 'aws-lambda';
import { type CapturedLine, captureLine, redactor } from '../../domain/capture.ts';
import { paddedVersion } from '../../domain/names.ts';
import { type Envelope, openEnvelope, sealEnvelope } from './envelope.ts';

export interface TransformSettings {
  readonly model: string;
  /** Fields that must not be stored, also where an older version of the prediction function still writes them. */
  readonly redact: readonly string[];
  /** Most bytes that an answer may have. @default what Lambda and Firehose allow */
  readonly maxAnswerBytes?: number;
}

export interface TransformPorts {
  /** Gives records to the same stream once more: what one answer cannot hold, or what does not belong with its record. */
  putBack(records: readonly Uint8Array[]): Promise<void>;
}

/** What became of the lines of one invocation. */
export interface TransformCounts {
  lines: number;
  rows: number;
  /** Lines that are no captures; they end in the error prefix. */
  broken: number;
  failedRecords: number;
  putBack: number;
}

/** Firehose takes answers of up to 6 MB, https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
const MAX_ANSWER_BYTES = 5_800_000;
/** Around the data of a record in an answer: its id, its partition and the keys of both. */
const FRAME_BYTES = 300;

/**
 * Turns log records into lines of captures. A record is of one version and one hour, because a log stream is written by
 * one version of the function; it is captured as a whole, or broken as a whole. Lines of another kind leave their record
 * and come back as one of their own, so that nothing good is kept from its place and nothing broken is lost.
 */
export async function transform(
  { records }: FirehoseTransformationEvent,
  ports: TransformPorts,
  settings: TransformSettings,
): Promise<{ result: FirehoseTransformationResult; counts: TransformCounts }> {
  const counts: TransformCounts = { lines: 0, rows: 0, broken: 0, failedRecords: 0, putBack: 0 };
  const later: Uint8Array[] = [];
  const most = (settings.maxAnswerBytes ?? MAX_ANSWER_BYTES) - records.length * FRAME_BYTES;
  let room = most;
  const answers = records.map(({ recordId, data: record }): FirehoseTransformationResultRecord => {
    const read = readRecord(record, settings);
    if (read.kind === 'nothing') return { recordId, result: 'Dropped' };
    if (read.kind === 'broken') {
      counts.broken += read.events;
      counts.failedRecords += 1;
      return { recordId, result: 'ProcessingFailed' };
    }
    const { envelope, lines, own, others, partition } = read;
    later.push(...others.map((events) => sealEnvelope(envelope, events)));
    const data = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')).toString('base64');
    if (data.length <= room) {
      room -= data.length;
      counts.lines += lines.length;
      counts.rows += lines.reduce((sum, { instances }) => sum + instances.length, 0);
      return { recordId, result: 'Ok', data, metadata: { partitionKeys: partition } };
    }
    if (data.length > most && own.length === 1) {
      counts.broken += 1;
      counts.failedRecords += 1;
      return { recordId, result: 'ProcessingFailed' };
    }
    // What takes more than half an answer comes back in two pieces, so that it has a place in one of the next.
    const pieces = data.length > most / 2 && own.length > 1 ? halves(own) : [own];
    later.push(...pieces.map((events) => sealEnvelope(envelope, events)));
    return { recordId, result: 'Dropped' };
  });
  counts.putBack = later.length;
  if (later.length > 0) await ports.putBack(later);
  return { result: { records: answers }, counts };
}

type Events = readonly CloudWatchLogsLogEvent[];

type ReadRecord =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'broken'; readonly events: number }
  | {
      readonly kind: 'captures';
      readonly envelope: Envelope;
      readonly partition: { readonly version: string; readonly hour: string };
      readonly lines: readonly CapturedLine[];
      /** The events that the lines were made of. */
      readonly own: Events;
      /** Events that belong into a record of their own: those of another version, and broken ones. */
      readonly others: readonly Events[];
    };

function readRecord(record: string, settings: TransformSettings): ReadRecord {
  const envelope = openEnvelope(record);
  if (!envelope) return { kind: 'broken', events: 1 };
  // Logs sends a control message to see whether the stream can be reached.
  if (envelope.messageType === 'CONTROL_MESSAGE' || envelope.logEvents.length === 0) return { kind: 'nothing' };
  const byVersion = new Map<number, { events: CloudWatchLogsLogEvent[]; lines: CapturedLine[] }>();
  const broken: CloudWatchLogsLogEvent[] = [];
  const hide = redactor(settings.redact);
  for (const event of envelope.logEvents) {
    const line = readLine(event);
    if (!line || line.model !== settings.model) {
      broken.push(event);
      continue;
    }
    const redacted = [...new Set([...(line.redacted ?? []), ...settings.redact])];
    const group = byVersion.get(line.version) ?? { events: [], lines: [] };
    byVersion.set(line.version, group);
    group.events.push(event);
    group.lines.push({
      ...line,
      ...(redacted.length > 0 ? { redacted } : {}),
      instances: line.instances.map((instance) => hide(instance)),
    });
  }
  const [first, ...rest] = byVersion.values();
  const [line] = first?.lines ?? [];
  if (!first || !line) return { kind: 'broken', events: broken.length };
  return {
    kind: 'captures',
    envelope,
    partition: { version: paddedVersion(line.version), hour: line.at.slice(0, 13) },
    lines: first.lines,
    own: first.events,
    others: [...rest.map(({ events }) => events), ...(broken.length > 0 ? [broken] : [])],
  };
}

function readLine({ message, timestamp }: CloudWatchLogsLogEvent): CapturedLine | null {
  try {
    const { data } = captureLine.safeParse(JSON.parse(message));
    return data ? { ...data, at: new Date(timestamp).toISOString() } : null;
  } catch {
    return null;
  }
}

function halves(events: Events): Events[] {
  const middle = Math.ceil(events.length / 2);
  return [events.slice(0, middle), events.slice(middle)];
}
