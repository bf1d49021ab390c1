/** What is known of one metric in one minute. */
export interface Minute {
  readonly sum: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  /** The values with how often each came, for percentiles; nothing once a summary came in, which does not tell them. */
  readonly values: readonly Counted[] | null;
}

type Counted = readonly [value: number, count: number];

/** What comes in at once: values, or a summary of some. */
export interface Sample {
  readonly values?: readonly Counted[];
  readonly summary?: { readonly sum: number; readonly count: number; readonly min: number; readonly max: number };
  readonly unit?: string;
}

/** So many different values of a minute are told apart; a further one counts as the nearest of them. */
const MOST_VALUES = 1_000;

/** A minute with one more sample. */
export function merge(known: Minute | undefined, { values = [], summary, unit }: Sample): Minute {
  const parts = summary
    ? [summary]
    : values.map(([value, count]) => ({ sum: value * count, count, min: value, max: value }));
  const start = { sum: 0, count: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  const total = [known ?? start, ...parts].reduce((a, b) => ({
    sum: a.sum + b.sum,
    count: a.count + b.count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  }));
  const vague = (summary && summary.min !== summary.max) || known?.values === null;
  const added = summary ? [[summary.min, summary.count] as const] : values;
  return {
    sum: total.sum,
    count: total.count,
    min: total.min,
    max: total.max,
    unit: known?.unit ?? unit ?? 'None',
    values: vague ? null : added.reduce(addValue, known?.values ?? []),
  };
}

function addValue(list: readonly Counted[], [value, count]: Counted): readonly Counted[] {
  const same = list.findIndex(([other]) => other === value);
  if (same < 0 && list.length < MOST_VALUES) return [...list, [value, count]];
  const at = same >= 0 ? same : nearest(list, value);
  return list.map((item, index) => (index === at ? ([item[0], item[1] + count] as const) : item));
}

function nearest(list: readonly Counted[], value: number): number {
  let best = 0;
  for (const [index, [other]] of list.entries()) {
    if (Math.abs(other - value) < Math.abs((list[best]?.[0] ?? 0) - value)) best = index;
  }
  return best;
}

const PLAIN: Readonly<Record<string, (minutes: readonly Minute[]) => number>> = {
  Sum: (minutes) => total(minutes, 'sum'),
  SampleCount: (minutes) => total(minutes, 'count'),
  Average: (minutes) => total(minutes, 'sum') / total(minutes, 'count'),
  Minimum: (minutes) => Math.min(...minutes.map(({ min }) => min)),
  Maximum: (minutes) => Math.max(...minutes.map(({ max }) => max)),
};

const total = (minutes: readonly Minute[], field: 'sum' | 'count') =>
  minutes.reduce((sum, minute) => sum + minute[field], 0);

/** Whether a statistic can be computed: the five plain ones and percentiles `p0` to `p100`. */
export const isStatistic = (name: string): boolean => Object.hasOwn(PLAIN, name) || percentileOf(name) !== undefined;

export const isPlainStatistic = (name: string): boolean => Object.hasOwn(PLAIN, name);

/** A statistic of some minutes as one; undefined where it cannot be told. */
export function statisticOf(minutes: readonly Minute[], statistic: string): number | undefined {
  const plain = PLAIN[statistic];
  if (plain) return plain(minutes);
  const share = percentileOf(statistic);
  return share === undefined ? undefined : percentile(minutes, share);
}

function percentile(minutes: readonly Minute[], share: number): number | undefined {
  if (minutes.some(({ values }) => values === null)) return undefined;
  const values = minutes.flatMap((minute) => minute.values ?? []).sort(([a], [b]) => a - b);
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
