import { randomUUID } from 'node:crypto';
import type { Timer, Work } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface BufferHints {
  readonly bytes: number;
  readonly ms: number;
}

export interface Buffered {
  /** Of the stream that it belongs to. */
  readonly stream: string;
  /** base64 */
  readonly data: string;
  /** When Firehose got it, ms since the epoch. */
  readonly arrivedAt: number;
}

export interface BufferRules<T extends Buffered> {
  /** Items of one group leave together. */
  groupOf(item: T): string;
  /** Undefined for items of a stream that is gone. */
  hintsOf(item: T): BufferHints | undefined;
  /** Brings items on their way; they are kept until this ends. */
  flush(items: readonly T[], work: Work): Promise<void>;
}

interface Kept<T> {
  readonly item: T;
  readonly enteredAt: number;
}

interface Group {
  readonly stream: string;
  ids: string[];
  bytes: number;
  timer: Timer | undefined;
}

/**
 * Gathers items by size or time, whichever is reached first, and forgets none, not even in a restart. Nobody waits for it: the
 * time limit fires when time passes and does not make it pass.
 */
export class RecordBuffer<T extends Buffered> {
  readonly #context: CloudContext;
  readonly #kept: Collection<Kept<T>>;
  readonly #rules: BufferRules<T>;
  readonly #name: string;
  readonly #groups = new Map<string, Group>();

  constructor(context: CloudContext, name: string, rules: BufferRules<T>) {
    this.#context = context;
    this.#name = name;
    this.#kept = context.store.collection(`firehose.${name}`);
    this.#rules = rules;
  }

  add(item: T): void {
    const id = randomUUID();
    const kept = { item, enteredAt: this.#context.clock.now() };
    this.#kept.set(id, kept);
    this.#enter(id, kept);
  }

  /** Takes up what was gathered, or on its way, when the cloud stopped. */
  resume(): void {
    for (const [id, kept] of [...this.#kept.entries()]) this.#enter(id, kept);
  }

  /** The groups that gather items of a stream now. */
  groups(stream: string): ReadonlySet<string> {
    return new Set([...this.#groups].filter(([, group]) => group.stream === stream).map(([key]) => key));
  }

  /** Forgets what belongs to a stream. */
  drop(stream: string): void {
    for (const [id, { item }] of [...this.#kept.entries()]) {
      if (item.stream !== stream) continue;
      this.#kept.delete(id);
      const key = this.#rules.groupOf(item);
      this.#groups.get(key)?.timer?.cancel();
      this.#groups.delete(key);
    }
  }

  #enter(id: string, { item, enteredAt }: Kept<T>): void {
    const hints = this.#rules.hintsOf(item);
    if (!hints) {
      this.#kept.delete(id);
      return;
    }
    const key = this.#rules.groupOf(item);
    const group = this.#groups.get(key) ?? { stream: item.stream, ids: [], bytes: 0, timer: undefined };
    this.#groups.set(key, group);
    const bytes = sizeOf(item);
    if (group.ids.length > 0 && group.bytes + bytes > hints.bytes) {
      this.#flush(key);
      this.#enter(id, { item, enteredAt });
      return;
    }
    group.ids.push(id);
    group.bytes += bytes;
    if (group.bytes >= hints.bytes) this.#flush(key);
    else {
      const options = { background: true, name: `firehose: ${this.#name} of ${item.stream}` };
      group.timer ??= this.#context.clock.schedule(enteredAt + hints.ms, () => this.#flush(key), options);
    }
  }

  #flush(key: string): void {
    const group = this.#groups.get(key);
    this.#groups.delete(key);
    group?.timer?.cancel();
    const ids = group?.ids ?? [];
    const items = ids.flatMap((id) => this.#kept.get(id)?.item ?? []);
    if (items.length === 0) return;
    this.#context.emit(`firehose: ${this.#name} of ${items[0]?.stream}`, async (work) => {
      await this.#rules.flush(items, work);
      for (const id of ids) this.#kept.delete(id);
    });
  }
}

/** Bytes behind the base64 of an item. */
export function sizeOf({ data }: Buffered): number {
  const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
  return (data.length * 3) / 4 - padding;
}
