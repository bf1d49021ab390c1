import type { ResourceRequest, ResourceResult, ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import { type QueueAttributes, SETTABLE } from './attributes.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queue.html */
export function queueType(queues: Queues): ResourceType {
  const result = (queue: Queue): ResourceResult => ({
    physicalId: queues.url(queue.name),
    attributes: { Arn: queue.arn, QueueName: queue.name, QueueUrl: queues.url(queue.name) },
  });
  return {
    type: 'AWS::SQS::Queue',
    properties: ['QueueName', 'Tags', ...SETTABLE.filter((name) => name !== 'Policy')],
    replacing: ['QueueName', 'FifoQueue'],
    async create(request) {
      return result(queues.create(nameOf(request), attributesOf(request.properties), tagsOf(request.properties)));
    },
    async update({ physicalId, properties }) {
      const queue = queues.byUrl(physicalId);
      queues.reset(queue, attributesOf(properties), tagsOf(properties));
      return result(queue);
    },
    async delete({ physicalId }) {
      const queue = queues.all().find(({ name }) => name === physicalId.split('/').at(-1));
      if (queue) queues.delete(queue);
    },
  };
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html */
export function queuePolicyType(queues: Queues): ResourceType {
  const put = (properties: Document) => {
    const Policy = JSON.stringify(properties.PolicyDocument);
    for (const url of properties.Queues as string[]) queues.configure(queues.byUrl(url), { Policy });
  };
  const remove = (urls: readonly string[]) => {
    const names = urls.map((url) => url.split('/').at(-1));
    for (const queue of queues.all()) if (names.includes(queue.name)) queues.configure(queue, { Policy: '' });
  };
  return {
    type: 'AWS::SQS::QueuePolicy',
    properties: ['PolicyDocument', 'Queues'],
    replacing: [],
    async create(request) {
      put(request.properties);
      const physicalId = request.physicalName();
      return { physicalId, attributes: { Id: physicalId } };
    },
    async update({ physicalId, properties, previous }) {
      const kept = properties.Queues as string[];
      remove((previous.Queues as string[]).filter((url) => !kept.includes(url)));
      put(properties);
      return { physicalId, attributes: { Id: physicalId } };
    },
    async delete({ properties }) {
      remove(properties.Queues as string[]);
    },
  };
}

function nameOf(request: ResourceRequest): string {
  const { QueueName, FifoQueue } = request.properties;
  if (QueueName !== undefined) return String(QueueName);
  return request.physicalName({ length: 80, ...(String(FifoQueue) === 'true' ? { suffix: '.fifo' } : {}) });
}

function attributesOf(properties: Document): QueueAttributes {
  const set = SETTABLE.filter((name) => name !== 'Policy' && properties[name] !== undefined);
  return Object.fromEntries(set.map((name) => [name, asText(properties[name])]));
}

const asText = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function tagsOf(properties: Document): Record<string, string> {
  const tags = (properties.Tags ?? []) as { Key: string; Value: string }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}
