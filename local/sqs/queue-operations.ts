import type { Document, Operation } from '../kernel/service.ts';
import { SETTABLE } from './attributes.ts';
import { sqsError } from './errors.ts';
import { optionalInteger, optionalText, requiredText, textList, textMap } from './input.ts';
import type { Queue } from './queue.ts';
import type { Queues } from './queues.ts';

/** SQS refuses a second purge within a minute. */
const PURGE_INTERVAL_MS = 60_000;

export function queueOperations(queues: Queues): Record<string, Operation> {
  const { clock } = queues.context;
  return {
    CreateQueue: {
      access: (input) => [{ action: 'sqs:CreateQueue', resource: queues.arn(requiredText(input, 'QueueName')) }],
      async handle(input) {
        const name = requiredText(input, 'QueueName');
        const queue = queues.create(name, textMap(input, 'Attributes'), textMap(input, 'tags'));
        return { QueueUrl: queues.url(queue.name) };
      },
    },
    DeleteQueue: {
      access: queues.access('DeleteQueue'),
      async handle(input) {
        queues.delete(queues.byUrl(input.QueueUrl));
        return {};
      },
    },
    GetQueueUrl: {
      access(input) {
        return queues.accessTo(queues.byName(requiredText(input, 'QueueName')), 'GetQueueUrl');
      },
      async handle(input) {
        const owner = optionalText(input, 'QueueOwnerAWSAccountId');
        if (owner !== undefined && owner !== queues.context.account) throw sqsError.noQueue();
        return { QueueUrl: queues.url(queues.byName(requiredText(input, 'QueueName')).name) };
      },
    },
    ListQueues: {
      access: () => [{ action: 'sqs:ListQueues', resource: queues.arn('*') }],
      async handle(input) {
        const prefix = optionalText(input, 'QueueNamePrefix') ?? '';
        const max = optionalInteger(input, 'MaxResults', { min: 1, max: 1000 });
        const after = optionalText(input, 'NextToken') ?? '';
        const names = queues
          .all()
          .map(({ name }) => name)
          .filter((name) => name.startsWith(prefix) && name > after);
        const page = names.sort().slice(0, max ?? 1000);
        const more = max !== undefined && page.length < names.length;
        return { QueueUrls: page.map((name) => queues.url(name)), ...(more ? { NextToken: page.at(-1) } : {}) };
      },
    },
    GetQueueAttributes: {
      access: queues.access('GetQueueAttributes'),
      async handle(input) {
        const all = describe(queues.byUrl(input.QueueUrl));
        const wanted = textList(input, 'AttributeNames');
        for (const name of wanted) {
          if (name !== 'All' && !(name in all) && !SETTABLE.includes(name)) throw sqsError.attributeName(name);
        }
        const shown = Object.entries(all).filter(([name]) => wanted.includes('All') || wanted.includes(name));
        return shown.length === 0 ? {} : { Attributes: Object.fromEntries(shown) };
      },
    },
    SetQueueAttributes: {
      access: queues.access('SetQueueAttributes'),
      async handle(input) {
        queues.configure(queues.byUrl(input.QueueUrl), textMap(input, 'Attributes'));
        return {};
      },
    },
    PurgeQueue: {
      access: queues.access('PurgeQueue'),
      async handle(input) {
        const queue = queues.byUrl(input.QueueUrl);
        const last = queue.record.purgedAt;
        if (last !== undefined && clock.now() - last < PURGE_INTERVAL_MS) throw sqsError.purging(queue.name);
        for (const { id } of queue.contents()) queue.remove(id);
        queues.save(queue, { ...queue.record, purgedAt: clock.now() });
        return {};
      },
    },
    TagQueue: {
      access: queues.access('TagQueue'),
      async handle(input) {
        const queue = queues.byUrl(input.QueueUrl);
        queues.save(queue, { ...queue.record, tags: { ...queue.record.tags, ...textMap(input, 'Tags') } });
        return {};
      },
    },
    UntagQueue: {
      access: queues.access('UntagQueue'),
      async handle(input) {
        const queue = queues.byUrl(input.QueueUrl);
        const gone = textList(input, 'TagKeys');
        const tags = Object.fromEntries(Object.entries(queue.record.tags).filter(([key]) => !gone.includes(key)));
        queues.save(queue, { ...queue.record, tags });
        return {};
      },
    },
    ListQueueTags: {
      access: queues.access('ListQueueTags'),
      handle: async (input) => ({ Tags: queues.byUrl(input.QueueUrl).record.tags }),
    },
    ListDeadLetterSourceQueues: {
      access: queues.access('ListDeadLetterSourceQueues'),
      async handle(input) {
        const sources = deadLetterSources(queues, queues.byUrl(input.QueueUrl));
        return { queueUrls: sources.map(({ name }) => queues.url(name)) };
      },
    },
  };
}

/** Queues whose failed messages go to `queue`. */
export function deadLetterSources(queues: Queues, queue: Queue): Queue[] {
  return queues.all().filter(({ record }) => record.attributes.RedrivePolicy?.includes(`"${queue.arn}"`));
}

function describe(queue: Queue): Document {
  const { attributes, createdAt, modifiedAt } = queue.record;
  const { visible, inFlight, delayed } = queue.counts();
  return {
    ...attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds(createdAt),
    LastModifiedTimestamp: seconds(modifiedAt),
  };
}

const seconds = (ms: number) => String(Math.floor(ms / 1000));
