import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What is known of one metric in one minute. */
interface Minute {
  sum: number;
  count: number;
  min: number;
  max: number;
  unit: string;
  /** The values themselves with how often each came, for percentiles; at most {@link MOST_VALUES}. */
  values: [value: number, count: number][];
}

/** A summary of values that came together, as PutMetricData takes them. */
export interface Sample {
  readonly values: readonly (readonly [value: number, count: number])[];
  readonly unit?: string;
}

/** As many distinct values as one PutMetricData entry may carry; percentiles beyond are of these. */
const MOST_VALUES = 150;
/** CloudWatch keeps one-minute data for 15 days. */
const KEPT_MS = 15 * 86_400_000;
const MINUTE_MS = 60_000;

/** One hour of one metric: small enough to be written down whole at every change. */
interface Hour {
  readonly id: MetricId;
  readonly minutes: Record<string, Minute>;
}

const HOUR_MINUTES = 60;

/** Data points of metrics by minute. */
export class MetricStore {
  readonly #hours: Collection<Hour>;
  readonly #context: CloudContext;
  readonly #ids = new Map<string, MetricId>();
  #forgottenAt = 0;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#hours = context.store.collection('monitoring.hours');
    for (const { id } of this.#hours.values()) this.#ids.set(keyOf(id), id);
  }

  put(id: MetricId, at: number, { values, unit = 'None' }: Sample): void {
    const minute = Math.floor(at / MINUTE_MS);
    const key = hourKey(keyOf(id), minute);
    const hour = this.#hours.get(key) ?? { id, minutes: {} };
    const known = hour.minutes[minute] ?? { sum: 0, count: 0, min: Infinity, max: -Infinity, unit, values: [] };
    for (const [value, count] of values) {
      known.sum += value * count;
      known.count += count;
      known.min = Math.min(known.min, value);
      known.max = Math.max(known.max, value);
      const same = known.values.find(([other]) => other === value);
      if (same) same[1] += count;
      else if (known.values.length < MOST_VALUES) known.values.push([value, count]);
    }
    hour.minutes[minute] = known;
    this.#ids.set(keyOf(id), id);
    this.#hours.set(key, hour);
    this.#forget();
  }

  /** Every metric that has data. */
  ids(): MetricId[] {
    return [...this.#ids.values()];
  }

  /** One statistic of the values within [from, to), ms since the epoch; undefined where there are none. */
  statistic(id: MetricId, statistic: string, from: number, to: number): number | undefined {
    const minutes = this.#minutes(id, from, to);
    return minutes.length === 0 ? undefined : compute(statistic, minutes);
  }

  unit(id: MetricId, from: number, to: number): string {
    return this.#minutes(id, from, to).at(-1)?.unit ?? 'None';
  }

  #minutes(id: MetricId, from: number, to: number): Minute[] {
    const series = keyOf(id);
    if (!this.#ids.has(series)) return [];
    const [first, last] = [Math.floor(from / MINUTE_MS), Math.ceil(to / MINUTE_MS)];
    const found: Minute[] = [];
    for (let start = first - (first % HOUR_MINUTES); start < last; start += HOUR_MINUTES) {
      const hour = this.#hours.get(hourKey(series, start));
      for (const [minute, data] of Object.entries(hour?.minutes ?? {})) {
        if (Number(minute) >= first && Number(minute) < last) found.push(data);
      }
    }
    return found;
  }

  /** Once an hour of the cloud's time is often enough for data that is kept for days. */
  #forget(): void {
    const now = this.#context.clock.now();
    if (now - this.#forgottenAt < HOUR_MINUTES * MINUTE_MS) return;
    this.#forgottenAt = now;
    for (const [key, { minutes }] of [...this.#hours.entries()]) {
      const newest = Math.max(...Object.keys(minutes).map(Number));
      if (newest * MINUTE_MS < now - KEPT_MS) this.#hours.delete(key);
    }
  }
}

const hourKey = (series: string, minute: number) => `${Math.floor(minute / HOUR_MINUTES)} ${series}`;

const STATISTICS: Record<string, (minutes: readonly Minute[]) => number> = {
  Sum: (minutes) => total(minutes, 'sum'),
  SampleCount: (minutes) => total(minutes, 'count'),
  Average: (minutes) => total(minutes, 'sum') / total(minutes, 'count'),
  Minimum: (minutes) => Math.min(...minutes.map(({ min }) => min)),
  Maximum: (minutes) => Math.max(...minutes.map(({ max }) => max)),
};

/** Whether a statistic can be computed: the five plain ones and percentiles `p0` to `p100`. */
export const isStatistic = (name: string) => name in STATISTICS || percentileOf(name) !== undefined;

function compute(statistic: string, minutes: readonly Minute[]): number | undefined {
  const plain = STATISTICS[statistic];
  if (plain) return plain(minutes);
  const share = percentileOf(statistic);
  if (share === undefined) return undefined;
  const values = minutes.flatMap((minute) => minute.values).sort(([a], [b]) => a - b);
  const wanted = share * values.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [value, count] of values) {
    seen += count;
    if (seen >= wanted) return value;
  }
  return values.at(-1)?.[0];
}

function percentileOf(name: string): number | undefined {
  const percent = Number(/^p(\d{1,3}(?:\.\d+)?)$/.exec(name)?.[1] ?? Number.NaN);
  return percent >= 0 && percent <= 100 ? percent / 100 : undefined;
}

const total = (minutes: readonly Minute[], field: 'sum' | 'count') =>
  minutes.reduce((sum, minute) => sum + minute[field], 0);

const keyOf = ({ namespace, name, dimensions }: MetricId) =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
