import { populationShift } from './relevance.ts';

/** Parts of the training data that a column's overdispersion is taken from. */
export const LEAST_SUB_WINDOWS = 24;

/**
 * φ: how much more parts of unchanged data differ from the rest than independent rows would. 1 for those; more where rows
 * come in clusters that are alike, such as several of one customer. Each part is held against the others, in the same bins.
 */
export function overdispersion(subWindows: readonly (readonly number[])[]): number {
  const filled = subWindows.filter((counts) => total(counts) > 0);
  const width = Math.max(0, ...filled.map(({ length }) => length));
  const sums = Array.from({ length: width }, (_, bin) => filled.reduce((sum, counts) => sum + (counts[bin] ?? 0), 0));
  const used = sums.flatMap((sum, bin) => (sum > 0 ? [bin] : []));
  if (filled.length < LEAST_SUB_WINDOWS || used.length < 2) return 1;
  const ratios = filled.map((counts) => {
    const own = used.map((bin) => counts[bin] ?? 0);
    const others = used.map((bin, index) => (sums[bin] ?? 0) - (own[index] ?? 0));
    const { statistic, degrees } = populationShift(others, own);
    return statistic / degrees;
  });
  return Math.max(1, total(ratios) / ratios.length);
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
