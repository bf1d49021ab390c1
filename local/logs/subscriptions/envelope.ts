import { gzipSync } from 'node:zlib';

/** An event as a subscription tells it. */
export interface SubscribedEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly message: string;
}

/** Events of one stream that fitted one filter. */
export interface SubscribedBatch {
  readonly group: string;
  readonly stream: string;
  readonly filter: string;
  readonly events: readonly SubscribedEvent[];
}

/** What a destination gets: one JSON document in gzip. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html */
export function dataMessage(owner: string, { group, stream, filter, events }: SubscribedBatch): Buffer {
  return gzipSync(
    JSON.stringify({
      messageType: 'DATA_MESSAGE',
      owner,
      logGroup: group,
      logStream: stream,
      subscriptionFilters: [filter],
      logEvents: events,
    }),
  );
}

/** What CloudWatch Logs sends to see whether a destination can be reached; receivers must leave it out. */
export function controlMessage(now: number, destination: string): Buffer {
  return gzipSync(
    JSON.stringify({
      messageType: 'CONTROL_MESSAGE',
      owner: 'CloudwatchLogs',
      logGroup: '',
      logStream: '',
      subscriptionFilters: [],
      logEvents: [
        { id: '', timestamp: now, message: `CWL CONTROL MESSAGE: Checking health of destination ${destination}.` },
      ],
    }),
  );
}
