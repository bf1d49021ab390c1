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

/** Reads the queues that are mapped to functions, whenever they have something. */
export class QueuePollers {
  readonly #state: LambdaState;
  readonly #invoker: Invoker;
  readonly #mappings: EventSourceMappings;
  readonly #stops = new Map<string, () => void>();
  readonly #running = new Map<string, number>();

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
    const mapping = this.#mappings.all().find((record) => record.id === id);
    if (!mapping?.enabled) return;
    const read = () => this.#read(mapping);
    this.#stops.set(id, queueSignals(this.#state.context).consume(mapping.queueArn, read));
    read();
  }

  /** Starts one more batch unless all are busy; a batch that found messages starts the next. */
  #read(mapping: MappingRecord): void {
    const running = this.#running.get(mapping.id) ?? 0;
    if (running >= (mapping.maximumConcurrency ?? STANDARD_CONCURRENCY) || !this.#stops.has(mapping.id)) return;
    this.#running.set(mapping.id, running + 1);
    this.#state.context.emit(`lambda: ${mapping.functionName} reads ${mapping.queueArn}`, async (work) => {
      let found = 0;
      try {
        found = await this.#batch(mapping, work);
      } finally {
        this.#running.set(mapping.id, (this.#running.get(mapping.id) ?? 1) - 1);
      }
      if (found > 0) this.#read(mapping);
    });
  }

  async #batch(mapping: MappingRecord, work: Work): Promise<number> {
    const messages = await this.#receive(mapping, work);
    if (messages.length === 0) return 0;
    // While this batch is processed the next may begin.
    this.#read(mapping);
    const payload = JSON.stringify({
      Records: messages.map((message) => recordOf(message, mapping.queueArn, this.#state.context.region)),
    });
    const { functionName: name, qualifier } = mapping;
    try {
      const result = await this.#invoker.invoke({ name, qualifier, requestId: randomUUID(), payload });
      if (result.functionError === undefined) {
        const failed = mapping.reportsItemFailures ? failedItems(result.payload, messages) : new Set<string>();
        await this.#delete(
          mapping,
          messages.filter(({ MessageId }) => !failed.has(MessageId)),
          work,
        );
      }
    } catch (error) {
      // Throttled, or gone: the messages come back when their visibility timeout ends.
      if (!(error instanceof AwsError)) throw error;
    }
    return messages.length;
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
