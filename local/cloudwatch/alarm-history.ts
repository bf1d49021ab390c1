import type { CloudContext, Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface AlarmHistoryItem {
  readonly alarm: string;
  /** ms since the epoch */
  readonly at: number;
  readonly type: 'StateUpdate' | 'ConfigurationUpdate' | 'Action';
  readonly summary: string;
  readonly data: Document;
}

/** CloudWatch keeps 30 days. */
const KEPT_MS = 30 * 86_400_000;

/** What happened to alarms, also to deleted ones. */
export class AlarmHistory {
  readonly #items: Collection<AlarmHistoryItem>;
  readonly #context: CloudContext;
  #count: number;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#items = context.store.collection('monitoring.history');
    this.#count = Number([...this.#items.keys()].at(-1) ?? 0);
  }

  add(alarm: string, item: Pick<AlarmHistoryItem, 'type' | 'summary' | 'data'>): void {
    const at = this.#context.clock.now();
    this.#count += 1;
    this.#items.set(String(this.#count), { alarm, at, ...item });
    for (const [key, old] of this.#items.entries()) {
      if (old.at >= at - KEPT_MS) break;
      this.#items.delete(key);
    }
  }

  /** Oldest first. */
  items(): AlarmHistoryItem[] {
    return [...this.#items.values()];
  }
}
