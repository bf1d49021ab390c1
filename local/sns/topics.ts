import type { PolicyDocument } from '../iam/principal.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface Topic {
  readonly name: string;
  readonly arn: string;
  readonly displayName: string;
  readonly kmsKeyId: string;
  readonly policy: PolicyDocument | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly rawMessageDelivery: boolean;
  /** As JSON text, as the API takes it. */
  readonly filterPolicy: string | null;
  readonly deadLetterArn: string | null;
}

/** One message as its topic accepted it. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly timestamp: string;
}

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: unknown;
}

/** Topics and subscriptions of one cloud. */
export class TopicBook {
  readonly topics: Collection<Topic>;
  readonly subscriptions: Collection<Subscription>;

  constructor({ store }: CloudContext) {
    this.topics = store.collection('sns.topics');
    this.subscriptions = store.collection('sns.subscriptions');
  }

  topic(arn: unknown): Topic {
    const topic = this.topics.get(String(arn));
    if (!topic) throw new AwsError('NotFound', 'Topic does not exist', { status: 404 });
    return topic;
  }

  subscription(arn: unknown): Subscription {
    const subscription = this.subscriptions.get(String(arn));
    if (!subscription) throw new AwsError('NotFound', 'Subscription does not exist', { status: 404 });
    return subscription;
  }

  subscribers(topicArn: string): Subscription[] {
    return [...this.subscriptions.values()].filter((subscription) => subscription.topicArn === topicArn);
  }

  deleteTopic(arn: string): void {
    for (const subscription of this.subscribers(arn)) this.subscriptions.delete(subscription.arn);
    this.topics.delete(arn);
  }
}
