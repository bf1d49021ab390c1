import type { ServiceFactory } from '../kernel/cloud.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { LogBook, type LogEvent } from './log-book.ts';
import { eventOperations } from './operations/event-operations.ts';
import { groupOperations } from './operations/group-operations.ts';
import { putLogEvents } from './operations/put-log-events.ts';
import { streamOperations } from './operations/stream-operations.ts';
import { subscriptionOperations } from './operations/subscription-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { logGroupType, logStreamType } from './resource.ts';
import { SubscriptionDelivery } from './subscriptions/delivery.ts';
import { FilterBook } from './subscriptions/filters.ts';
import { subscriptionFilterType } from './subscriptions/resource.ts';

/** Amazon CloudWatch Logs: groups, streams, events, the metrics that log lines carry, and subscriptions. See logs.md. */
export const logsService: ServiceFactory = (context) => {
  const book = new LogBook(context);
  const filters = new FilterBook(book);
  const subscriptions = new SubscriptionDelivery(book, filters);
  book.onGroupDeleted((group) => filters.deleteAll(group));
  const ingest = (group: string, stream: string, events: readonly LogEvent[]) => {
    subscriptions.accept(group, stream, book.append(group, stream, events));
    for (const { message } of events) {
      for (const datum of embeddedMetrics(message)) context.putServiceMetric(datum);
    }
  };
  return {
    name: 'logs',
    target: 'Logs_20140328',
    jsonVersion: '1.1',
    operations: {
      ...groupOperations(book),
      ...streamOperations(book),
      ...eventOperations(book),
      PutLogEvents: putLogEvents(book, ingest),
      ...subscriptionOperations(book, filters),
      ...tagOperations(book),
    },
    resourceTypes: [logGroupType(book), logStreamType(book), subscriptionFilterType(book, filters)],
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
    resume: async () => subscriptions.resume(),
  };
};
