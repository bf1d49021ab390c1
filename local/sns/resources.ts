import type { PolicyDocument } from '../iam/principal.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import { type Sns, subscriptionAttributes } from './service.ts';

export function topicType(sns: Sns): ResourceType {
  const put = (name: string, { DisplayName = '', KmsMasterKeyId = '' }: Document) => {
    const { arn } = sns.createTopic(name, { displayName: String(DisplayName), kmsKeyId: String(KmsMasterKeyId) });
    return { physicalId: arn, attributes: { TopicArn: arn, TopicName: name } };
  };
  return {
    type: 'AWS::SNS::Topic',
    properties: ['TopicName', 'DisplayName', 'KmsMasterKeyId', 'Tags'],
    replacing: ['TopicName'],
    create: async ({ properties, physicalName }) =>
      put(String(properties.TopicName ?? physicalName({ length: 256 })), properties),
    update: async ({ physicalId, properties }) => put(physicalId.split(':').at(-1) ?? physicalId, properties),
    delete: async ({ physicalId }) => sns.book.deleteTopic(physicalId),
  };
}

export function subscriptionType(sns: Sns): ResourceType {
  const attributes = ({ RawMessageDelivery, FilterPolicy, RedrivePolicy }: Document) =>
    Object.fromEntries(
      Object.entries({ RawMessageDelivery, FilterPolicy, RedrivePolicy }).filter(([, value]) => value !== undefined),
    );
  return {
    type: 'AWS::SNS::Subscription',
    properties: ['TopicArn', 'Protocol', 'Endpoint', 'RawMessageDelivery', 'FilterPolicy', 'RedrivePolicy'],
    replacing: ['TopicArn', 'Protocol', 'Endpoint'],
    async create({ properties }) {
      const { TopicArn, Protocol, Endpoint } = properties;
      const { arn } = sns.subscribe(String(TopicArn), String(Protocol), String(Endpoint), attributes(properties));
      return { physicalId: arn, attributes: { Arn: arn } };
    },
    async update({ physicalId, properties }) {
      const known = sns.book.subscription(physicalId);
      sns.book.subscriptions.set(physicalId, { ...known, ...subscriptionAttributes(attributes(properties)) });
      return { physicalId, attributes: { Arn: physicalId } };
    },
    delete: async ({ physicalId }) => {
      sns.book.subscriptions.delete(physicalId);
    },
  };
}

export function topicPolicyType(sns: Sns): ResourceType {
  const set = (topics: unknown, policy: PolicyDocument | null) => {
    for (const arn of topics as string[]) {
      const topic = sns.book.topics.get(arn);
      if (topic) sns.book.topics.set(arn, { ...topic, policy });
    }
  };
  return {
    type: 'AWS::SNS::TopicPolicy',
    properties: ['PolicyDocument', 'Topics'],
    replacing: [],
    async create({ properties, physicalName }) {
      set(properties.Topics, properties.PolicyDocument as PolicyDocument);
      const physicalId = physicalName({ length: 256 });
      return { physicalId, attributes: { Id: physicalId } };
    },
    async update({ physicalId, properties, previous }) {
      set(previous.Topics, null);
      set(properties.Topics, properties.PolicyDocument as PolicyDocument);
      return { physicalId, attributes: { Id: physicalId } };
    },
    delete: async ({ properties }) => set(properties.Topics, null),
  };
}
