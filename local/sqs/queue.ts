import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../kernel/clock.ts';
import type { Collection } from '../kernel/store.ts';
import { type QueueAttributes, redrivePolicy } from './attributes.ts';
import { sqsError } from './errors.ts';
import type { Fifo } from './fifo.ts';
import type { MessageRecord } from './message.ts';
import type { QueueSignals } from './signals.ts';

export interface QueueRecord {
  readonly name: string;
  readonly attributes: QueueAttributes;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly purgedAt?: number;
}

export interface QueueSurroundings {
  readonly clock: Clock;
  readonly signals: QueueSignals;
  readonly messages: Collection<MessageRecord>;
  readonly fifo: Fifo;
  queueByArn(arn: string): Queue | undefined;
  onChange(queue: Queue): void;
}

export interface Outgoing
  extends Pick<MessageRecord, 'body' | 'attributes' | 'traceHeader' | 'senderId' | 'groupId' | 'deduplicationId'> {
  readonly delaySeconds?: number;
}

/** The messages of one queue and the order in which they may be received. */
export class Queue {
  readonly arn: string;
  record: QueueRecord;
  readonly #around: QueueSurroundings;
  readonly #messages = new Map<string, MessageRecord>();
  readonly #waiters = new Set<() => void>();
  #wakeUp: Timer | undefined;

  constructor(arn: string, record: QueueRecord, around: QueueSurroundings) {
    this.arn = arn;
    this.record = record;
    this.#around = around;
  }

  get name() {
    return this.record.name;
  }
  get isFifo() {
    return this.record.attributes.FifoQueue === 'true';
  }
  get isEmpty() {
    return this.#messages.size === 0;
  }

  /** Takes a message back from disk. */
  restore(message: MessageRecord): void {
    this.#messages.set(message.id, message);
  }

  /** What is in it, each message in one of SQS's three states. */
  counts(): { visible: number; inFlight: number; delayed: number; oldestAgeSeconds: number } {
    this.#expire();
    const now = this.#around.clock.now();
    const counts = { visible: 0, inFlight: 0, delayed: 0, oldestAgeSeconds: 0 };
    for (const message of this.#messages.values()) {
      if (message.visibleAt <= now) counts.visible++;
      else if (message.receipt === undefined) counts.delayed++;
      else counts.inFlight++;
      counts.oldestAgeSeconds = Math.max(counts.oldestAgeSeconds, Math.floor((now - message.sentAt) / 1000));
    }
    return counts;
  }

  send(outgoing: Outgoing): MessageRecord {
    const { delaySeconds = Number(this.record.attributes.DelaySeconds), ...content } = outgoing;
    const sentAt = this.#around.clock.now();
    const draft: MessageRecord = {
      ...content,
      id: randomUUID(),
      sentAt,
      visibleAt: sentAt + delaySeconds * 1000,
      receiveCount: 0,
    };
    if (!this.isFifo) return this.#put(draft);
    const { message, duplicate } = this.#around.fifo.admit(this.record, draft);
    return duplicate ? message : this.#put(message);
  }

  /** Takes up to `max` messages out of sight for `visibilitySeconds`; what failed too often goes to the dead-letter queue. */
  receive(max: number, visibilitySeconds: number): MessageRecord[] {
    this.#expire();
    const now = this.#around.clock.now();
    const received: MessageRecord[] = [];
    const blockedGroups = this.isFifo ? this.#groupsInFlight(now) : new Set<string>();
    for (const message of [...this.#messages.values()]) {
      if (received.length === max) break;
      if (message.groupId !== undefined && blockedGroups.has(message.groupId)) continue;
      if (message.visibleAt > now) {
        if (this.isFifo && message.groupId !== undefined) blockedGroups.add(message.groupId);
        continue;
      }
      if (this.#failedTooOften(message)) continue;
      const taken = {
        ...message,
        visibleAt: now + visibilitySeconds * 1000,
        receiveCount: message.receiveCount + 1,
        firstReceivedAt: message.firstReceivedAt ?? now,
        receipt: randomUUID(),
      };
      received.push(this.#put(taken));
    }
    return received;
  }

  handleOf({ id, receipt }: MessageRecord): string {
    return Buffer.from(JSON.stringify([this.name, id, receipt])).toString('base64');
  }

  /** Deletes by receipt handle. One of an earlier receive deletes nothing, and that is no error; neither is a second delete. */
  settle(handle: string): boolean {
    const { id, receipt } = this.#parseHandle(handle);
    const message = this.#messages.get(id);
    if (!message || message.receipt !== receipt) return false;
    this.remove(id);
    return true;
  }

  changeVisibility(handle: string, seconds: number): void {
    const { id, receipt } = this.#parseHandle(handle);
    const message = this.#messages.get(id);
    if (!message || message.receipt !== receipt) {
      const reason = 'Message does not exist or is not available for visibility timeout change.';
      throw sqsError.invalidValue(handle, 'ReceiptHandle', reason);
    }
    const now = this.#around.clock.now();
    if (message.visibleAt <= now) throw sqsError.notInFlight();
    this.#put({ ...message, visibleAt: now + seconds * 1000 });
  }

  remove(id: string): void {
    this.#messages.delete(id);
    this.#around.messages.delete(`${this.name}/${id}`);
    this.#changed();
  }

  /** Every message, oldest first. */
  contents(): MessageRecord[] {
    return [...this.#messages.values()];
  }

  /** Puts a message of another queue into this one, receivable at once. */
  adopt(message: MessageRecord): void {
    const { receipt: _, ...rest } = message;
    this.#put({ ...rest, visibleAt: this.#around.clock.now() });
  }

  /** Resolves when a message may have become receivable. */
  nextVisible(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
      this.arm();
    });
  }

  /** Sets the timer for the next message that becomes visible, while anybody waits for one. */
  arm(): void {
    this.#wakeUp?.cancel();
    const consumed = this.#around.signals.isConsumed(this.arn);
    if (!consumed && this.#waiters.size === 0) return;
    const now = this.#around.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { visibleAt } of this.#messages.values()) {
      if (visibleAt > now && visibleAt < next) next = visibleAt;
    }
    if (next === Number.POSITIVE_INFINITY) return;
    this.#wakeUp = this.#around.clock.schedule(next, () => this.#changed(), {
      background: !consumed,
      name: `sqs: a message of ${this.name} becomes visible`,
    });
  }

  #put(message: MessageRecord): MessageRecord {
    this.#messages.set(message.id, message);
    this.#around.messages.set(`${this.name}/${message.id}`, message);
    this.#changed();
    return message;
  }

  #changed(): void {
    this.#around.onChange(this);
    this.arm();
    const now = this.#around.clock.now();
    if (![...this.#messages.values()].some(({ visibleAt }) => visibleAt <= now)) return;
    for (const wake of [...this.#waiters]) wake();
    this.#around.signals.notify(this.arn);
  }

  #expire(): void {
    const oldest = this.#around.clock.now() - Number(this.record.attributes.MessageRetentionPeriod) * 1000;
    for (const { id, sentAt } of this.#messages.values()) if (sentAt <= oldest) this.remove(id);
  }

  #groupsInFlight(now: number): Set<string> {
    const groups = new Set<string>();
    for (const { groupId, receipt, visibleAt } of this.#messages.values()) {
      if (groupId !== undefined && receipt !== undefined && visibleAt > now) groups.add(groupId);
    }
    return groups;
  }

  /** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html */
  #failedTooOften(message: MessageRecord): boolean {
    const policy = redrivePolicy(this.record.attributes.RedrivePolicy);
    if (!policy || message.receiveCount < policy.maxReceiveCount) return false;
    const deadLetters = this.#around.queueByArn(policy.deadLetterTargetArn);
    if (!deadLetters) return false;
    deadLetters.adopt({ ...message, deadLetterSource: this.arn });
    this.remove(message.id);
    return true;
  }

  #parseHandle(handle: string): { id: string; receipt: string } {
    try {
      const [queue, id, receipt] = JSON.parse(Buffer.from(handle, 'base64').toString('utf8')) as string[];
      if (queue === this.name && id && receipt) return { id, receipt };
    } catch {
      // Not one of ours: the same answer as for one of another queue.
    }
    throw sqsError.receiptHandle(handle);
  }
}
