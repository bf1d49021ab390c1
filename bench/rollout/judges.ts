import { normalSf } from '../../domain/statistics/special-functions.ts';
import type { Minute } from './traffic.ts';

/** The rules that others decide by, on the same minutes: a fixed span of time, then a verdict. */
export interface Judge {
  readonly name: string;
  /** After this many minutes the version is promoted if nothing spoke against it. */
  readonly minutes: number;
  /** Whether what was seen so far rolls it back. */
  rejects(seen: readonly Minute[]): boolean;
}

/**
 * An alarm on the challenger's own numbers, as deployment guardrails of endpoints use them: a share above a limit, set here
 * to what the guardrails allow, in five minutes; minutes without data do not breach.
 */
export const fixedThreshold: Judge = {
  name: 'fixed threshold',
  minutes: 30,
  rejects(seen) {
    if (seen.length < 5) return false;
    const recent = seen.slice(-5).map(({ challenger }) => challenger);
    const n = recent.reduce((sum, minute) => sum + minute.n, 0);
    if (n === 0) return false;
    const share = (count: 'errors' | 'slow') => recent.reduce((sum, minute) => sum + minute[count], 0) / n;
    return share('errors') > 0.015 || share('slow') > 0.075;
  },
};

/**
 * Mann–Whitney's test between the minutes of both versions, at 98 % and for two metrics, as automated canary analysis does
 * it; it looks once, at the end, and a version without data passes.
 */
export const mannWhitney: Judge = {
  name: 'Mann–Whitney',
  minutes: 30,
  rejects(seen) {
    if (seen.length < 30) return false;
    const rates = (side: 'challenger' | 'champion') =>
      seen.map((minute) => minute[side]).flatMap(({ n, errors }) => (n > 0 ? [errors / n] : []));
    const latencies = (side: 'challenger' | 'champion') => seen.flatMap((minute) => minute[side].latency ?? []);
    return [rates, latencies].some((metric) => isHigher(metric('challenger'), metric('champion'), 0.01));
  },
};

/** Whether `a` tends to be higher than `b`, one-sided at `level`, with the normal approximation and its correction for ties. */
export function isHigher(a: readonly number[], b: readonly number[], level: number): boolean {
  if (a.length < 3 || b.length < 3) return false;
  const all = [...a.map((value) => ({ value, own: 1 })), ...b.map((value) => ({ value, own: 0 }))];
  all.sort((x, y) => x.value - y.value);
  let [rankSum, ties] = [0, 0];
  for (let from = 0; from < all.length; ) {
    let to = from;
    let own = 0;
    for (; to < all.length && all[to]?.value === all[from]?.value; to += 1) own += all[to]?.own ?? 0;
    const size = to - from;
    rankSum += own * ((from + to + 1) / 2);
    ties += size ** 3 - size;
    from = to;
  }
  const [m, n, total] = [a.length, b.length, all.length];
  const u = rankSum - (m * (m + 1)) / 2;
  const variance = ((m * n) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance > 0 && normalSf((u - (m * n) / 2 - 0.5) / Math.sqrt(variance)) < level;
}
