import * as z from 'zod';
import { normalSf } from '../statistics/special-functions.ts';
import { type JointFrame, type JointRow, standardized } from './joint.ts';

/** Sums of a pair's products, whole multiples of {@link UNIT}; adds up in any order. */
export const correlationSketchSchema = z.object({
  n: z.int().min(0),
  /** Of each column, and of each pair `a ≤ b` in rows of the upper triangle. */
  sums: z.array(z.int()),
  products: z.array(z.int()),
});
export type CorrelationSketch = z.infer<typeof correlationSketchSchema>;

/** Standardized values end at 5, so that 2^28 products still add up exactly. */
const UNIT = 2 ** -20;

export function correlationSketch({ columns }: JointFrame, rows: Iterable<JointRow>): CorrelationSketch {
  const d = columns.length;
  const sums = new Array<number>(d).fill(0);
  const products = new Array<number>((d * (d + 1)) / 2).fill(0);
  let n = 0;
  for (const row of rows) {
    n += 1;
    const x = columns.map(({ mean, deviation }, index) => standardized(row[index], mean, deviation));
    let at = 0;
    for (let a = 0; a < d; a += 1) {
      sums[a] = (sums[a] ?? 0) + Math.round((x[a] ?? 0) / UNIT);
      for (let b = a; b < d; b += 1, at += 1)
        products[at] = (products[at] ?? 0) + Math.round(((x[a] ?? 0) * (x[b] ?? 0)) / UNIT);
    }
  }
  return { n, sums, products };
}

export const mergeCorrelations = (a: CorrelationSketch, b: CorrelationSketch): CorrelationSketch => ({
  n: a.n + b.n,
  sums: a.sums.map((sum, index) => sum + (b.sums[index] ?? 0)),
  products: a.products.map((sum, index) => sum + (b.products[index] ?? 0)),
});

export interface CorrelationShift {
  readonly columns: readonly [string, string];
  readonly reference: number;
  readonly now: number;
  /** Of the largest change, for all pairs together (Bonferroni). */
  readonly p: number;
}

/** The pair whose correlation changed most, by Fisher's z; null where there is no pair to compare. */
export function correlationShift(
  { columns }: JointFrame,
  reference: CorrelationSketch,
  window: CorrelationSketch,
): CorrelationShift | null {
  if (reference.n < LEAST_ROWS || window.n < LEAST_ROWS) return null;
  const spread = Math.sqrt(1 / (reference.n - 3) + 1 / (window.n - 3));
  const [before, after] = [correlations(columns.length, reference), correlations(columns.length, window)];
  let largest: { a: number; b: number; usual: number; now: number; gap: number } | null = null;
  let pairs = 0;
  for (const [index, { a, b, r: usual }] of before.entries()) {
    const now = after[index]?.r ?? null;
    if (usual === null || now === null) continue;
    pairs += 1;
    const gap = Math.abs(Math.atanh(now) - Math.atanh(usual)) / spread;
    if (largest === null || gap > largest.gap) largest = { a, b, usual, now, gap };
  }
  if (largest === null) return null;
  const { a, b, usual, now, gap } = largest;
  const names = [columns[a]?.name ?? '', columns[b]?.name ?? ''] as const;
  return { columns: names, reference: usual, now, p: Math.min(1, 2 * pairs * normalSf(gap)) };
}

const LEAST_ROWS = 50;
/** Beyond it Fisher's z has no end. */
const CLOSEST = 0.999_999;

function correlations(d: number, { n, sums, products }: CorrelationSketch) {
  const place = (a: number, b: number) => a * d - (a * (a - 1)) / 2 + (b - a);
  const moment = (a: number, b: number) =>
    ((products[place(a, b)] ?? 0) / n) * UNIT - (((sums[a] ?? 0) * UNIT) / n) * (((sums[b] ?? 0) * UNIT) / n);
  const pairs: { a: number; b: number; r: number | null }[] = [];
  for (let a = 0; a < d; a += 1)
    for (let b = a + 1; b < d; b += 1) {
      const scale = Math.sqrt(moment(a, a) * moment(b, b));
      const r = scale > 1e-9 ? Math.max(-CLOSEST, Math.min(CLOSEST, moment(a, b) / scale)) : null;
      pairs.push({ a, b, r });
    }
  return pairs;
}
