import type { Work } from '../kernel/clock.ts';
import { AwsError } from '../kernel/errors.ts';
import type { Collection } from '../kernel/store.ts';
import { deliverDeadLetter, deliverResult, type FinishedEvent } from './destinations.ts';
import { countEvent } from './execution/invocation-metrics.ts';
import type { InvocationResult, Invoker } from './execution/invoker.ts';
import { keyOf, type LambdaState } from './state.ts';

/** An event that waits to be processed. */
export interface QueuedEvent {
  readonly requestId: string;
  readonly name: string;
  readonly qualifier?: string;
  /** JSON text. */
  readonly payload: string;
  readonly receivedAt: number;
  /** Times that the function ran and failed. */
  readonly failures: number;
  /** Times in a row that it could not run at all. */
  readonly refusals: number;
  readonly dueAt: number;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const RETRY_DELAYS_MS = [60_000, 120_000];
const STANDARD_RETRIES = 2;
const STANDARD_MAX_AGE_SECONDS = 21_600;
const FIRST_REFUSAL_DELAY_MS = 1_000;
const LONGEST_REFUSAL_DELAY_MS = 300_000;

/** Lambda's own queue of asynchronous events: kept until processed, tried again, handed on when given up. */
export class AsyncQueue {
  readonly #state: LambdaState;
  readonly #invoker: Invoker;
  readonly #events: Collection<QueuedEvent>;
  #stopped = false;

  constructor(state: LambdaState, invoker: Invoker) {
    this.#state = state;
    this.#invoker = invoker;
    this.#events = state.context.store.collection('lambda.async-events');
  }

  add(event: Pick<QueuedEvent, 'requestId' | 'name' | 'qualifier' | 'payload'>): void {
    const now = this.#state.context.clock.now();
    countEvent(this.#state.context, event.name, 'AsyncEventsReceived');
    this.#schedule({ ...event, receivedAt: now, failures: 0, refusals: 0, dueAt: now });
  }

  /** Takes up what was waiting, or running, when the cloud stopped. */
  resume(): void {
    for (const event of this.#events.values()) this.#schedule(event);
  }

  /** What runs now is killed with the cloud; it stays in the queue and counts as not tried. */
  stop(): void {
    this.#stopped = true;
  }

  #schedule(event: QueuedEvent): void {
    this.#events.set(event.requestId, event);
    const run = () => this.#state.context.emit(`lambda: event for ${event.name}`, (work) => this.#process(event, work));
    this.#state.context.clock.schedule(event.dueAt, run, { name: `lambda: event for ${event.name}` });
  }

  async #process(event: QueuedEvent, work: Work): Promise<void> {
    const settings = this.#settings(event);
    const { context } = this.#state;
    if (context.clock.now() - event.receivedAt > settings.maxAgeMs) {
      await this.#giveUp(event, { condition: 'EventAgeExceeded' }, work);
      return;
    }
    let result: InvocationResult;
    try {
      result = await this.#invoker.invoke(event);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // A function that is gone will not come back; one that is throttled will.
      if (error.code === 'ResourceNotFoundException') this.#events.delete(event.requestId);
      else await this.#refused(event, settings.maxAgeMs, work);
      return;
    }
    if (this.#stopped) return;
    if (result.functionError === undefined) {
      await this.#finish(event, { condition: 'Success', result }, work);
    } else if (event.failures >= settings.retries) {
      await this.#giveUp({ ...event, failures: event.failures + 1 }, { condition: 'RetriesExhausted', result }, work);
    } else {
      const dueAt = context.clock.now() + (RETRY_DELAYS_MS[event.failures] ?? 0);
      const next = { ...event, failures: event.failures + 1, refusals: 0, dueAt };
      if (dueAt - event.receivedAt > settings.maxAgeMs)
        await this.#giveUp(next, { condition: 'EventAgeExceeded', result }, work);
      else this.#schedule(next);
    }
  }

  async #refused(event: QueuedEvent, maxAgeMs: number, work: Work): Promise<void> {
    const delay = Math.min(LONGEST_REFUSAL_DELAY_MS, FIRST_REFUSAL_DELAY_MS * 2 ** event.refusals);
    const dueAt = this.#state.context.clock.now() + delay;
    if (dueAt - event.receivedAt > maxAgeMs) await this.#giveUp(event, { condition: 'EventAgeExceeded' }, work);
    else this.#schedule({ ...event, refusals: event.refusals + 1, dueAt });
  }

  async #giveUp(event: QueuedEvent, finished: FinishedEvent, work: Work): Promise<void> {
    countEvent(this.#state.context, event.name, 'AsyncEventsDropped');
    await deliverDeadLetter(this.#state, event, finished, work);
    await this.#finish(event, finished, work);
  }

  async #finish(event: QueuedEvent, finished: FinishedEvent, work: Work): Promise<void> {
    await deliverResult(this.#state, event, finished, work);
    this.#events.delete(event.requestId);
  }

  #settings({ name, qualifier }: QueuedEvent) {
    const config = this.#state.eventInvokes.get(keyOf(name, qualifier));
    return {
      retries: config?.maximumRetryAttempts ?? STANDARD_RETRIES,
      maxAgeMs: (config?.maximumEventAgeInSeconds ?? STANDARD_MAX_AGE_SECONDS) * 1000,
    };
  }
}
