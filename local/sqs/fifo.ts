import { createHash } from 'node:crypto';
import type { Clock } from '../kernel/clock.ts';
import type { Store } from '../kernel/store.ts';
import { sqsError } from './errors.ts';
import type { MessageRecord } from './message.ts';
import type { QueueRecord } from './queue.ts';

/** What FIFO queues remember: whom they have seen in the last five minutes, and the last sequence number. */
export interface Fifo {
  /** The message with its sequence number, or the one that it repeats. */
  admit(queue: QueueRecord, draft: MessageRecord): { message: MessageRecord; duplicate: boolean };
  forget(queueName: string): void;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html */
const DEDUPLICATION_MS = 5 * 60_000;
/** Sequence numbers have 20 digits. */
const FIRST_SEQUENCE_NUMBER = 18_850_000_000_000_000_000n;

export function createFifo(store: Store, clock: Clock): Fifo {
  const seen = store.collection<{ message: MessageRecord; at: number }>('sqs.deduplication');
  const sequences = store.collection<number>('sqs.sequences');
  return {
    admit(queue, draft) {
      const { groupId } = draft;
      if (groupId === undefined) throw sqsError.missing('MessageGroupId');
      const id = draft.deduplicationId ?? contentId(queue, draft.body);
      const scope = queue.attributes.DeduplicationScope === 'messageGroup' ? groupId : '';
      const key = JSON.stringify([queue.name, scope, id]);
      const known = seen.get(key);
      if (known && clock.now() - known.at < DEDUPLICATION_MS) return { message: known.message, duplicate: true };
      const sequence = (sequences.get(queue.name) ?? 0) + 1;
      sequences.set(queue.name, sequence);
      const sequenceNumber = String(FIRST_SEQUENCE_NUMBER + BigInt(sequence));
      const message = { ...draft, deduplicationId: id, sequenceNumber };
      seen.set(key, { message, at: clock.now() });
      return { message, duplicate: false };
    },
    forget(queueName) {
      sequences.delete(queueName);
      for (const key of [...seen.keys()]) if ((JSON.parse(key) as string[])[0] === queueName) seen.delete(key);
    },
  };
}

function contentId(queue: QueueRecord, body: string): string {
  if (queue.attributes.ContentBasedDeduplication !== 'true') {
    throw sqsError.invalid(
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  }
  return createHash('sha256').update(body).digest('hex');
}
