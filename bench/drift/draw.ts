import type { Random } from '../../domain/statistics/random.ts';

/** Exact draws in a time that hardly depends on the number of rows: counts of a window without its rows. */

/** Devroye's recursion: the median of n uniform numbers is a beta variable, and decides on half of them at once. */
export function binomial(n: number, p: number, source: Random): number {
  if (p <= 0 || n === 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(n, 1 - p, source);
  if (n * p < 12) return fewSuccesses(n, p, source);
  const middle = (n + 1) >> 1;
  const [a, b] = [gamma(middle, source), gamma(n + 1 - middle, source)];
  const median = a / (a + b);
  return median > p
    ? binomial(middle - 1, p / median, source)
    : middle + binomial(n - middle, (p - median) / (1 - median), source);
}

/** Jumps from one success to the next. */
function fewSuccesses(n: number, p: number, source: Random): number {
  const logMiss = Math.log1p(-p);
  let successes = -1;
  for (let trial = 0; trial <= n; successes += 1) trial += Math.floor(Math.log(1 - source.uniform()) / logMiss) + 1;
  return successes;
}

/** How many of `n` rows fall into bins of these shares. */
export function multinomial(n: number, shares: readonly number[], source: Random): number[] {
  let [left, rest] = [n, 1];
  return shares.map((share, bin) => {
    const count = bin === shares.length - 1 ? left : binomial(left, Math.min(1, share / rest), source);
    left -= count;
    rest = Math.max(1e-300, rest - share);
    return count;
  });
}

/** The true shares of bins whose edges were taken at sample quantiles with so many rows between them. */
export function dirichlet(counts: readonly number[], source: Random): number[] {
  const draws = counts.map((count) => (count > 0 ? gamma(count, source) : 0));
  const total = draws.reduce((sum, draw) => sum + draw, 0);
  return draws.map((draw) => draw / total);
}

/** Marsaglia and Tsang's method for a shape of at least 1. */
export function gamma(shape: number, source: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = source.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - source.uniform()) < x * x * 0.5 + d - d * v + d * Math.log(v)) return d * v;
  }
}
