import { checkedPolicy, policyProblems } from '../iam/check-policy.ts';
import type { PolicyDocument } from '../iam/principal.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import { tagsOf } from './operations/tag-operations.ts';
import { checkProtocol } from './protocols.ts';
import { subscriptionSettings } from './settings.ts';
import type { Topic, TopicBook } from './topics.ts';

/** AWS::SNS::Topic. `Ref` is the ARN. */
export function topicType(book: TopicBook): ResourceType {
  const settings = ({ DisplayName = '', KmsMasterKeyId = '' }: Document) => ({
    displayName: String(DisplayName),
    kmsKeyId: String(KmsMasterKeyId),
  });
  const result = ({ arn, name }: Topic) => ({ physicalId: arn, attributes: { TopicArn: arn, TopicName: name } });
  return {
    type: 'AWS::SNS::Topic',
    properties: ['TopicName', 'DisplayName', 'KmsMasterKeyId', 'Tags'],
    replacing: ['TopicName'],
    create: async ({ properties, physicalName }) => {
      const name = String(properties.TopicName ?? physicalName({ length: 256 }));
      return result(book.create(name, settings(properties), tagsOf(properties.Tags)));
    },
    update: async ({ physicalId, properties }) => {
      book.change(physicalId, { ...settings(properties), tags: tagsOf(properties.Tags) });
      return result(book.topic(physicalId));
    },
    delete: async ({ physicalId }) => book.delete(physicalId),
  };
}

const SETTINGS = ['RawMessageDelivery', 'FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy'];

/** AWS::SNS::Subscription. `Ref` is the ARN. */
export function subscriptionType(book: TopicBook): ResourceType {
  const settings = (properties: Document) => {
    const given = SETTINGS.filter((name) => properties[name] !== undefined).map((name) => [name, properties[name]]);
    return subscriptionSettings(checkProtocol(String(properties.Protocol)), Object.fromEntries(given));
  };
  const result = (arn: string) => ({ physicalId: arn, attributes: { Arn: arn } });
  return {
    type: 'AWS::SNS::Subscription',
    properties: ['TopicArn', 'Protocol', 'Endpoint', ...SETTINGS],
    replacing: ['TopicArn', 'Protocol', 'Endpoint'],
    async create({ properties }) {
      const { TopicArn, Protocol, Endpoint } = properties;
      return result(book.subscribe(String(TopicArn), String(Protocol), String(Endpoint), settings(properties)).arn);
    },
    async update({ physicalId, properties }) {
      book.subscriptions.set(physicalId, { ...book.subscription(physicalId), ...settings(properties) });
      return result(physicalId);
    },
    delete: async ({ physicalId }) => {
      book.subscriptions.delete(physicalId);
    },
  };
}

/** AWS::SNS::TopicPolicy: takes the place of the policy that a topic has, for each of its topics. */
export function topicPolicyType(book: TopicBook): ResourceType {
  const set = (topics: unknown, policy: PolicyDocument) => {
    for (const arn of topics as string[]) book.change(arn, { policy });
  };
  const unset = (topics: unknown) => {
    for (const arn of topics as string[]) if (book.topics.has(arn)) book.change(arn, { policy: null });
  };
  const policyOf = ({ PolicyDocument: document }: Document) => checkedPolicy(document, 'resource');
  return {
    type: 'AWS::SNS::TopicPolicy',
    properties: ['PolicyDocument', 'Topics'],
    replacing: [],
    check: ({ PolicyDocument: document }) => policyProblems(document, 'resource'),
    async create({ properties, physicalName }) {
      set(properties.Topics, policyOf(properties));
      const physicalId = physicalName({ length: 256 });
      return { physicalId, attributes: { Id: physicalId } };
    },
    async update({ physicalId, properties, previous }) {
      unset(previous.Topics);
      set(properties.Topics, policyOf(properties));
      return { physicalId, attributes: { Id: physicalId } };
    },
    delete: async ({ properties }) => unset(properties.Topics),
  };
}
