import { AwsError } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { groupName, onlyKnown } from '../input.ts';
import type { LogBook, LogStream } from '../log-book.ts';
import { onGroup } from './group-operations.ts';

const PAGE = 50;

export const onStream = (book: LogBook, action: string) => (input: Document) => [
  {
    action: `logs:${action}`,
    resource: `${book.arnOf(groupName(input))}:log-stream:${String(input.logStreamName)}`,
  },
];

export function streamOperations(book: LogBook): Record<string, Operation> {
  return {
    CreateLogStream: {
      access: onStream(book, 'CreateLogStream'),
      handle: async (input) => {
        book.createStream(groupName(input), String(input.logStreamName));
        return {};
      },
    },
    DeleteLogStream: {
      access: onStream(book, 'DeleteLogStream'),
      handle: async (input) => {
        book.deleteStream(book.group(groupName(input)).name, String(input.logStreamName));
        return {};
      },
    },
    DescribeLogStreams: {
      access: onGroup(book, 'DescribeLogStreams'),
      handle: async (input) => describeLogStreams(book, input),
    },
  };
}

const KNOWN = [
  'logGroupName',
  'logGroupIdentifier',
  'logStreamNamePrefix',
  'orderBy',
  'descending',
  'nextToken',
  'limit',
];

function describeLogStreams(book: LogBook, input: Document): Document {
  onlyKnown('DescribeLogStreams', input, KNOWN);
  const { logStreamNamePrefix: prefix, orderBy = 'LogStreamName', descending = false, nextToken, limit = PAGE } = input;
  if (prefix !== undefined && orderBy === 'LastEventTime') {
    throw new AwsError('InvalidParameterException', 'Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
  const { name: group } = book.group(groupName(input));
  const found = book
    .streams(group)
    .filter(({ name }) => name.startsWith(String(prefix ?? '')))
    .map((stream) => streamShape(book, stream));
  const keyOf = ({ name, last }: StreamShape) => (orderBy === 'LastEventTime' ? (last ?? 0) : name);
  found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  if (descending) found.reverse();
  const page = pageOf(found, { token: nextToken, limit: Number(limit) });
  return { logStreams: page.items.map(({ shape }) => shape), nextToken: page.next };
}

interface StreamShape {
  readonly name: string;
  readonly last: number | undefined;
  readonly shape: Document;
}

function streamShape(book: LogBook, { group, name, createdAt }: LogStream): StreamShape {
  const events = book.events(group, name);
  const newest = events.at(-1);
  const shape = {
    logStreamName: name,
    creationTime: createdAt,
    firstEventTimestamp: events[0]?.timestamp,
    lastEventTimestamp: newest?.timestamp,
    lastIngestionTime: newest?.ingestionTime,
    uploadSequenceToken: '0',
    arn: `${book.arnOf(group)}:log-stream:${name}`,
    storedBytes: 0,
  };
  return { name, last: newest?.timestamp, shape };
}
