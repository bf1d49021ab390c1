import type { Work } from '../../kernel/clock.ts';
import type { LogBook } from '../log-book.ts';
import { probeDestination } from './destinations.ts';
import type { FilterBook, SubscriptionFilter } from './filters.ts';

/** Makes or changes a filter, after its destination was reached with a message of control. */
export async function putFilter(
  book: LogBook,
  filters: FilterBook,
  given: Omit<SubscriptionFilter, 'createdAt'>,
  work: Work,
): Promise<void> {
  const filter = { ...given, createdAt: book.context.clock.now() };
  filters.check(filter);
  await probeDestination(book, filter, work);
  filters.put(filter);
}
