import { gunzipSync, gzipSync } from 'node:zlib';
import type { CloudWatchLogsDecodedData, CloudWatchLogsLogEvent } from 'aws-lambda';

/** A record as a Logs subscription writes it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
export type Envelope = CloudWatchLogsDecodedData;

/** Logs packs at most 1 MB of events into a record; what unfolds to more than this was not written by Logs. */
const MAX_UNPACKED = 32 * 1024 ** 2;

/** Null for anything that a Logs subscription does not write. */
export function openEnvelope(data: string): Envelope | null {
  try {
    const text = gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: MAX_UNPACKED }).toString('utf8');
    const envelope = JSON.parse(text) as Partial<Envelope> | null;
    return Array.isArray(envelope?.logEvents) && envelope.logEvents.every(isEvent) ? (envelope as Envelope) : null;
  } catch {
    return null;
  }
}

const isEvent = (event: Partial<CloudWatchLogsLogEvent> | null) =>
  typeof event?.message === 'string' && Number.isFinite(event.timestamp);

/** The same envelope around some of its events. */
export const sealEnvelope = (envelope: Envelope, logEvents: readonly CloudWatchLogsLogEvent[]): Uint8Array =>
  gzipSync(JSON.stringify({ ...envelope, logEvents }));
