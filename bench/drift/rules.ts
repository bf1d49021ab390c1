import type { Feature } from './stream.ts';

/** The rules that others decide by: one fixed number for one feature of one window. */
export interface Rule {
  readonly name: string;
  /** Whether a window, as counts in a thousand cells of equally many training rows, is said to have drifted. */
  alerts(window: readonly number[], feature: Feature): boolean;
}

export const RULES: readonly Rule[] = [
  { name: 'PSI > 0.1', alerts: (window, feature) => decileIndex(window, feature) > 0.1 },
  { name: 'PSI > 0.2', alerts: (window, feature) => decileIndex(window, feature) > 0.2 },
  { name: 'KS p < .05', alerts: (window, feature) => kolmogorovSmirnov(window, feature) < 0.05 },
  { name: 'Wasserstein ≥ 0.1 σ', alerts: (window, feature) => wasserstein(window, feature) >= 0.1 },
];

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Over ten bins, empty ones taken for a ten-thousandth. */
function decileIndex(window: readonly number[], { training }: Feature): number {
  const shares = (cells: readonly number[]) => {
    const total = sum(cells);
    return Array.from({ length: 10 }, (_, bin) => Math.max(1e-4, sum(cells.slice(100 * bin, 100 * bin + 100)) / total));
  };
  const [usual, now] = [shares(training), shares(window)];
  return usual.reduce((total, p, bin) => total + (p - (now[bin] ?? p)) * Math.log(p / (now[bin] ?? p)), 0);
}

/** The two-sample test's p-value by Kolmogorov's distribution, Stephens' correction for the number of rows. */
function kolmogorovSmirnov(window: readonly number[], { training }: Feature): number {
  const [m, n] = [sum(training), sum(window)];
  let [usual, now, gap] = [0, 0, 0];
  for (const [cell, count] of training.entries()) {
    usual += count / m;
    now += (window[cell] ?? 0) / n;
    gap = Math.max(gap, Math.abs(usual - now));
  }
  const root = Math.sqrt((m * n) / (m + n));
  const x = (root + 0.12 + 0.11 / root) * gap;
  let p = 0;
  for (let k = 1; k <= 100; k += 1) p += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * (k * x) ** 2);
  return x < 0.2 ? 1 : p;
}

/** The area between both distribution functions; σ of the training rows is 1. */
function wasserstein(window: readonly number[], { training, bounds }: Feature): number {
  const [m, n] = [sum(training), sum(window)];
  let [usual, now, area] = [0, 0, 0];
  for (let cell = 0; cell + 1 < bounds.length; cell += 1) {
    usual += (training[cell] ?? 0) / m;
    now += (window[cell] ?? 0) / n;
    area += Math.abs(usual - now) * ((bounds[cell + 1] ?? 0) - (bounds[cell] ?? 0));
  }
  return area;
}
