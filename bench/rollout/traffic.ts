import { type Random, random } from '../../domain/statistics/random.ts';
import { normalCdf } from '../../domain/statistics/special-functions.ts';

/** Simulated live traffic: who answers what, minute by minute. */
export interface Traffic {
  /** Requests a second in a minute, all versions together. */
  readonly rps: (minute: number, source: Random) => number;
  /** The champion's share of failing requests in a minute. */
  readonly errorRate: (minute: number) => number;
  /** What the challenger adds to it. */
  readonly extraErrors?: number;
  /** How many times slower the challenger is. @default 1 */
  readonly slowdown?: number;
  /** How many times slower both are in a minute. @default 1 */
  readonly slowness?: (minute: number) => number;
}

export interface Minute {
  readonly challenger: Answered;
  readonly champion: Answered;
}

export interface Answered {
  readonly n: number;
  readonly errors: number;
  /** Slower than the champion's usual 95th percentile. */
  readonly slow: number;
  /** Mean latency in units of the champion's usual median; undefined without requests. */
  readonly latency: number | undefined;
}

/** Standard deviation of ln(latency): the slowest twentieth takes more than 2.3 times the median. */
export const LATENCY_SPREAD = 0.5;

/** One minute in which the challenger gets `share` of the requests, each by its own throw of the dice. */
export function minuteOf(traffic: Traffic, minute: number, share: number, source: Random): Minute {
  const requests = 60 * traffic.rps(minute, source);
  const rates = ratesOf(traffic, minute);
  const answer = (n: number, { errors, slow, slowness }: Rates): Answered => ({
    n,
    errors: binomial(n, errors, source),
    slow: binomial(n, slow, source),
    latency: n > 0 ? meanLatency(n, slowness, source) : undefined,
  });
  return {
    challenger: answer(poisson(requests * share, source), rates.challenger),
    champion: answer(poisson(requests * (1 - share), source), rates.champion),
  };
}

interface Rates {
  readonly errors: number;
  readonly slow: number;
  readonly slowness: number;
}

/** The true rates of both versions in a minute. */
export function ratesOf(traffic: Traffic, minute: number): { challenger: Rates; champion: Rates } {
  const errors = traffic.errorRate(minute);
  const slowness = traffic.slowness?.(minute) ?? 1;
  const rates = (extra: number, factor: number): Rates => ({
    errors: Math.min(1, errors + extra),
    slow: slowShare(factor),
    slowness: factor,
  });
  return {
    champion: rates(0, slowness),
    challenger: rates(traffic.extraErrors ?? 0, slowness * (traffic.slowdown ?? 1)),
  };
}

/** Share of requests beyond the usual 95th percentile, of a version that is `factor` times slower. */
export const slowShare = (factor: number): number => normalCdf(Math.log(factor) / LATENCY_SPREAD - 1.6448536269514722);

/** Shapes of traffic, requests a second. */
export const steady = (rps: number) => () => rps;
/** A day's wave, from a fifth of the mean to nearly twice it. */
export const diurnal = (rps: number) => (minute: number) =>
  rps * (1 + 0.8 * Math.sin((2 * Math.PI * minute) / 1440 - Math.PI / 2));
/** Most minutes nearly nothing, one in ten a flood; the same mean. */
export const bursty = (rps: number) => (_: number, source: Random) => (source.uniform() < 0.1 ? rps * 9.1 : rps * 0.1);

/** Exact for small counts; above 50 the arrivals' own shape does not matter and a rounded normal does. */
export function poisson(mean: number, source: Random): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * source.normal()));
  let count = -1;
  for (let left = mean; left >= 0; count += 1) left += Math.log(1 - source.uniform());
  return Math.max(0, count);
}

/** Exact: jumps from one success to the next. */
export function binomial(n: number, p: number, source: Random): number {
  if (p <= 0 || n === 0) return 0;
  if (p > 0.5) return n - binomial(n, 1 - p, source);
  const logMiss = Math.log1p(-p);
  let successes = -1;
  for (let trial = 0; trial <= n; successes += 1) trial += Math.floor(Math.log(1 - source.uniform()) / logMiss) + 1;
  return successes;
}

/** The mean of n log-normal latencies, normal by the central limit. */
function meanLatency(n: number, slowness: number, source: Random): number {
  const mean = slowness * Math.exp(LATENCY_SPREAD ** 2 / 2);
  const deviation = mean * Math.sqrt(Math.exp(LATENCY_SPREAD ** 2) - 1);
  return Math.max(0.05, mean + (deviation / Math.sqrt(n)) * source.normal());
}

/** A source of its own for every rollout of a scenario. */
export const sourceOf = (seed: number, rollout: number): Random =>
  random(Math.imul(seed ^ (rollout * 0x9e3779b1), 0x85ebca6b) ^ rollout);
