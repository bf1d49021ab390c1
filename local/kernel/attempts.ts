import { randomUUID } from 'node:crypto';
import type { Work } from './clock.ts';
import type { CloudContext } from './service.ts';
import type { Collection } from './store.ts';

/** One thing on its way, and how often it was tried. Values are kept as JSON. */
export interface Attempt<T> {
  readonly id: string;
  readonly item: T;
  /** When it was accepted, ms since the epoch. */
  readonly firstAt: number;
  /** Tries after the first. */
  readonly retries: number;
  readonly nextAt: number;
}

export interface AttemptRules<T> {
  /** For the log and for "what is it waiting for". */
  nameOf(item: T): string;
  deliver(attempt: Attempt<T>, work: Work): Promise<unknown>;
  /** Milliseconds until the next try; undefined gives up. */
  retryAfter(attempt: Attempt<T>, error: Error): number | undefined;
  /** Retries that nobody waits for: they happen when time passes, and do not make it pass. @default false */
  readonly background?: boolean;
  /** What becomes of a thing that will not be tried again. */
  giveUp(attempt: Attempt<T>, error: Error, work: Work): Promise<void>;
}

/** Delivers things at least once: nothing is forgotten before it arrived or was given up, not even by a restart. */
export class Attempts<T> {
  readonly #context: CloudContext;
  readonly #open: Collection<Attempt<T>>;
  readonly #rules: AttemptRules<T>;

  constructor(context: CloudContext, collection: string, rules: AttemptRules<T>) {
    this.#context = context;
    this.#open = context.store.collection(collection);
    this.#rules = rules;
  }

  /** Takes a thing on and makes the first try at once. */
  send(item: T): void {
    const now = this.#context.clock.now();
    const attempt = { id: randomUUID(), item, firstAt: now, retries: 0, nextAt: now };
    this.#open.set(attempt.id, attempt);
    this.#try(attempt);
  }

  /** Takes up what was on its way when the cloud stopped. */
  resume(): void {
    for (const attempt of [...this.#open.values()]) this.#later(attempt);
  }

  #later(attempt: Attempt<T>): void {
    const name = `retry: ${this.#rules.nameOf(attempt.item)}`;
    this.#context.clock.schedule(attempt.nextAt, () => this.#try(attempt), {
      name,
      background: this.#rules.background ?? false,
    });
  }

  #try(attempt: Attempt<T>): void {
    this.#context.emit(this.#rules.nameOf(attempt.item), async (work) => {
      try {
        await this.#rules.deliver(attempt, work);
      } catch (error) {
        const delay = this.#rules.retryAfter(attempt, error as Error);
        if (delay !== undefined) {
          const next = { ...attempt, retries: attempt.retries + 1, nextAt: this.#context.clock.now() + delay };
          this.#open.set(next.id, next);
          this.#later(next);
          return;
        }
        await this.#rules.giveUp(attempt, error as Error, work);
      }
      this.#open.delete(attempt.id);
    });
  }
}
