import type { Estimate } from '../flow.ts';
import { normalQuantile } from './special-functions.ts';

/** z of a two-sided 95 % interval. */
export const Z_TWO_SIDED = normalQuantile(0.975);
/** z of a one-sided 95 % bound. */
export const Z_ONE_SIDED = normalQuantile(0.95);

/** A share of successes with Wilson's 95 % score interval, which holds its level for small counts and at 0 and 1 too. */
export function wilson(successes: number, trials: number, z = Z_TWO_SIDED): Estimate {
  const share = successes / trials;
  const z2 = z * z;
  const centre = (successes + z2 / 2) / (trials + z2);
  const half = (z / (trials + z2)) * Math.sqrt((successes * (trials - successes)) / trials + z2 / 4);
  return { value: share, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}
