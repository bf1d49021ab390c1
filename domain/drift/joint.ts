import * as z from 'zod';
import { random } from '../statistics/random.ts';
import { gammaQ } from '../statistics/special-functions.ts';

/*
 * Drift of what columns are to each other, while each of them looks as ever: the means of random Fourier features, which
 * approximate the distance of both distributions under a Gaussian kernel (Rahimi and Recht 2007; Gretton et al. 2012).
 */

/** How rows are seen: frozen per version. */
export const jointFrameSchema = z.object({
  seed: z.int(),
  /** Mean and deviation of each column in training. */
  columns: z.array(z.object({ name: z.string(), mean: z.number(), deviation: z.number().positive() })).min(1),
});
export type JointFrame = z.infer<typeof jointFrameSchema>;

/** Adds up in any order: sums are whole multiples of {@link UNIT}. */
export const jointSketchSchema = z.object({ n: z.int().min(0), sums: z.array(z.int()) });
export type JointSketch = z.infer<typeof jointSketchSchema>;

/** The training rows: their sketch, and the first three power sums of the eigenvalues of their covariance. */
export const jointReferenceSchema = jointSketchSchema.extend({
  frame: jointFrameSchema,
  powers: z.tuple([z.number(), z.number(), z.number()]),
});
export type JointReference = z.infer<typeof jointReferenceSchema>;

export const FOURIER_FEATURES = 256;

/** 2^28 rows of them still add up exactly. */
const UNIT = 2 ** -24;

/** A row's values in the order of the frame; a missing one counts as the mean. */
export type JointRow = readonly (number | null)[];

/** Counts rows; parts of a table add up by {@link mergeSketches}. */
export function sketch(frame: JointFrame, rows: Iterable<JointRow>): JointSketch {
  const transform = transformOf(frame);
  const sums = new Array<number>(FOURIER_FEATURES).fill(0);
  let n = 0;
  for (const row of rows) {
    n += 1;
    for (const [index, value] of transform(row).entries()) sums[index] = (sums[index] ?? 0) + value;
  }
  return { n, sums };
}

export const mergeSketches = (a: JointSketch, b: JointSketch): JointSketch => ({
  n: a.n + b.n,
  sums: a.sums.map((sum, index) => sum + (b.sums[index] ?? 0)),
});

/** Rows that the null distribution is taken from; more make it hardly better known. */
const MOST_ROWS = 2_000;

/** What windows are held against; `sample` are training rows in no particular order. */
export function jointReference(frame: JointFrame, all: JointSketch, sample: readonly JointRow[]): JointReference {
  const transform = transformOf(frame);
  const rows = sample.slice(0, MOST_ROWS).map((row) => transform(row).map((value) => value * UNIT));
  return { ...all, frame, powers: powerSums(covariance(rows)) };
}

export interface JointShift {
  readonly n: number;
  /** T = Ne·‖difference of the means‖². */
  readonly statistic: number;
  /** p-value of "the same joint distribution", by Hall's, Buckley's and Eagleson's approximation of Σλχ². */
  readonly p: number;
}

export function jointShift(reference: JointReference, window: JointSketch): JointShift {
  const [m, n] = [reference.n, window.n];
  if (m === 0 || n === 0) return { n, statistic: 0, p: 1 };
  const distance = reference.sums.reduce(
    (sum, value, index) => sum + ((value / m - (window.sums[index] ?? 0) / n) * UNIT) ** 2,
    0,
  );
  const statistic = ((n * m) / (n + m)) * distance;
  const [first, second, third] = reference.powers;
  if (!(third > 0)) return { n, statistic, p: 1 };
  // A chi-square with as many degrees as give its first three cumulants: Σλ, 2Σλ², 8Σλ³.
  const degrees = second ** 3 / third ** 2;
  const x = degrees + Math.sqrt(degrees / second) * (statistic - first);
  return { n, statistic, p: gammaQ(degrees / 2, Math.max(0, x) / 2) };
}

/** √(2/D)·cos(ω·x + b) of a row, in units. Distances of d standard columns are about √d, and so is the kernel's width. */
function transformOf({ seed, columns }: JointFrame): (row: JointRow) => number[] {
  const source = random(seed);
  const width = Math.sqrt(columns.length);
  const directions = Array.from({ length: FOURIER_FEATURES }, () => ({
    omega: columns.map(() => source.normal() / width),
    phase: 2 * Math.PI * source.uniform(),
  }));
  const scale = Math.sqrt(2 / FOURIER_FEATURES) / UNIT;
  return (row) => {
    const x = columns.map(({ mean, deviation }, index) => standardized(row[index], mean, deviation));
    return directions.map(({ omega, phase }) => {
      const angle = omega.reduce((sum, weight, index) => sum + weight * (x[index] ?? 0), phase);
      return Math.round(scale * Math.cos(angle));
    });
  };
}

/** Far outliers would only turn the angle at random. */
export function standardized(value: number | null | undefined, mean: number, deviation: number): number {
  if (value === null || value === undefined || Number.isNaN(value)) return 0;
  return Math.max(-5, Math.min(5, (value - mean) / deviation));
}

function covariance(rows: readonly (readonly number[])[]): Float64Array {
  const d = FOURIER_FEATURES;
  const means = Array.from(
    { length: d },
    (_, index) => rows.reduce((sum, row) => sum + (row[index] ?? 0), 0) / rows.length,
  );
  const matrix = new Float64Array(d * d);
  for (const row of rows) {
    const centred = row.map((value, index) => value - (means[index] ?? 0));
    for (const [a, left] of centred.entries())
      for (const [b, right] of centred.entries()) matrix[a * d + b] = (matrix[a * d + b] ?? 0) + left * right;
  }
  return matrix.map((sum) => sum / Math.max(1, rows.length - 1));
}

/** Traces of a symmetric matrix, its square and its cube. */
function powerSums(matrix: Float64Array): [number, number, number] {
  const d = FOURIER_FEATURES;
  let [first, second, third] = [0, 0, 0];
  for (let a = 0; a < d; a += 1) {
    first += matrix[a * d + a] ?? 0;
    for (let b = 0; b < d; b += 1) {
      const own = matrix[a * d + b] ?? 0;
      let product = 0;
      for (let c = 0; c < d; c += 1) product += (matrix[a * d + c] ?? 0) * (matrix[b * d + c] ?? 0);
      second += own * own;
      third += own * product;
    }
  }
  return [first, second, third];
}
