import { AwsError } from '../kernel/errors.ts';
import type { Call, Document, Operation } from '../kernel/service.ts';
import { sqsError } from './errors.ts';
import { MESSAGE_LIMIT, messageAttributes, sizeOf } from './message.ts';
import { changeVisibility, outgoing, send, settle } from './message-operations.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';

export function batchOperations(queues: Queues): Record<string, Operation> {
  const batch = (
    action: string,
    each: (queue: Queue, entry: Document, call: Call) => Document,
    check: (entries: readonly Document[]) => void = () => undefined,
  ): Operation => ({
    access: queues.access(action),
    async handle(input, call) {
      const queue = queues.byUrl(input.QueueUrl);
      const entries = checkedEntries(input.Entries);
      check(entries);
      return settled(entries, (entry) => each(queue, entry, call));
    },
  });
  return {
    SendMessageBatch: batch(
      'SendMessage',
      (queue, entry, call) => send(queues, queue, outgoing(queue, entry, call)),
      checkTotalSize,
    ),
    DeleteMessageBatch: batch('DeleteMessage', (queue, entry) => {
      settle(queues, queue, entry);
      return {};
    }),
    ChangeMessageVisibilityBatch: batch('ChangeMessageVisibility', (queue, entry) => {
      changeVisibility(queue, entry);
      return {};
    }),
  };
}

/** One entry's failure is no other's. */
function settled(entries: readonly Document[], each: (entry: Document) => Document): Document {
  const Successful: Document[] = [];
  const Failed: Document[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...each(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.queryCode ?? error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function checkedEntries(value: unknown): Document[] {
  const entries = (Array.isArray(value) ? value : []) as Document[];
  if (entries.length === 0) throw sqsError.emptyBatch();
  if (entries.length > 10) throw sqsError.tooManyEntries(entries.length);
  const seen = new Set<string>();
  for (const { Id } of entries) {
    if (typeof Id !== 'string' || !/^[A-Za-z0-9_-]{1,80}$/.test(Id)) throw sqsError.entryId();
    if (seen.has(Id)) throw sqsError.entryIdsNotDistinct(Id);
    seen.add(Id);
  }
  return entries;
}

function checkTotalSize(entries: readonly Document[]): void {
  const sizes = entries.map(({ MessageBody, MessageAttributes }) =>
    sizeOf(String(MessageBody ?? ''), messageAttributes(MessageAttributes)),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MESSAGE_LIMIT) throw sqsError.batchTooLong(MESSAGE_LIMIT, total);
}
