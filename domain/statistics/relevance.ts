import { nonCentralChiSquareLogDensity, nonCentralChiSquareSf } from './special-functions.ts';

/**
 * How far two histograms in the same bins are apart, as a population stability index that knows its noise: T follows a
 * non-central chi-square distribution around the true index, so that "relevantly different" is tested instead of
 * "different at all", which every large sample is (Population Resemblance Statistic, arXiv 2307.11878).
 */
export interface Divergence {
  /** The index as it is counted, noise included. */
  readonly psi: number;
  /** What is left of it without the noise to be expected, at least 0: the number to show. */
  readonly reported: number;
  /** T = Ne·PSI/φ. */
  readonly statistic: number;
  /** Effective number of rows over φ: a true index δ shifts T by this times δ. */
  readonly scale: number;
  /** Bins less one. */
  readonly degrees: number;
}

/** `overdispersion` is φ: how much more sub-windows of unchanged data vary than independent rows would; 1 for those. */
export function populationShift(
  reference: readonly number[],
  current: readonly number[],
  overdispersion = 1,
): Divergence {
  const bins = reference.length;
  if (current.length !== bins || bins < 2)
    throw new RangeError(`histograms of ${bins} and ${current.length} bins cannot be compared`);
  const [m, n] = [total(reference), total(current)];
  // Jeffreys' half a row in every bin keeps empty ones finite.
  const share = (count: number, rows: number) => (count + 0.5) / (rows + bins / 2);
  const psi = reference.reduce((sum, count, bin) => {
    const [p, q] = [share(count, m), share(current[bin] ?? 0, n)];
    return sum + (p - q) * Math.log(p / q);
  }, 0);
  const scale = (n * m) / (n + m) / overdispersion;
  const degrees = bins - 1;
  return { psi, reported: Math.max(0, psi - degrees / scale), statistic: scale * psi, scale, degrees };
}

/** p-value of "the true index is at most `delta`". */
export const relevancePValue = ({ statistic, scale, degrees }: Divergence, delta: number): number =>
  nonCentralChiSquareSf(statistic, degrees, scale * delta);

/** ln of T's density if the true index were `delta`: the ratio of two is an e-value, monotone in T. */
export const shiftLogDensity = ({ statistic, scale, degrees }: Divergence, delta: number): number =>
  // Two equal histograms: the density itself may be 0 or infinite there, ratios are not.
  nonCentralChiSquareLogDensity(Math.max(statistic, 1e-9), degrees, scale * delta);

/** The largest true index that the histograms do not speak against, at 95 %. */
export const shiftUpperBound = (divergence: Divergence): number => indexAt(divergence, 0.95);

/** The smallest one, at 95 %: "at least so much", 0 where it may be none. */
export function shiftLowerBound(divergence: Divergence): number {
  const { statistic, degrees } = divergence;
  return nonCentralChiSquareSf(statistic, degrees, 0) >= 0.05 ? 0 : indexAt(divergence, 0.05);
}

/** The true index at which so large a divergence has this probability; it grows with the index. */
function indexAt({ statistic, scale, degrees }: Divergence, probability: number): number {
  let [low, high] = [0, 1];
  while (nonCentralChiSquareSf(statistic, degrees, scale * high) < probability) high *= 2;
  for (let step = 0; step < 50 && high - low > 1e-12 * high; step += 1) {
    const middle = (low + high) / 2;
    if (nonCentralChiSquareSf(statistic, degrees, scale * middle) < probability) low = middle;
    else high = middle;
  }
  return high;
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
