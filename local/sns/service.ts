import { randomUUID } from 'node:crypto';
import type { AccessRequest, PolicyDocument } from '../iam/principal.ts';
import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document, Operation } from '../kernel/service.ts';
import { keyAccess } from '../kms/keys.ts';
import { checkProtocol, fanOut } from './delivery.ts';
import { checkFilter } from './filter.ts';
import { subscriptionType, topicPolicyType, topicType } from './resources.ts';
import { type MessageAttribute, type PublishedMessage, type Subscription, type Topic, TopicBook } from './topics.ts';

/** Amazon SNS: topics, filtered subscriptions of queues and functions, mail into an outbox. See sns.md. */
export const snsService: ServiceFactory = (context) => {
  const sns = new Sns(context);
  return {
    name: 'sns',
    queryNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    accessDeniedCode: 'AuthorizationError',
    operations: operations(sns),
    resourceTypes: [topicType(sns), subscriptionType(sns), topicPolicyType(sns)],
  };
};

const LONGEST_MESSAGE = 256 * 1024;

export class Sns {
  readonly context: CloudContext;
  readonly book: TopicBook;

  constructor(context: CloudContext) {
    this.context = context;
    this.book = new TopicBook(context);
  }

  arnOf(name: string): string {
    return `arn:aws:sns:${this.context.region}:${this.context.account}:${name}`;
  }

  createTopic(name: string, attributes: Partial<Topic> = {}): Topic {
    if (!/^[\w-]{1,256}$/.test(name)) throw invalid('Topic Name');
    const arn = this.arnOf(name);
    const known = this.book.topics.get(arn);
    const topic = { name, arn, displayName: '', kmsKeyId: '', policy: null, tags: {}, ...known, ...attributes };
    this.book.topics.set(arn, topic);
    return topic;
  }

  subscribe(topicArn: string, protocol: string, endpoint: string, attributes: Document): Subscription {
    this.book.topic(topicArn);
    const known = this.book
      .subscribers(topicArn)
      .find((other) => other.protocol === protocol && other.endpoint === endpoint);
    const subscription: Subscription = {
      arn: known?.arn ?? `${topicArn}:${randomUUID()}`,
      topicArn,
      protocol: checkProtocol(protocol),
      endpoint,
      ...subscriptionAttributes(attributes),
    };
    this.book.subscriptions.set(subscription.arn, subscription);
    return subscription;
  }

  publish(input: Document): string {
    const topic = this.book.topic(input.TopicArn ?? input.TargetArn);
    const message = String(input.Message ?? '');
    if (message === '') throw invalid('Empty message');
    if (Buffer.byteLength(message) > LONGEST_MESSAGE) throw invalid('Message too long');
    const subject = input.Subject === undefined ? null : String(input.Subject);
    // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII text, no line breaks, less than 100 characters.
    if (subject !== null && !/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject)) throw invalid('Subject');
    if (input.MessageStructure !== undefined) throw new Unsupported('the parameter MessageStructure of sns:Publish');
    const published: PublishedMessage = {
      messageId: randomUUID(),
      topicArn: topic.arn,
      subject,
      message,
      attributes: attributesOf(input.MessageAttributes),
      timestamp: new Date(this.context.clock.now()).toISOString(),
    };
    fanOut(this.context, this.book, published);
    return published.messageId;
  }
}

export function subscriptionAttributes(
  attributes: Document,
): Pick<Subscription, 'rawMessageDelivery' | 'filterPolicy' | 'deadLetterArn'> {
  const { RawMessageDelivery, FilterPolicy, RedrivePolicy, ...rest } = attributes;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw new Unsupported(`the subscription attribute ${unknown}`);
  const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const redrive =
    RedrivePolicy === undefined ? undefined : (JSON.parse(asText(RedrivePolicy)) as { deadLetterTargetArn?: string });
  return {
    rawMessageDelivery: String(RawMessageDelivery ?? 'false') === 'true',
    filterPolicy: FilterPolicy === undefined ? null : checkFilter(asText(FilterPolicy)),
    deadLetterArn: redrive?.deadLetterTargetArn ?? null,
  };
}

/** The query protocol gives a list of `{ Name, Value }`; a call within the cloud gives the map of the API's shape. */
function attributesOf(value: unknown): Record<string, MessageAttribute> {
  if (Array.isArray(value)) {
    return Object.fromEntries(value.map((item: { Name: string; Value: MessageAttribute }) => [item.Name, item.Value]));
  }
  return (value as Record<string, MessageAttribute> | undefined) ?? {};
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse */
function publisherKeyAccess(context: CloudContext, { arn, kmsKeyId }: Topic): AccessRequest[] {
  const actions = ['kms:GenerateDataKey', 'kms:Decrypt'];
  return keyAccess(context, kmsKeyId, { via: 'sns', actions, encryptionContext: { 'aws:sns:topicArn': arn } });
}

function operations(sns: Sns): Record<string, Operation> {
  const { book } = sns;
  const onTopic =
    (action: string, parameter = 'TopicArn') =>
    (input: Document): AccessRequest[] => {
      const arn = String(input[parameter] ?? input.TargetArn);
      const topic = book.topics.get(arn);
      const own = { action: `sns:${action}`, resource: arn, policy: topic?.policy ?? undefined };
      return [own, ...(action === 'Publish' && topic?.kmsKeyId ? publisherKeyAccess(sns.context, topic) : [])];
    };
  const onAccount = (action: string) => () => [{ action: `sns:${action}`, resource: sns.arnOf('*') }];
  const onSubscription = (action: string) => (input: Document) => [
    { action: `sns:${action}`, resource: book.subscription(input.SubscriptionArn).topicArn },
  ];
  return {
    CreateTopic: {
      access: (input) => [{ action: 'sns:CreateTopic', resource: sns.arnOf(String(input.Name)) }],
      handle: async (input) => ({ TopicArn: sns.createTopic(String(input.Name)).arn }),
    },
    DeleteTopic: {
      access: onTopic('DeleteTopic'),
      handle: async (input) => {
        book.deleteTopic(String(input.TopicArn));
        return {};
      },
    },
    ListTopics: {
      access: onAccount('ListTopics'),
      handle: async () => ({ Topics: [...book.topics.values()].map(({ arn }) => ({ TopicArn: arn })) }),
    },
    GetTopicAttributes: {
      access: onTopic('GetTopicAttributes'),
      handle: async (input) => ({ Attributes: topicAttributes(sns, book.topic(input.TopicArn)) }),
    },
    SetTopicAttributes: {
      access: onTopic('SetTopicAttributes'),
      handle: async (input) => {
        const topic = book.topic(input.TopicArn);
        const change = TOPIC_ATTRIBUTES[String(input.AttributeName)];
        if (!change) throw new Unsupported(`the topic attribute ${String(input.AttributeName)}`);
        book.topics.set(topic.arn, { ...topic, ...change(String(input.AttributeValue)) });
        return {};
      },
    },
    Subscribe: {
      access: onTopic('Subscribe'),
      handle: async (input) => {
        const attributes = (input.Attributes as Document | undefined) ?? {};
        const { arn } = sns.subscribe(
          String(input.TopicArn),
          String(input.Protocol),
          String(input.Endpoint),
          attributes,
        );
        return { SubscriptionArn: arn };
      },
    },
    Unsubscribe: {
      access: onSubscription('Unsubscribe'),
      handle: async (input) => {
        book.subscriptions.delete(String(input.SubscriptionArn));
        return {};
      },
    },
    ListSubscriptions: {
      access: onAccount('ListSubscriptions'),
      handle: async () => ({
        Subscriptions: [...book.subscriptions.values()].map((known) => subscriptionShape(sns, known)),
      }),
    },
    ListSubscriptionsByTopic: {
      access: onTopic('ListSubscriptionsByTopic'),
      handle: async (input) => {
        const { arn } = book.topic(input.TopicArn);
        return { Subscriptions: book.subscribers(arn).map((known) => subscriptionShape(sns, known)) };
      },
    },
    GetSubscriptionAttributes: {
      access: onSubscription('GetSubscriptionAttributes'),
      handle: async (input) => {
        const { arn, topicArn, protocol, endpoint, rawMessageDelivery, filterPolicy } = book.subscription(
          input.SubscriptionArn,
        );
        const attributes: [string, string][] = [
          ['SubscriptionArn', arn],
          ['TopicArn', topicArn],
          ['Protocol', protocol],
          ['Endpoint', endpoint],
          ['Owner', sns.context.account],
          ['PendingConfirmation', 'false'],
          ['RawMessageDelivery', String(rawMessageDelivery)],
        ];
        return {
          Attributes: new Map(filterPolicy === null ? attributes : [...attributes, ['FilterPolicy', filterPolicy]]),
        };
      },
    },
    Publish: {
      access: onTopic('Publish'),
      handle: async (input) => ({ MessageId: sns.publish(input) }),
    },
    PublishBatch: {
      access: onTopic('Publish'),
      handle: async (input) => publishBatch(sns, input),
    },
  };
}

async function publishBatch(sns: Sns, input: Document): Promise<Document> {
  const Successful: Document[] = [];
  const Failed: Document[] = [];
  for (const entry of input.PublishBatchRequestEntries as Document[]) {
    try {
      Successful.push({ Id: entry.Id, MessageId: sns.publish({ ...entry, TopicArn: input.TopicArn }) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
    }
  }
  return { Successful, Failed };
}

const TOPIC_ATTRIBUTES: Record<string, (value: string) => Partial<Topic>> = {
  DisplayName: (displayName) => ({ displayName }),
  KmsMasterKeyId: (kmsKeyId) => ({ kmsKeyId }),
  Policy: (text) => ({ policy: JSON.parse(text) as PolicyDocument }),
};

function topicAttributes({ context, book }: Sns, topic: Topic): Map<string, string> {
  return new Map([
    ['TopicArn', topic.arn],
    ['Owner', context.account],
    ['DisplayName', topic.displayName],
    ['SubscriptionsConfirmed', String(book.subscribers(topic.arn).length)],
    ['SubscriptionsPending', '0'],
    ...(topic.kmsKeyId ? [['KmsMasterKeyId', topic.kmsKeyId] as const] : []),
    ...(topic.policy ? [['Policy', JSON.stringify(topic.policy)] as const] : []),
  ]);
}

const subscriptionShape = ({ context }: Sns, { arn, topicArn, protocol, endpoint }: Subscription): Document => ({
  SubscriptionArn: arn,
  Owner: context.account,
  Protocol: protocol,
  Endpoint: endpoint,
  TopicArn: topicArn,
});

const invalid = (what: string) => new AwsError('InvalidParameter', `Invalid parameter: ${what}`);
