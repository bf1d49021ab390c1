import { randomUUID } from 'node:crypto';
import type { Work } from '../kernel/clock.ts';
import { AwsError } from '../kernel/errors.ts';
import { queueSignals } from '../sqs/signals.ts';
import type { EventSourceMappings, MappingRecord } from './event-source-mappings.ts';
import type { Invoker } from './execution/invoker.ts';
import { failedItems, type Message, recordOf } from './queue-records.ts';
import type { LambdaState } from './state.ts';

/** Lambda starts reading a queue with five batches at a time; more follow on AWS, which a laptop would not bear. */
const STANDARD_CONCURRENCY = 5;
/** Of one ReceiveMessage. */
const RECEIVE_LIMIT = 10;
const MESSAGE_PARTS = { MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] };

/** What the batches of one mapping are doing. */
interface Progress {
  running: number;
  collecting: boolean;
  /** Whether messages came while a batch was collected, perhaps too late for it. */
  missed: boolean;
}

/** Reads the queues that are mapped to functions, whenever they have something. */
export class QueuePollers {
  readonly #state: LambdaState;
  readonly #invoker: Invoker;
  readonly #mappings: EventSourceMappings;
  readonly #stops = new Map<string, () => void>();
  readonly #progress = new Map<string, Progress>();

  constructor(state: LambdaState, invoker: Invoker, mappings: EventSourceMappings) {
    this.#state = state;
    this.#invoker = invoker;
    this.#mappings = mappings;
    mappings.onChange = (id) => this.#restart(id);
  }

  resume(): void {
    for (const { id } of this.#mappings.all()) this.#restart(id);
  }

  stop(): void {
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
  }

  #restart(id: string): void {
    this.#stops.get(id)?.();
    this.#stops.delete(id);
    const mapping = this.#mappings.find(id);
    if (!mapping?.enabled) return;
    const read = () => this.#read(id);
    this.#stops.set(id, queueSignals(this.#state.context).consume(mapping.queueArn, read));
    read();
  }

  /** Collects one more batch, unless one is being collected or all are busy; one that found messages starts the next. */
  #read(id: string): void {
    const mapping = this.#mappings.find(id);
    if (!mapping || !this.#stops.has(id)) return;
    const progress = this.#progress.get(id) ?? { running: 0, collecting: false, missed: false };
    this.#progress.set(id, progress);
    progress.missed ||= progress.collecting;
    if (progress.collecting || progress.running >= (mapping.maximumConcurrency ?? STANDARD_CONCURRENCY)) return;
    Object.assign(progress, { running: progress.running + 1, collecting: true, missed: false });
    this.#state.context.emit(`lambda: ${mapping.functionName} reads ${mapping.queueArn}`, async (work) => {
      let found = false;
      try {
        const messages = await this.#receive(mapping, work).finally(() => {
          progress.collecting = false;
        });
        found = messages.length > 0;
        if (found) {
          this.#read(id);
          await this.#process(mapping, messages, work);
        }
      } finally {
        progress.running--;
      }
      if (found || progress.missed) this.#read(id);
    });
  }

  async #process(mapping: MappingRecord, messages: readonly Message[], work: Work): Promise<void> {
    const { region } = this.#state.context;
    const payload = JSON.stringify({ Records: messages.map((message) => recordOf(message, mapping.queueArn, region)) });
    const { functionName: name, qualifier } = mapping;
    try {
      const result = await this.#invoker.invoke({ name, qualifier, requestId: randomUUID(), payload });
      if (result.functionError !== undefined) return;
      const failed = mapping.reportsItemFailures ? failedItems(result.payload, messages) : new Set<string>();
      const done = messages.filter(({ MessageId }) => !failed.has(MessageId));
      await this.#delete(mapping, done, work);
    } catch (error) {
      // Throttled, or gone: the messages come back when their visibility timeout ends.
      if (!(error instanceof AwsError)) throw error;
    }
  }

  /** A first receive, then, within the batching window, as many as the batch holds. */
  async #receive(mapping: MappingRecord, work: Work): Promise<Message[]> {
    const { clock } = this.#state.context;
    const messages = await this.#receiveOnce(mapping, mapping.batchSize, work);
    if (messages.length === 0) return messages;
    const deadline = clock.now() + mapping.batchingWindowSeconds * 1000;
    while (messages.length < mapping.batchSize) {
      const more = await this.#receiveOnce(mapping, mapping.batchSize - messages.length, work);
      messages.push(...more);
      if (more.length > 0) continue;
      if (clock.now() >= deadline) break;
      await work.sleep(Math.min(1_000, deadline - clock.now()), {
        name: `lambda: batching window of ${mapping.functionName}`,
      });
    }
    return messages;
  }

  async #receiveOnce(mapping: MappingRecord, wanted: number, work: Work): Promise<Message[]> {
    const MaxNumberOfMessages = Math.min(wanted, RECEIVE_LIMIT);
    const output = await this.#call(
      mapping,
      'ReceiveMessage',
      { MaxNumberOfMessages, WaitTimeSeconds: 0, ...MESSAGE_PARTS },
      work,
    );
    return (output?.Messages ?? []) as Message[];
  }

  async #delete(mapping: MappingRecord, messages: readonly Message[], work: Work): Promise<void> {
    for (let start = 0; start < messages.length; start += RECEIVE_LIMIT) {
      const Entries = messages
        .slice(start, start + RECEIVE_LIMIT)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.#call(mapping, 'DeleteMessageBatch', { Entries }, work);
    }
  }

  /** As the function's role. A queue that may not be read, or is gone, is left alone until it changes. */
  async #call(mapping: MappingRecord, action: string, input: object, work: Work) {
    const { context } = this.#state;
    try {
      const { Role } = this.#state.resolve(mapping.functionName, mapping.qualifier).version.configuration;
      const QueueUrl = `${context.endpoint()}/${context.account}/${mapping.queueArn.split(':').at(-1)}`;
      return await context.call(
        context.rolePrincipal(Role, mapping.functionName),
        'sqs',
        action,
        { QueueUrl, ...input },
        work,
      );
    } catch (error) {
      context.log(`The event source mapping ${mapping.id} cannot call sqs:${action}: ${(error as Error).message}`);
      return undefined;
    }
  }
}
