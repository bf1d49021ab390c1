import type { AccessRequest } from '../iam/principal.ts';
import type { CloudContext } from '../kernel/service.ts';
import { keyAccess } from '../kms/keys.ts';
import { checkedAttributes, policyOf, type QueueAttributes, withDefaults } from './attributes.ts';
import { sqsError } from './errors.ts';
import { createFifo } from './fifo.ts';
import type { MessageRecord } from './message.ts';
import { QueueMetrics } from './metrics.ts';
import { Queue, type QueueRecord, type QueueSurroundings } from './queue.ts';
import { queueSignals } from './signals.ts';

/**
 * What producers and consumers of an encrypted queue may do with its key.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 */
const KEY_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  SendMessage: ['kms:GenerateDataKey', 'kms:Decrypt'],
  ReceiveMessage: ['kms:Decrypt'],
};

/** The queues of a cloud, kept in its store. */
export class Queues {
  readonly context: CloudContext;
  readonly metrics: QueueMetrics;
  readonly #records;
  readonly #queues = new Map<string, Queue>();
  readonly #around: QueueSurroundings;

  constructor(context: CloudContext) {
    this.context = context;
    this.metrics = new QueueMetrics(context);
    this.#records = context.store.collection<QueueRecord>('sqs.queues');
    const signals = queueSignals(context);
    this.#around = {
      clock: context.clock,
      signals,
      messages: context.store.collection<MessageRecord>('sqs.messages'),
      fifo: createFifo(context.store, context.clock),
      queueByArn: (arn) => this.byArn(arn),
      onChange: (queue) => this.metrics.changed(queue),
    };
    signals.onConsumer((arn) => this.byArn(arn)?.arm());
    for (const record of this.#records.values()) this.#open(record);
    for (const [key, message] of this.#around.messages.entries()) {
      this.#queues.get(key.slice(0, key.lastIndexOf('/')))?.restore(message);
    }
  }

  url(name: string): string {
    return `${this.context.endpoint()}/${this.context.account}/${name}`;
  }

  arn(name: string): string {
    const { partition, region, account } = this.context;
    return `arn:${partition}:sqs:${region}:${account}:${name}`;
  }

  byName(name: string): Queue {
    const queue = this.#queues.get(name);
    if (!queue) throw sqsError.noQueue();
    return queue;
  }

  byArn(arn: string): Queue | undefined {
    return this.#queues.get(arn.split(':').at(-1) ?? '');
  }

  /** By URL. Host and port are not looked at: after a restart the cloud may answer elsewhere. */
  byUrl(url: unknown): Queue {
    if (typeof url !== 'string' || url === '') throw sqsError.missing('QueueUrl');
    return this.byName(url.split('/').at(-1) ?? '');
  }

  all(): Queue[] {
    return [...this.#queues.values()];
  }

  /** The queue of that name; SQS gives an existing one back when nothing that is asked for differs. */
  create(name: string, wanted: QueueAttributes, tags: Readonly<Record<string, string>> = {}): Queue {
    const fifo = wanted.FifoQueue === 'true';
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(fifo ? name.replace(/\.fifo$/, '') : name) || fifo !== name.endsWith('.fifo')) {
      throw sqsError.invalid(
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length; the name of a FIFO queue ends in .fifo',
      );
    }
    const known = this.#queues.get(name);
    checkedAttributes(wanted, { fifo });
    if (known) {
      const differing = Object.entries(wanted).find(([key, value]) => known.record.attributes[key] !== value);
      if (differing) throw sqsError.queueExists(differing[0]);
      return known;
    }
    const now = this.context.clock.now();
    const attributes = withDefaults(wanted, { fifo });
    const record = { name, attributes, tags, createdAt: now, modifiedAt: now };
    this.#records.set(name, record);
    return this.#open(record);
  }

  /** Sets some attributes, leaving the others. */
  configure(queue: Queue, wanted: QueueAttributes): void {
    checkedAttributes(wanted, { fifo: queue.isFifo });
    const attributes = withDefaults({ ...queue.record.attributes, ...wanted }, { fifo: queue.isFifo });
    this.save(queue, { ...queue.record, attributes });
  }

  /** Sets what a template says; everything else but the policy, which is a resource of its own, goes back to the standard. */
  reset(queue: Queue, wanted: QueueAttributes, tags: Readonly<Record<string, string>>): void {
    checkedAttributes(wanted, { fifo: queue.isFifo });
    const { Policy } = queue.record.attributes;
    const attributes = withDefaults({ ...wanted, ...(Policy ? { Policy } : {}) }, { fifo: queue.isFifo });
    this.save(queue, { ...queue.record, attributes, tags });
  }

  save(queue: Queue, record: QueueRecord): void {
    queue.record = { ...record, modifiedAt: this.context.clock.now() };
    this.#records.set(queue.name, queue.record);
  }

  delete(queue: Queue): void {
    for (const { id } of queue.contents()) queue.remove(id);
    this.#queues.delete(queue.name);
    this.#records.delete(queue.name);
    this.#around.fifo.forget(queue.name);
  }

  /** What a call on a queue needs to be allowed, the use of the queue's key included. */
  access(action: string) {
    return (input: { readonly QueueUrl?: unknown }): AccessRequest[] =>
      this.accessTo(this.byUrl(input.QueueUrl), action);
  }

  accessTo(queue: Queue, action: string): AccessRequest[] {
    const { KmsMasterKeyId: key } = queue.record.attributes;
    const own = { action: `sqs:${action}`, resource: queue.arn, policy: policyOf(queue.record.attributes) };
    const actions = KEY_ACTIONS[action];
    if (!key || !actions) return [own];
    const use = { via: 'sqs', actions, encryptionContext: { 'aws:sqs:arn': queue.arn } };
    return [own, ...keyAccess(this.context, key, use)];
  }

  #open(record: QueueRecord): Queue {
    const queue = new Queue(this.arn(record.name), record, this.#around);
    this.#queues.set(record.name, queue);
    return queue;
  }
}
