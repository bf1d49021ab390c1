import * as z from 'zod';

/** Delays of labels behind their predictions, in bins that adds up whatever comes in whatever order. */
export const labelDelaysSchema = z.object({ format: z.literal(1), counts: z.array(z.int().min(0)) });
export type LabelDelays = z.infer<typeof labelDelaysSchema>;

const HOUR_MS = 3_600_000;
/** Upper ends of the bins: a quarter of an hour, and then a quarter longer each, up to about a year and a half. */
export const DELAY_BOUNDS: readonly number[] = Array.from({ length: 50 }, (_, bin) => (HOUR_MS / 4) * 1.25 ** bin);

/** Fewer delays tell nothing of those to come. */
const LEAST_DELAYS = 200;
const QUANTILE = 0.95;

export const noDelays: LabelDelays = { format: 1, counts: new Array<number>(DELAY_BOUNDS.length + 1).fill(0) };

/** Adds delays in milliseconds; what came before its prediction came at once. */
export function addDelays(delays: LabelDelays, more: Iterable<number>): LabelDelays {
  const counts = [...delays.counts];
  for (const delay of more) {
    const found = DELAY_BOUNDS.findIndex((bound) => delay <= bound);
    const bin = found === -1 ? DELAY_BOUNDS.length : found;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { format: 1, counts };
}

export const mergeDelays = (a: LabelDelays, b: LabelDelays): LabelDelays => ({
  format: 1,
  counts: a.counts.map((count, bin) => count + (b.counts[bin] ?? 0)),
});

/**
 * The age at which a cohort has the labels that it will get, ms: as configured, or what 95 % of the delays seen stay below.
 * Null while that is not known. Slow labels are missing among those seen at first; the coverage that a cohort needs guards
 * against that.
 */
export function maturity(delays: LabelDelays, configuredMs: number | null): number | null {
  if (configuredMs !== null) return configuredMs;
  const total = delays.counts.reduce((sum, count) => sum + count, 0);
  if (total < LEAST_DELAYS) return null;
  let below = 0;
  for (const [bin, count] of delays.counts.entries()) {
    below += count;
    if (below >= QUANTILE * total) return DELAY_BOUNDS[bin] ?? DELAY_BOUNDS.at(-1) ?? null;
  }
  return null;
}
