import type { Principal } from '../../iam/principal.ts';
import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { onTopic, requirePublisherKey } from '../access.ts';
import type { Notifications } from '../delivery.ts';
import { messageOf } from '../message.ts';
import type { TopicBook } from '../topics.ts';

/** https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html */
const MOST_ENTRIES = 10;

export function publishOperations(book: TopicBook, notifications: Notifications): Record<string, Operation> {
  const publish = (input: Document, principal: Principal): string => {
    const topic = book.topic(input.TopicArn ?? input.TargetArn);
    requirePublisherKey(book.context, principal, topic);
    const message = messageOf(input, topic.arn, book.context.clock.now());
    notifications.publish(message);
    return message.messageId;
  };
  return {
    Publish: {
      access: onTopic(book, 'Publish'),
      handle: async (input, { principal }) => ({ MessageId: publish(input, principal) }),
    },
    PublishBatch: {
      access: onTopic(book, 'Publish'),
      handle: async (input, { principal }) => {
        const { TopicArn } = input;
        const Successful: Document[] = [];
        const Failed: Document[] = [];
        for (const entry of batchOf(input)) {
          try {
            Successful.push({ Id: entry.Id, MessageId: publish({ ...entry, TopicArn }, principal) });
          } catch (error) {
            if (!(error instanceof AwsError) || error.status >= 500) throw error;
            Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
          }
        }
        return { Successful, Failed };
      },
    },
  };
}

function batchOf({ PublishBatchRequestEntries }: Document): Document[] {
  const entries = (PublishBatchRequestEntries ?? []) as Document[];
  if (entries.length === 0) {
    throw new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  }
  if (entries.length > MOST_ENTRIES) {
    throw new AwsError('TooManyEntriesInBatchRequest', 'The batch request contains more entries than permissible.');
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
  }
  return entries;
}
