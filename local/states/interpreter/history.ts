import type { Json, JsonObject } from '../json.ts';
import { Aborted, StateFailure } from './failure.ts';

/** One event as GetExecutionHistory gives it, with the time in ms. */
export interface HistoryEvent {
  readonly id: number;
  readonly previousEventId: number;
  readonly type: string;
  readonly timestamp: number;
  /** The member that the type's details stand under, e.g. `stateEnteredEventDetails`. */
  readonly detailsKey?: string;
  readonly details?: JsonObject;
}

/** An execution may have this many events; the last one then says so. */
export const EVENT_LIMIT = 25_000;

export interface HistoryOptions {
  now(): number;
  /** Events that exist already, after a restart. */
  readonly length?: number;
  /** Told of every event in order. */
  onEvent?(event: HistoryEvent): void;
}

/** Numbers and dates the events of one execution. Once closed it takes no more: what still runs is told to step back. */
export class History {
  readonly #options: HistoryOptions;
  #length: number;
  #closed = false;

  constructor(options: HistoryOptions) {
    this.#options = options;
    this.#length = options.length ?? 0;
  }

  append(type: string, previousEventId: number, details?: JsonObject): number {
    if (this.#closed) throw new Aborted();
    if (this.#length >= EVENT_LIMIT - 1) {
      throw new StateFailure(
        'States.Runtime',
        `The execution reached the maximum number of history events (${EVENT_LIMIT}).`,
      );
    }
    return this.#write(type, previousEventId, details);
  }

  /** Writes the last event; false when there has been one, or none is wanted. */
  close(type: string, previousEventId: number, details?: JsonObject): boolean {
    if (this.#closed) return false;
    this.#closed = true;
    this.#write(type, previousEventId, details);
    return true;
  }

  /** Takes no more, though the execution goes on after a restart. */
  freeze(): void {
    this.#closed = true;
  }

  get length(): number {
    return this.#length;
  }

  #write(type: string, previousEventId: number, details?: JsonObject): number {
    const id = ++this.#length;
    const described = details === undefined ? {} : { detailsKey: detailsKeyOf(type), details };
    this.#options.onEvent?.({ id, previousEventId, type, timestamp: this.#options.now(), ...described });
    return id;
  }
}

/** Data in an event is JSON text, and says that nothing was cut off. */
export const inputDetails = (input: Json) => ({
  input: JSON.stringify(input),
  inputDetails: { truncated: false },
});
export const outputDetails = (output: Json) => ({
  output: JSON.stringify(output),
  outputDetails: { truncated: false },
});

function detailsKeyOf(type: string): string {
  if (type.endsWith('StateEntered')) return 'stateEnteredEventDetails';
  if (type.endsWith('StateExited')) return 'stateExitedEventDetails';
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}
