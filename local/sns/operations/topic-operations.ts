import { checkedPolicy } from '../../iam/check-policy.ts';
import { Unsupported } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { onAccount, onTopic, policyOf } from '../access.ts';
import { snsError } from '../errors.ts';
import type { Topic, TopicBook, TopicSettings } from '../topics.ts';
import { tagsOf } from './tag-operations.ts';

const PAGE = 100;

export function topicOperations(book: TopicBook): Record<string, Operation> {
  return {
    CreateTopic: {
      access: (input) => [{ action: 'sns:CreateTopic', resource: book.arnOf(String(input.Name)) }],
      handle: async (input) => {
        const attributes = Object.entries((input.Attributes ?? {}) as Record<string, string>);
        const settings = Object.assign({}, ...attributes.map(([name, value]) => settingOf(name, value)));
        return { TopicArn: book.create(String(input.Name), settings, tagsOf(input.Tags)).arn };
      },
    },
    DeleteTopic: {
      access: onTopic(book, 'DeleteTopic'),
      handle: async (input) => {
        book.delete(String(input.TopicArn));
        return {};
      },
    },
    ListTopics: {
      access: onAccount(book, 'ListTopics'),
      handle: async (input) => {
        const page = pageOf([...book.topics.keys()], { token: input.NextToken, limit: PAGE });
        return { Topics: page.items.map((TopicArn) => ({ TopicArn })), NextToken: page.next };
      },
    },
    GetTopicAttributes: {
      access: onTopic(book, 'GetTopicAttributes'),
      handle: async (input) => ({ Attributes: topicAttributes(book, book.topic(input.TopicArn)) }),
    },
    SetTopicAttributes: {
      access: onTopic(book, 'SetTopicAttributes'),
      handle: async (input) => {
        const { arn } = book.topic(input.TopicArn);
        book.change(arn, settingOf(String(input.AttributeName), String(input.AttributeValue ?? '')));
        return {};
      },
    },
  };
}

const SETTINGS: Readonly<Record<string, (value: string) => Partial<TopicSettings>>> = {
  DisplayName: (displayName) => ({ displayName }),
  KmsMasterKeyId: (kmsKeyId) => ({ kmsKeyId }),
  Policy: (text) => ({ policy: text === '' ? null : checkedPolicy(parsed(text), 'resource') }),
};

function settingOf(name: string, value: string): Partial<TopicSettings> {
  const read = SETTINGS[name];
  if (!read) throw new Unsupported(`the topic attribute ${name}`);
  return read(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw snsError.invalid('Policy Error: null');
  }
}

function topicAttributes(book: TopicBook, topic: Topic): Map<string, string> {
  const { account } = book.context;
  const attributes: Document = {
    TopicArn: topic.arn,
    Owner: account,
    DisplayName: topic.displayName,
    Policy: JSON.stringify(policyOf(topic, account)),
    SubscriptionsConfirmed: book.subscribers(topic.arn).length,
    SubscriptionsPending: 0,
    SubscriptionsDeleted: 0,
    ...(topic.kmsKeyId ? { KmsMasterKeyId: topic.kmsKeyId } : {}),
  };
  return new Map(Object.entries(attributes).map(([name, value]) => [name, String(value)]));
}
