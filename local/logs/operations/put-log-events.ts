import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { groupName, onlyKnown } from '../input.ts';
import type { LogBook, LogEvent } from '../log-book.ts';
import { onStream } from './stream-operations.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const OLDEST_MS = 14 * 86_400_000;
const NEWEST_MS = 2 * 3_600_000;
const MOST_EVENTS = 10_000;

type Ingest = (group: string, stream: string, events: readonly LogEvent[]) => void;

export function putLogEvents(book: LogBook, ingest: Ingest): Operation {
  return {
    access: onStream(book, 'PutLogEvents'),
    async handle(input) {
      onlyKnown('PutLogEvents', input, ['logGroupName', 'logStreamName', 'logEvents', 'sequenceToken']);
      const now = book.context.clock.now();
      const events = eventsOf(input);
      const tooOld = events.filter(({ timestamp }) => timestamp < now - OLDEST_MS).length;
      const tooNew = events.findIndex(({ timestamp }) => timestamp > now + NEWEST_MS);
      const kept = events.slice(tooOld, tooNew < 0 ? undefined : tooNew);
      const written = kept.map((event) => ({ ...event, ingestionTime: now }));
      ingest(book.group(groupName(input)).name, String(input.logStreamName), written);
      const rejected = {
        ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
        ...(tooNew < 0 ? {} : { tooNewLogEventStartIndex: tooNew }),
      };
      const none = Object.keys(rejected).length === 0;
      return { nextSequenceToken: String(now), ...(none ? {} : { rejectedLogEventsInfo: rejected }) };
    },
  };
}

function eventsOf({ logEvents }: Document): { timestamp: number; message: string }[] {
  const events = ((logEvents ?? []) as { timestamp: unknown; message: unknown }[]).map(({ timestamp, message }) => ({
    timestamp: Number(timestamp),
    message: String(message ?? ''),
  }));
  if (events.length === 0 || events.length > MOST_EVENTS || events.some(({ message }) => message === '')) {
    throw new AwsError(
      'InvalidParameterException',
      `1 validation error detected: Value at 'logEvents' failed to satisfy constraint: 1 to ${MOST_EVENTS} events with a message each`,
    );
  }
  if (events.some(({ timestamp }, index) => timestamp < (events[index - 1]?.timestamp ?? 0))) {
    throw new AwsError(
      'InvalidParameterException',
      'Log events in a single PutLogEvents request must be in chronological order.',
    );
  }
  return events;
}
