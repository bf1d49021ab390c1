import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { type Minute, merge, type Sample, statisticOf } from './statistics.ts';

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export const MINUTE_MS = 60_000;
/** CloudWatch keeps one-minute data for 15 days, and longer only in larger pieces. */
const KEPT_MS = 15 * 86_400_000;
const TIDY_EVERY_MS = 3_600_000;

/** One minute of one metric, as it is kept. */
interface KeptMinute extends Minute {
  readonly id: MetricId;
  /** Start of the minute, ms since the epoch. */
  readonly at: number;
}

interface Series {
  readonly id: MetricId;
  /** Starts of the minutes that have data, rising. */
  readonly times: number[];
}

/** Data points of metrics by the minute. */
export class MetricStore {
  readonly #minutes: Collection<KeptMinute>;
  readonly #series = new Map<string, Series>();
  readonly #context: CloudContext;
  #listener: (metric: string) => void = () => undefined;
  #tidiedAt = 0;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#minutes = context.store.collection('monitoring.minutes');
    for (const { id, at } of this.#minutes.values()) this.#remember(id, at);
  }

  /** Is told the key of every metric that gets data. */
  onData(listener: (metric: string) => void): void {
    this.#listener = listener;
  }

  put(id: MetricId, time: number, sample: Sample): void {
    const at = Math.floor(time / MINUTE_MS) * MINUTE_MS;
    const metric = metricKey(id);
    const key = minuteKey(metric, at);
    const known = this.#minutes.get(key);
    this.#minutes.set(key, { ...merge(known, sample), id, at });
    if (!known) this.#remember(id, at);
    this.#tidy();
    this.#listener(metric);
  }

  /** Every metric that has data. */
  ids(): MetricId[] {
    return [...this.#series.values()].map(({ id }) => id);
  }

  /** One statistic of the values within [from, to), ms since the epoch; undefined where there are none. */
  statistic(id: MetricId, statistic: string, from: number, to: number): number | undefined {
    const minutes = this.#within(id, from, to);
    return minutes.length === 0 ? undefined : statisticOf(minutes, statistic);
  }

  unit(id: MetricId, from: number, to: number): string {
    return this.#within(id, from, to).at(-1)?.unit ?? 'None';
  }

  /** Starts of the minutes from a moment on that have data, rising. */
  timesFrom(id: MetricId, from: number): readonly number[] {
    const times = this.#series.get(metricKey(id))?.times ?? [];
    return times.slice(lowerBound(times, from));
  }

  #within(id: MetricId, from: number, to: number): Minute[] {
    const key = metricKey(id);
    const times = this.#series.get(key)?.times ?? [];
    const found: Minute[] = [];
    for (let index = lowerBound(times, from); index < times.length; index += 1) {
      const at = times[index] ?? to;
      if (at >= to) break;
      const minute = this.#minutes.get(minuteKey(key, at));
      if (minute) found.push(minute);
    }
    return found;
  }

  #remember(id: MetricId, at: number): void {
    const key = metricKey(id);
    const { times } = this.#series.get(key) ?? { times: [] };
    times.splice(lowerBound(times, at), 0, at);
    this.#series.set(key, { id, times });
  }

  /** Forgets what is too old, once an hour of the cloud's time. */
  #tidy(): void {
    const now = this.#context.clock.now();
    if (now - this.#tidiedAt < TIDY_EVERY_MS) return;
    this.#tidiedAt = now;
    for (const [key, { times }] of this.#series) {
      for (const at of times.splice(0, lowerBound(times, now - KEPT_MS))) this.#minutes.delete(minuteKey(key, at));
      if (times.length === 0) this.#series.delete(key);
    }
  }
}

export const metricKey = ({ namespace, name, dimensions }: MetricId): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

const minuteKey = (series: string, at: number) => `${at} ${series}`;

/** Where `value` stands, or would stand, in a rising list. */
function lowerBound(list: readonly number[], value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
