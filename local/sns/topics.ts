import { randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../iam/principal.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { snsError } from './errors.ts';
import type { SubscriptionSettings } from './settings.ts';

export interface Topic {
  readonly name: string;
  readonly arn: string;
  readonly displayName: string;
  /** Empty: not encrypted. */
  readonly kmsKeyId: string;
  /** `null`: the one that SNS gives a new topic. */
  readonly policy: PolicyDocument | null;
  readonly tags: Readonly<Record<string, string>>;
}

export type TopicSettings = Pick<Topic, 'displayName' | 'kmsKeyId' | 'policy'>;

export interface Subscription extends SubscriptionSettings {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
}

/** Topics and subscriptions of one cloud. */
export class TopicBook {
  readonly context: CloudContext;
  readonly topics: Collection<Topic>;
  readonly subscriptions: Collection<Subscription>;

  constructor(context: CloudContext) {
    this.context = context;
    this.topics = context.store.collection('sns.topics');
    this.subscriptions = context.store.collection('sns.subscriptions');
  }

  arnOf(name: string): string {
    const { partition, region, account } = this.context;
    return `arn:${partition}:sns:${region}:${account}:${name}`;
  }

  topic(arn: unknown): Topic {
    const topic = this.topics.get(String(arn));
    if (!topic) throw snsError.notFound('Topic');
    return topic;
  }

  subscription(arn: unknown): Subscription {
    const subscription = this.subscriptions.get(String(arn));
    if (!subscription) throw snsError.notFound('Subscription');
    return subscription;
  }

  subscribers(topicArn: string): Subscription[] {
    return [...this.subscriptions.values()].filter((subscription) => subscription.topicArn === topicArn);
  }

  /** The topic of that name; SNS gives an existing one back when nothing that is asked for differs. */
  create(name: string, settings: Partial<TopicSettings>, tags: Readonly<Record<string, string>> = {}): Topic {
    if (!/^[\w-]{1,256}$/.test(name)) throw snsError.invalid('Topic Name');
    const arn = this.arnOf(name);
    const known = this.topics.get(arn);
    if (known) {
      const same = JSON.stringify({ ...known, ...settings }) === JSON.stringify(known);
      if (!same) throw snsError.invalid('Attributes Reason: Topic already exists with different attributes');
      return known;
    }
    const topic = { name, arn, displayName: '', kmsKeyId: '', policy: null, tags, ...settings };
    this.topics.set(arn, topic);
    return topic;
  }

  change(arn: string, change: Partial<Topic>): void {
    this.topics.set(arn, { ...this.topic(arn), ...change });
  }

  delete(arn: string): void {
    for (const subscription of this.subscribers(arn)) this.subscriptions.delete(subscription.arn);
    this.topics.delete(arn);
  }

  /** One subscription for an endpoint of a topic, however often it is asked for. */
  subscribe(topicArn: string, protocol: string, endpoint: string, settings: SubscriptionSettings): Subscription {
    this.topic(topicArn);
    const known = this.subscribers(topicArn).find(
      (other) => other.protocol === protocol && other.endpoint === endpoint,
    );
    const arn = known?.arn ?? `${topicArn}:${randomUUID()}`;
    const subscription: Subscription = { arn, topicArn, protocol, endpoint, ...settings };
    if (known && JSON.stringify(known) !== JSON.stringify(subscription)) {
      throw snsError.invalid('Attributes Reason: Subscription already exists with different attributes');
    }
    this.subscriptions.set(arn, subscription);
    return subscription;
  }
}
