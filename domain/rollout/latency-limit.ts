import * as z from 'zod';
import type { Tally } from './two-arm.ts';

/** How slow is slow: the champion's 95th percentile, frozen as soon as enough of its requests were seen. */
export const latencyLimitSchema = z.object({
  /** Null until it is known; requests before that are not compared. */
  thresholdMs: z.number().nullable(),
  /** The champion's latencies seen so far, while the threshold is not known. */
  sample: z.array(z.number()),
});
export type LatencyLimit = z.infer<typeof latencyLimitSchema>;

export const UNKNOWN_LATENCY: LatencyLimit = { thresholdMs: null, sample: [] };

/** A 95th percentile of fewer requests rests on less than five slow ones. */
const ENOUGH = 100;

/** Below this nobody who calls over a network can tell the difference, and the noise of a processor would decide. */
const LEAST_MS = 10;

/** Takes the champion's latencies in; a threshold that is frozen stays. */
export function calibrate(limit: LatencyLimit, championMs: readonly number[]): LatencyLimit {
  if (limit.thresholdMs !== null) return limit;
  const sample = [...limit.sample, ...championMs];
  if (sample.length < ENOUGH) return { thresholdMs: null, sample };
  const ascending = sample.toSorted((a, b) => a - b);
  const p95 = ascending[Math.ceil(0.95 * ascending.length) - 1] ?? 0;
  return { thresholdMs: Math.max(LEAST_MS, p95), sample: [] };
}

/** Requests slower than the threshold. */
export const slowOnes = (thresholdMs: number, latenciesMs: readonly number[]): Tally => ({
  n: latenciesMs.length,
  bad: latenciesMs.filter((latency) => latency > thresholdMs).length,
});
