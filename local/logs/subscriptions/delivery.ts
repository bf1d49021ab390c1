import { randomUUID } from 'node:crypto';
import { type Attempt, Attempts } from '../../kernel/attempts.ts';
import type { Timer } from '../../kernel/clock.ts';
import { AwsError } from '../../kernel/errors.ts';
import type { Collection } from '../../kernel/store.ts';
import { eventIds } from '../event-id.ts';
import type { LogBook, StoredEvent } from '../log-book.ts';
import { deliverTo, destinationType } from './destinations.ts';
import type { SubscribedBatch, SubscribedEvent } from './envelope.ts';
import type { FilterBook, SubscriptionFilter } from './filters.ts';

/** How long events are gathered before they go. AWS says "near real time"; it takes a few seconds there. */
const GATHER_MS = 1_000;
/** Of one document before it is compressed: as much as one PutLogEvents may hold. */
const MOST_BYTES = 1_048_576;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Subscriptions.html */
const RETRIED_FOR_MS = 24 * 3_600_000;
const DISABLED_MS = 600_000;

/**
 * Brings what fits a filter to its destination, at least once. Nobody waits for it: gathering and retries happen when time
 * passes and do not make it pass.
 */
export class SubscriptionDelivery {
  readonly #book: LogBook;
  readonly #filters: FilterBook;
  readonly #gathered: Collection<SubscribedBatch>;
  readonly #attempts: Attempts<readonly SubscribedBatch[]>;
  readonly #timers = new Map<string, Timer>();
  /** Until when a filter is skipped because its destination refused, by its key. */
  readonly #disabled = new Map<string, number>();

  constructor(book: LogBook, filters: FilterBook) {
    this.#book = book;
    this.#filters = filters;
    this.#gathered = book.context.store.collection('logs.subscribed-events');
    this.#attempts = new Attempts(book.context, 'logs.subscription-deliveries', {
      background: true,
      nameOf: (batches) => `logs of ${batches[0]?.group} to ${batches[0]?.filter}`,
      deliver: ({ item }, work) => this.#deliver(item, (filter) => deliverTo(book, filter, item, work)),
      retryAfter: (attempt, error) => this.#retryAfter(attempt, error),
      giveUp: async ({ item }, error) => this.#giveUp(item, error),
    });
  }

  /** Takes the events of a stream that just arrived. */
  accept(group: string, stream: string, events: readonly StoredEvent[]): void {
    for (const filter of this.#filters.of(group)) {
      const matches = this.#filters.matcher(filter);
      const fitting = events.filter(({ message }) => matches(message));
      const key = keyOf(group, filter.name);
      if (fitting.length === 0 || this.#isDisabled(key)) continue;
      const idOf = eventIds(stream);
      const told = fitting.map(({ timestamp, message, position }) => ({
        id: idOf(timestamp, position),
        timestamp,
        message,
      }));
      this.#gathered.set(randomUUID(), { group, stream, filter: filter.name, events: told });
      this.#arm(group, filter.name);
    }
  }

  /** Takes up what was gathered or on its way when the cloud stopped. */
  resume(): void {
    for (const { group, filter } of this.#gathered.values()) this.#arm(group, filter);
    this.#attempts.resume();
  }

  #arm(group: string, filter: string): void {
    const key = keyOf(group, filter);
    if (this.#timers.has(key)) return;
    const { clock } = this.#book.context;
    const options = { background: true, name: `gather logs of ${group}` };
    this.#timers.set(
      key,
      clock.schedule(clock.now() + GATHER_MS, () => this.#flush(group, filter), options),
    );
  }

  #flush(group: string, filter: string): void {
    this.#timers.delete(keyOf(group, filter));
    const taken = [...this.#gathered.entries()].filter(([, batch]) => batch.group === group && batch.filter === filter);
    const streams = Map.groupBy(taken, ([, { stream }]) => stream);
    const batches = [...streams].flatMap(([stream, entries]) => {
      const events = entries.flatMap(([, batch]) => batch.events);
      return documents(events).map((part): SubscribedBatch => ({ group, stream, filter, events: part }));
    });
    if (batches.length > 0) this.#attempts.send(batches);
    for (const [id] of taken) this.#gathered.delete(id);
  }

  async #deliver(
    batches: readonly SubscribedBatch[],
    send: (filter: SubscriptionFilter) => Promise<void>,
  ): Promise<void> {
    const filter = this.#filterOf(batches);
    if (!filter) return;
    await send(filter);
    const events = batches.flatMap((batch) => batch.events);
    this.#count(filter, 'ForwardedLogEvents', events.length, 'Count');
    const bytes = events.reduce((sum, { message }) => sum + Buffer.byteLength(message), 0);
    this.#count(filter, 'ForwardedBytes', bytes, 'Bytes');
  }

  #retryAfter({ item, firstAt, retries }: Attempt<readonly SubscribedBatch[]>, error: Error): number | undefined {
    const filter = this.#filterOf(item);
    const pause = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(retries, 20), LONGEST_BACKOFF_MS);
    const age = this.#book.context.clock.now() + pause - firstAt;
    if (!filter || !mayPass(error) || age > RETRIED_FOR_MS) return undefined;
    this.#count(filter, 'DeliveryThrottling', 1, 'Count');
    return pause;
  }

  /** A destination that refuses is not asked again for a while, and what arrives meanwhile is skipped, as on AWS. */
  #giveUp(batches: readonly SubscribedBatch[], error: Error): void {
    const filter = this.#filterOf(batches);
    if (!filter) return;
    const { clock, log } = this.#book.context;
    this.#count(filter, 'DeliveryErrors', 1, 'Count');
    this.#disabled.set(keyOf(filter.group, filter.name), clock.now() + DISABLED_MS);
    log(`Log events of ${filter.group} did not reach ${filter.destinationArn} and are lost: ${error.message}`);
  }

  #isDisabled(key: string): boolean {
    return (this.#disabled.get(key) ?? 0) > this.#book.context.clock.now();
  }

  #filterOf([first]: readonly SubscribedBatch[]): SubscriptionFilter | undefined {
    return first && this.#filters.get(first.group, first.filter);
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html */
  #count(
    { group, name: FilterName, destinationArn }: SubscriptionFilter,
    name: string,
    value: number,
    unit: string,
  ): void {
    const dimensions = { LogGroupName: group, DestinationType: destinationType(destinationArn), FilterName };
    this.#book.context.putServiceMetric({ namespace: 'AWS/Logs', name, dimensions, value, unit });
  }
}

/** Throttling and failures of the destination pass; what it refuses it will refuse again. */
function mayPass(error: Error): boolean {
  return !(error instanceof AwsError) || error.status === 429 || (error.status >= 500 && error.status !== 501);
}

/** Cuts the events of a stream into documents that are not too large. */
function documents(events: readonly SubscribedEvent[]): SubscribedEvent[][] {
  const parts: SubscribedEvent[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const event of events) {
    const size = Buffer.byteLength(event.message);
    if (bytes + size > MOST_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(event);
    bytes += size;
  }
  return parts;
}

const keyOf = (group: string, filter: string) => JSON.stringify([group, filter]);
