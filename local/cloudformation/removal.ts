import type { Work } from '../kernel/clock.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { ResourceTypes } from './check-template.ts';
import type { ResourceRecord, StackBook } from './stack-book.ts';

/** What an event tells about a resource. */
export type Told = Pick<ResourceRecord, 'logicalId' | 'physicalId' | 'type'>;

/** Deletes one resource and tells so. */
export async function removeResource(
  record: Omit<ResourceRecord, 'updated'>,
  { types, book, work }: { types: ResourceTypes; book: StackBook; work: Work },
): Promise<void> {
  const { stackId, logicalId, physicalId, properties, type: name } = record;
  const type = types.get(name);
  if (!type) throw new Unsupported(`the resource type ${name}`);
  const told: Told = { logicalId, physicalId, type: name };
  book.tell(stackId, { ...told, status: 'DELETE_IN_PROGRESS' });
  try {
    await type.delete({ physicalId, properties, work });
  } catch (error) {
    book.tell(stackId, { ...told, status: 'DELETE_FAILED', reason: (error as Error).message });
    throw error;
  }
  book.tell(stackId, { ...told, status: 'DELETE_COMPLETE' });
}

/** Each before those that it waited for. */
export function deletionOrder(records: readonly ResourceRecord[]): ResourceRecord[] {
  const byId = new Map(records.map((record) => [record.logicalId, record]));
  const seen = new Set<ResourceRecord>();
  const ordered: ResourceRecord[] = [];
  const visit = (record: ResourceRecord) => {
    if (seen.has(record)) return;
    seen.add(record);
    for (const other of record.waitsFor) {
      const before = byId.get(other);
      if (before) visit(before);
    }
    ordered.push(record);
  };
  for (const record of records) visit(record);
  return ordered.toReversed();
}
