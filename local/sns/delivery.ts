import { type Attempt, Attempts } from '../kernel/attempts.ts';
import type { Work } from '../kernel/clock.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { passesFilter } from './filter.ts';
import type { PublishedMessage } from './message.ts';
import { deliver, type Notification, sendToQueue } from './protocols.ts';
import type { TopicBook } from './topics.ts';

/** Brings a message to every subscriber whose filter it passes; a failure of one is none of the others'. */
export class Notifications {
  readonly #context: CloudContext;
  readonly #book: TopicBook;
  readonly #attempts: Attempts<Notification>;

  constructor(context: CloudContext, book: TopicBook) {
    this.#context = context;
    this.#book = book;
    this.#attempts = new Attempts(context, 'sns.deliveries', {
      nameOf: ({ subscription }) => `message to ${subscription.endpoint}`,
      deliver: async ({ item }, work) => {
        await deliver(context, item, work);
        this.#count(item.message, 'NumberOfNotificationsDelivered');
      },
      retryAfter: ({ retries }, error) => (mayPass(error) ? pause(retries) : undefined),
      giveUp: (attempt, error, work) => this.#giveUp(attempt, error, work),
    });
  }

  publish(message: PublishedMessage): void {
    this.#count(message, 'NumberOfMessagesPublished');
    for (const subscription of this.#book.subscribers(message.topicArn)) {
      if (passesFilter(subscription.filterPolicy, subscription.filterScope, message)) {
        this.#attempts.send({ message, subscription });
      } else {
        this.#count(message, 'NumberOfNotificationsFilteredOut');
      }
    }
  }

  resume(): void {
    this.#attempts.resume();
  }

  async #giveUp({ item }: Attempt<Notification>, error: Error, work: Work): Promise<void> {
    const { message, subscription } = item;
    this.#count(message, 'NumberOfNotificationsFailed');
    const lost = `A message of ${message.topicArn} did not reach ${subscription.endpoint}: ${error.message}`;
    if (subscription.deadLetterArn === null) {
      this.#context.log(`${lost}. There is no dead-letter queue: it is lost`);
      return;
    }
    try {
      await sendToQueue(this.#context, item, { queueArn: subscription.deadLetterArn, work });
      this.#count(message, 'NumberOfNotificationsRedrivenToDlq');
    } catch (cause) {
      this.#count(message, 'NumberOfNotificationsFailedToRedriveToDlq');
      this.#context.log(`${lost}. Nor its dead-letter queue: ${(cause as Error).message}`);
    }
  }

  /** https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html */
  #count({ topicArn }: PublishedMessage, name: string): void {
    const dimensions = { TopicName: topicArn.split(':').at(-1) ?? '' };
    this.#context.putServiceMetric({ namespace: 'AWS/SNS', name, dimensions, value: 1, unit: 'Count' });
  }
}

/** What a subscriber refuses it will refuse again; its own failures and throttling pass. */
function mayPass(error: Error): boolean {
  return !(error instanceof AwsError) || error.status === 429 || (error.status >= 500 && error.status !== 501);
}

/**
 * For queues and functions: 3 times at once, twice after 1 s, 10 times from 1 s to 20 s, 100 000 times after 20 s; 23 days in all.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
 */
function pause(retries: number): number | undefined {
  if (retries < 3) return 0;
  if (retries < 5) return 1_000;
  if (retries < 15) return Math.round(1_000 * 20 ** ((retries - 5) / 9));
  return retries < 100_015 ? 20_000 : undefined;
}
