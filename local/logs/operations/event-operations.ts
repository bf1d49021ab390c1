import { AwsError } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { eventIds } from '../event-id.ts';
import { filterPattern } from '../filter-pattern.ts';
import { groupName, onlyKnown } from '../input.ts';
import type { LogBook } from '../log-book.ts';
import { onGroup } from './group-operations.ts';
import { onStream } from './stream-operations.ts';

const PAGE = 10_000;
const NAME = ['logGroupName', 'logGroupIdentifier'];
const RANGE = ['startTime', 'endTime', 'limit', 'nextToken', 'unmask'];

export function eventOperations(book: LogBook): Record<string, Operation> {
  return {
    GetLogEvents: {
      access: onStream(book, 'GetLogEvents'),
      handle: async (input) => {
        onlyKnown('GetLogEvents', input, [...NAME, ...RANGE, 'logStreamName', 'startFromHead']);
        return getLogEvents(book, input);
      },
    },
    FilterLogEvents: {
      access: onGroup(book, 'FilterLogEvents'),
      handle: async (input) => {
        const streams = ['logStreamNames', 'logStreamNamePrefix'];
        onlyKnown('FilterLogEvents', input, [...NAME, ...RANGE, ...streams, 'filterPattern', 'interleaved']);
        return filterLogEvents(book, input);
      },
    },
  };
}

/** A token is the direction and the position between two events: `f/17` goes on after the 17th, `b/17` ends with it. */
function getLogEvents(book: LogBook, input: Document): Document {
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, limit = PAGE, startFromHead = false, nextToken } = input;
  const events = book
    .events(book.group(groupName(input)).name, String(input.logStreamName))
    .filter(({ timestamp }) => timestamp >= Number(startTime) && timestamp < Number(endTime));
  const [direction, position] = String(nextToken ?? (startFromHead ? 'f/0' : `b/${events.length}`)).split('/');
  const at = Number(position);
  const [start, end] =
    direction === 'f' ? [at, Math.min(at + Number(limit), events.length)] : [Math.max(0, at - Number(limit)), at];
  const shown = events.slice(start, end).map(({ position: _place, ...event }) => event);
  return { events: shown, nextForwardToken: `f/${end}`, nextBackwardToken: `b/${start}` };
}

/** Both ends of the range count, unlike those of GetLogEvents. */
function filterLogEvents(book: LogBook, input: Document): Document {
  const {
    startTime = 0,
    endTime = Number.POSITIVE_INFINITY,
    logStreamNames,
    logStreamNamePrefix,
    limit = PAGE,
  } = input;
  if (logStreamNames !== undefined && logStreamNamePrefix !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      'logStreamNamePrefix and logStreamNames are mutually exclusive parameters.',
    );
  }
  const { name: group } = book.group(groupName(input));
  const wanted = logStreamNames as string[] | undefined;
  const matches = filterPattern(String(input.filterPattern ?? ''));
  const events = book
    .streams(group)
    .filter(({ name }) => (wanted?.includes(name) ?? true) && name.startsWith(String(logStreamNamePrefix ?? '')))
    .flatMap(({ name }) => {
      const idOf = eventIds(name);
      return book
        .events(group, name)
        .map(({ position, ...event }) => ({ logStreamName: name, ...event, eventId: idOf(event.timestamp, position) }));
    })
    .filter(({ timestamp }) => timestamp >= Number(startTime) && timestamp <= Number(endTime))
    .filter(({ message }) => matches(message))
    .sort((a, b) => a.timestamp - b.timestamp);
  const page = pageOf(events, { token: input.nextToken, limit: Number(limit) });
  return { events: page.items, nextToken: page.next, searchedLogStreams: [] };
}
