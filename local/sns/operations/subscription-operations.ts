import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { onAccount, onTopic } from '../access.ts';
import { checkProtocol } from '../protocols.ts';
import { settingsAsAttributes, subscriptionSettings } from '../settings.ts';
import type { Subscription, TopicBook } from '../topics.ts';

const PAGE = 100;

export function subscriptionOperations(book: TopicBook): Record<string, Operation> {
  const onSubscription = (action: string) => (input: Document) => [
    { action: `sns:${action}`, resource: book.subscription(input.SubscriptionArn).topicArn },
  ];
  const listed = (subscriptions: readonly Subscription[], input: Document) => {
    const page = pageOf(subscriptions, { token: input.NextToken, limit: PAGE });
    return { Subscriptions: page.items.map((known) => shapeOf(book, known)), NextToken: page.next };
  };
  return {
    Subscribe: {
      access: onTopic(book, 'Subscribe'),
      handle: async (input) => {
        const protocol = checkProtocol(String(input.Protocol));
        const settings = subscriptionSettings(protocol, (input.Attributes ?? {}) as Document);
        const { arn } = book.subscribe(String(input.TopicArn), protocol, String(input.Endpoint), settings);
        return { SubscriptionArn: arn };
      },
    },
    Unsubscribe: {
      // One that is gone is fine: https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
      access: (input) =>
        book.subscriptions.has(String(input.SubscriptionArn)) ? onSubscription('Unsubscribe')(input) : [],
      handle: async (input) => {
        book.subscriptions.delete(String(input.SubscriptionArn));
        return {};
      },
    },
    ListSubscriptions: {
      access: onAccount(book, 'ListSubscriptions'),
      handle: async (input) => listed([...book.subscriptions.values()], input),
    },
    ListSubscriptionsByTopic: {
      access: onTopic(book, 'ListSubscriptionsByTopic'),
      handle: async (input) => listed(book.subscribers(book.topic(input.TopicArn).arn), input),
    },
    GetSubscriptionAttributes: {
      access: onSubscription('GetSubscriptionAttributes'),
      handle: async (input) => {
        const subscription = book.subscription(input.SubscriptionArn);
        const attributes = {
          ...shapeOf(book, subscription),
          PendingConfirmation: 'false',
          ConfirmationWasAuthenticated: 'true',
          ...settingsAsAttributes(subscription),
        };
        return { Attributes: new Map(Object.entries(attributes)) };
      },
    },
    SetSubscriptionAttributes: {
      access: onSubscription('SetSubscriptionAttributes'),
      handle: async (input) => {
        const known = book.subscription(input.SubscriptionArn);
        const attributes = {
          ...settingsAsAttributes(known),
          [String(input.AttributeName)]: input.AttributeValue ?? '',
        };
        book.subscriptions.set(known.arn, { ...known, ...subscriptionSettings(known.protocol, attributes) });
        return {};
      },
    },
  };
}

const shapeOf = ({ context }: TopicBook, { arn, topicArn, protocol, endpoint }: Subscription) => ({
  SubscriptionArn: arn,
  Owner: context.account,
  Protocol: protocol,
  Endpoint: endpoint,
  TopicArn: topicArn,
});
