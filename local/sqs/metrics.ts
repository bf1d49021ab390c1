import type { Timer } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Queue } from './queue.ts';

/** SQS publishes once a minute, on the minute. */
const PERIOD_MS = 60_000;

/**
 * The queue's numbers in CloudWatch: at every change, so that an alarm does not wait, and once a minute while there are
 * messages, so that an alarm on them stays in ALARM.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
 */
export class QueueMetrics {
  readonly #context: CloudContext;
  readonly #changed = new Set<Queue>();
  readonly #ticks = new Map<string, Timer>();

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /** Publishes what is in the queue, once for all changes of the same moment. */
  changed(queue: Queue): void {
    if (this.#changed.size === 0) setImmediate(() => this.#flush());
    this.#changed.add(queue);
  }

  count(queue: Queue, name: string, value = 1): void {
    this.#put(queue, name, value, 'Count');
  }

  sent(queue: Queue, bytes: number): void {
    this.count(queue, 'NumberOfMessagesSent');
    this.#put(queue, 'SentMessageSize', bytes, 'Bytes');
  }

  #flush(): void {
    for (const queue of this.#changed) this.publish(queue);
    this.#changed.clear();
  }

  publish(queue: Queue): void {
    const { visible, inFlight, delayed, oldestAgeSeconds } = queue.counts();
    this.#put(queue, 'ApproximateNumberOfMessagesVisible', visible, 'Count');
    this.#put(queue, 'ApproximateNumberOfMessagesNotVisible', inFlight, 'Count');
    this.#put(queue, 'ApproximateNumberOfMessagesDelayed', delayed, 'Count');
    this.#put(queue, 'ApproximateAgeOfOldestMessage', oldestAgeSeconds, 'Seconds');
    this.#ticks.get(queue.name)?.cancel();
    this.#ticks.delete(queue.name);
    if (queue.isEmpty) return;
    const nextMinute = (Math.floor(this.#context.clock.now() / PERIOD_MS) + 1) * PERIOD_MS;
    const tick = this.#context.clock.schedule(nextMinute, () => this.publish(queue), {
      background: true,
      name: `sqs: metrics of ${queue.name}`,
    });
    this.#ticks.set(queue.name, tick);
  }

  #put(queue: Queue, name: string, value: number, unit: string): void {
    this.#context.putServiceMetric({ namespace: 'AWS/SQS', name, dimensions: { QueueName: queue.name }, value, unit });
  }
}
