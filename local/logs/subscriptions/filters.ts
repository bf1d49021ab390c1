import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { Collection } from '../../kernel/store.ts';
import { filterPattern } from '../filter-pattern.ts';
import type { LogBook } from '../log-book.ts';

/** What of a group's events goes where. */
export interface SubscriptionFilter {
  readonly group: string;
  readonly name: string;
  readonly pattern: string;
  readonly destinationArn: string;
  readonly roleArn: string | null;
  readonly createdAt: number;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
const MOST_PER_GROUP = 2;

/** The subscription filters of every group, with their patterns compiled once. */
export class FilterBook {
  readonly #filters: Collection<SubscriptionFilter>;
  readonly #matchers = new Map<string, (message: string) => boolean>();
  readonly #book: LogBook;

  constructor(book: LogBook) {
    this.#book = book;
    this.#filters = book.context.store.collection('logs.subscription-filters');
  }

  /** Refuses a filter that CloudWatch Logs would refuse, before its destination is asked. */
  check({ group, name, pattern }: Pick<SubscriptionFilter, 'group' | 'name' | 'pattern'>): void {
    this.#book.group(group);
    if (!/^[^:*]{1,512}$/.test(name)) {
      throw new AwsError(
        'InvalidParameterException',
        `1 validation error detected: Value '${name}' at 'filterName' failed to satisfy constraint: Member must satisfy regular expression pattern: [^:*]*`,
      );
    }
    filterPattern(pattern);
    const others = this.of(group).filter((other) => other.name !== name);
    if (others.length >= MOST_PER_GROUP) throw new AwsError('LimitExceededException', 'Resource limit exceeded.');
  }

  put(filter: SubscriptionFilter): void {
    const key = keyOf(filter);
    const createdAt = this.#filters.get(key)?.createdAt ?? filter.createdAt;
    this.#filters.set(key, { ...filter, createdAt });
    this.#matchers.delete(key);
  }

  get(group: string, name: string): SubscriptionFilter | undefined {
    return this.#filters.get(keyOf({ group, name }));
  }

  /** The filters of a group, by name. */
  of(group: string): SubscriptionFilter[] {
    const filters = [...this.#filters.values()].filter((filter) => filter.group === group);
    return filters.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  matcher(filter: SubscriptionFilter): (message: string) => boolean {
    const key = keyOf(filter);
    const known = this.#matchers.get(key) ?? filterPattern(filter.pattern);
    this.#matchers.set(key, known);
    return known;
  }

  delete(group: string, name: string): void {
    this.#book.group(group);
    if (!this.#filters.delete(keyOf({ group, name }))) {
      throw new AwsError('ResourceNotFoundException', 'The specified subscription filter does not exist.');
    }
    this.#matchers.delete(keyOf({ group, name }));
  }

  deleteAll(group: string): void {
    for (const { name } of this.of(group)) this.delete(group, name);
  }
}

const keyOf = ({ group, name }: Pick<SubscriptionFilter, 'group' | 'name'>) => JSON.stringify([group, name]);

/** Filters that look at what a transformer of the group made, and shards that are picked at random, have no effect here. */
export function onlyStandard({
  distribution = 'ByLogStream',
  applyOnTransformedLogs = false,
}: {
  distribution?: unknown;
  applyOnTransformedLogs?: unknown;
}): void {
  if (distribution !== 'ByLogStream')
    throw new Unsupported(`the distribution ${String(distribution)} of a subscription`);
  if (applyOnTransformedLogs === true) throw new Unsupported('subscriptions to transformed logs');
}
