import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document, Operation } from '../kernel/service.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { LogBook, type LogEvent, type LogGroup } from './log-book.ts';

/** Amazon CloudWatch Logs: groups, streams, events, and the metrics that log lines carry. See logs.md. */
export const logsService: ServiceFactory = (context) => {
  const book = new LogBook(context);
  const ingest = (group: string, stream: string, events: readonly LogEvent[]) => {
    book.append(group, stream, events);
    for (const { message } of events) {
      for (const datum of embeddedMetrics(message)) context.putServiceMetric(datum);
    }
  };
  return {
    name: 'logs',
    target: 'Logs_20140328',
    jsonVersion: '1.1',
    operations: operations(context, book, ingest),
    resourceTypes: [logGroupType(book)],
    sinks: {
      putLogEvents(group, stream, messages) {
        if (!book.groups.has(group)) book.createGroup(group);
        if (!book.hasStream(group, stream)) book.createStream(group, stream);
        const now = context.clock.now();
        ingest(
          group,
          stream,
          messages.map((message) => ({ timestamp: now, message, ingestionTime: now })),
        );
      },
    },
  };
};

const RETENTIONS: ReadonlySet<number> = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);

type Ingest = (group: string, stream: string, events: readonly LogEvent[]) => void;

function operations(context: CloudContext, book: LogBook, ingest: Ingest): Record<string, Operation> {
  const onGroup = (action: string) => (input: Document) => [
    { action: `logs:${action}`, resource: `${book.arnOf(groupName(input))}:*` },
  ];
  const onStream = (action: string) => (input: Document) => [
    { action: `logs:${action}`, resource: `${book.arnOf(groupName(input))}:log-stream:${String(input.logStreamName)}` },
  ];
  return {
    CreateLogGroup: {
      access: onGroup('CreateLogGroup'),
      handle: async (input) => {
        book.createGroup(String(input.logGroupName), {
          tags: (input.tags as Record<string, string> | undefined) ?? {},
        });
        return {};
      },
    },
    DeleteLogGroup: {
      access: onGroup('DeleteLogGroup'),
      handle: async (input) => {
        book.deleteGroup(groupName(input));
        return {};
      },
    },
    DescribeLogGroups: {
      access: () => [{ action: 'logs:DescribeLogGroups', resource: `${book.arnOf('*')}` }],
      handle: async (input) => {
        const { logGroupNamePrefix = '', logGroupNamePattern = '', nextToken, limit = 50 } = input;
        const names = [...book.groups.keys()].sort();
        const found = names.filter(
          (name) => name.startsWith(String(logGroupNamePrefix)) && name.includes(String(logGroupNamePattern)),
        );
        const page = pageOf(found, { nextToken, limit: Number(limit) });
        return { logGroups: page.items.map((name) => groupShape(book.group(name))), nextToken: page.nextToken };
      },
    },
    PutRetentionPolicy: {
      access: onGroup('PutRetentionPolicy'),
      handle: async (input) => {
        const group = book.group(groupName(input));
        book.groups.set(group.name, { ...group, retentionDays: retention(input.retentionInDays) });
        return {};
      },
    },
    CreateLogStream: {
      access: onStream('CreateLogStream'),
      handle: async (input) => {
        book.createStream(groupName(input), String(input.logStreamName));
        return {};
      },
    },
    DescribeLogStreams: {
      access: onGroup('DescribeLogStreams'),
      handle: async (input) => {
        const group = book.group(groupName(input)).name;
        const { logStreamNamePrefix = '', descending = false, nextToken, limit = 50 } = input;
        const streams = book
          .streams(group)
          .filter(({ name }) => name.startsWith(String(logStreamNamePrefix)))
          .sort((a, b) => (a.createdAt - b.createdAt) * (descending ? -1 : 1));
        const page = pageOf(streams, { nextToken, limit: Number(limit) });
        return {
          logStreams: page.items.map(({ name, createdAt }) => {
            const events = book.events(group, name);
            return {
              logStreamName: name,
              creationTime: createdAt,
              firstEventTimestamp: events[0]?.timestamp,
              lastEventTimestamp: events.at(-1)?.timestamp,
              lastIngestionTime: events.at(-1)?.ingestionTime,
              arn: `${book.arnOf(group)}:log-stream:${name}`,
              storedBytes: 0,
            };
          }),
          nextToken: page.nextToken,
        };
      },
    },
    PutLogEvents: {
      access: onStream('PutLogEvents'),
      handle: async (input) => {
        const ingestionTime = context.clock.now();
        const events = (input.logEvents as { timestamp: number; message: string }[]).map((event) => ({
          ...event,
          ingestionTime,
        }));
        ingest(groupName(input), String(input.logStreamName), events);
        return { nextSequenceToken: String(ingestionTime) };
      },
    },
    GetLogEvents: {
      access: onStream('GetLogEvents'),
      handle: async (input) => getLogEvents(book, input),
    },
    FilterLogEvents: {
      access: onGroup('FilterLogEvents'),
      handle: async (input) => filterLogEvents(book, input),
    },
    ListTagsForResource: {
      access: (input) => [{ action: 'logs:ListTagsForResource', resource: String(input.resourceArn) }],
      handle: async (input) => {
        const group = [...book.groups.values()].find(({ arn }) => arn.startsWith(String(input.resourceArn)));
        return { tags: book.group(group?.name).tags };
      },
    },
  };
}

/** A name, or the ARN of `logGroupIdentifier`. */
function groupName({ logGroupName, logGroupIdentifier }: Document): string {
  const given = String(logGroupName ?? logGroupIdentifier);
  return /:log-group:([^:]+)/.exec(given)?.[1] ?? given;
}

function getLogEvents(book: LogBook, input: Document): Document {
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, limit = 10_000, startFromHead = false, nextToken } = input;
  const events = book
    .events(groupName(input), String(input.logStreamName))
    .filter(({ timestamp }) => timestamp >= Number(startTime) && timestamp < Number(endTime));
  const size = Number(limit);
  const [direction, position] = String(nextToken ?? '').split('/');
  const start =
    nextToken === undefined
      ? startFromHead
        ? 0
        : Math.max(0, events.length - size)
      : Number(position) - (direction === 'b' ? size : 0);
  const page = events.slice(Math.max(0, start), Math.max(0, start) + size);
  return {
    events: page,
    nextForwardToken: `f/${Math.max(0, start) + page.length}`,
    nextBackwardToken: `b/${Math.max(0, start)}`,
  };
}

function filterLogEvents(book: LogBook, input: Document): Document {
  const group = book.group(groupName(input)).name;
  const {
    startTime = 0,
    endTime = Number.POSITIVE_INFINITY,
    logStreamNames,
    logStreamNamePrefix = '',
    limit = 10_000,
    nextToken,
  } = input;
  const matches = filterPattern(String(input.filterPattern ?? ''));
  const wanted = logStreamNames as string[] | undefined;
  const events = book
    .streams(group)
    .filter(({ name }) => (wanted?.includes(name) ?? true) && name.startsWith(String(logStreamNamePrefix)))
    .flatMap(({ name }) =>
      book.events(group, name).map((event, index) => ({ ...event, logStreamName: name, eventId: `${name}/${index}` })),
    )
    .filter(
      ({ timestamp, message }) => timestamp >= Number(startTime) && timestamp <= Number(endTime) && matches(message),
    )
    .sort((a, b) => a.timestamp - b.timestamp);
  const page = pageOf(events, { nextToken, limit: Number(limit) });
  return { events: page.items, nextToken: page.nextToken, searchedLogStreams: [] };
}

/** Words that must all stand in the message, `"quoted text"` and `-excluded` ones. The JSON and column syntaxes are not implemented. */
function filterPattern(pattern: string): (message: string) => boolean {
  if (/^\s*[{[%]/.test(pattern) || pattern.includes('?'))
    throw new Unsupported(`the log filter pattern ${JSON.stringify(pattern)}`);
  const terms = [...pattern.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].map(([, minus, quoted, word]) => ({
    text: quoted ?? word ?? '',
    wanted: minus === '',
  }));
  return (message) => terms.every(({ text, wanted }) => message.includes(text) === wanted);
}

function pageOf<T>(items: readonly T[], { nextToken, limit }: { nextToken: unknown; limit: number }) {
  const start = nextToken === undefined ? 0 : Number(nextToken);
  const end = start + limit;
  return { items: items.slice(start, end), nextToken: end < items.length ? String(end) : undefined };
}

const groupShape = ({ name, arn, createdAt, retentionDays, kmsKeyId }: LogGroup): Document => ({
  logGroupName: name,
  arn,
  logGroupArn: arn.replace(/:\*$/, ''),
  creationTime: createdAt,
  retentionInDays: retentionDays ?? undefined,
  kmsKeyId: kmsKeyId ?? undefined,
  metricFilterCount: 0,
  storedBytes: 0,
});

function retention(days: unknown): number | null {
  if (days === undefined) return null;
  if (RETENTIONS.has(Number(days))) return Number(days);
  throw new AwsError(
    'InvalidParameterException',
    `1 validation error detected: Value '${String(days)}' at 'retentionInDays' is not one that CloudWatch Logs knows`,
  );
}

/** AWS::Logs::LogGroup. `Ref` is the name, `Arn` ends with `:*`. */
function logGroupType(book: LogBook): ResourceType {
  const settings = ({ RetentionInDays, KmsKeyId, Tags = [] }: Document) => ({
    retentionDays: retention(RetentionInDays),
    kmsKeyId: KmsKeyId === undefined ? null : String(KmsKeyId),
    tags: Object.fromEntries((Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value])),
  });
  const result = ({ name, arn }: LogGroup) => ({ physicalId: name, attributes: { Arn: arn } });
  return {
    type: 'AWS::Logs::LogGroup',
    properties: ['LogGroupName', 'RetentionInDays', 'KmsKeyId', 'LogGroupClass', 'Tags'],
    replacing: ['LogGroupName', 'LogGroupClass'],
    create: async ({ properties, physicalName }) =>
      result(book.createGroup(String(properties.LogGroupName ?? physicalName({ length: 512 })), settings(properties))),
    async update({ physicalId, properties }) {
      const group = { ...book.group(physicalId), ...settings(properties) };
      book.groups.set(physicalId, group);
      return result(group);
    },
    delete: async ({ physicalId }) => book.deleteGroup(physicalId),
  };
}
