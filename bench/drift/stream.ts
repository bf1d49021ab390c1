import { EDGE_QUANTILES, type NumericProfile, type Profile, type TrainingProfile } from '../../domain/profile.ts';
import type { Random } from '../../domain/statistics/random.ts';
import { normalCdf, normalQuantile } from '../../domain/statistics/special-functions.ts';
import { dirichlet, multinomial } from './draw.ts';

/*
 * Normal features as counts in the cells between quantiles of the training rows: exactly what a profile of such rows holds,
 * drawn without the rows.
 */

/** What of the shape is different in a window: its mean in standard deviations, and its spread. */
export interface Shape {
  readonly mean?: number;
  readonly scale?: number;
}

/** One feature: where its cells end, and how many training rows are in each. */
export interface Feature {
  readonly bounds: readonly number[];
  readonly training: readonly number[];
}

/** Shares of the training rows below the bounds of a profile's counters. */
const BOUNDS = [0.001, ...EDGE_QUANTILES, 0.999];
/** A thousand cells: as good as the rows themselves for rules that need more than a profile. */
export const FINE_BOUNDS = Array.from({ length: 999 }, (_, index) => (index + 1) / 1_000);

export interface StreamOptions {
  readonly features: number;
  readonly trainRows: number;
  readonly bounds?: readonly number[];
}

/** Where the quantiles of so many rows truly are is chance; all windows are held against that one draw. */
export function drawFeatures({ features, trainRows, bounds = BOUNDS }: StreamOptions, source: Random): Feature[] {
  const upTo = [0, ...bounds.map((share) => Math.max(1, Math.ceil(share * trainRows - 1e-9))), trainRows];
  const training = upTo.slice(1).map((to, cell) => to - (upTo[cell] ?? 0));
  const last = training.length - 1;
  return Array.from({ length: features }, () => {
    const shares = dirichlet(
      training.map((count, cell) => (cell === last ? count + 1 : count)),
      source,
    );
    let below = 0;
    const ends = shares.slice(0, -1).map((share) => {
      below += share;
      return normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, below)));
    });
    return { bounds: ends, training };
  });
}

/** How many of `n` rows of a shape are in each cell. */
export function drawCells({ bounds }: Feature, { mean = 0, scale = 1 }: Shape, n: number, source: Random): number[] {
  const below = [0, ...bounds.map((bound) => normalCdf((bound - mean) / scale)), 1];
  return multinomial(
    n,
    below.slice(1).map((to, cell) => to - (below[cell] ?? 0)),
    source,
  );
}

const FRAME: NumericProfile['frame'] = {
  edges: EDGE_QUANTILES.map(normalQuantile),
  low: normalQuantile(0.001),
  high: normalQuantile(0.999),
  top: 0,
  unit: 2 ** -28,
};
/** Of each cell of a bound list, the bin of a profile that it is part of. */
const binsOfCells = (bounds: readonly number[]) =>
  [...bounds, 1].map((to) => {
    const bin = EDGE_QUANTILES.findIndex((edge) => to <= edge + 1e-9);
    return bin === -1 ? EDGE_QUANTILES.length : bin;
  });
const COARSE = binsOfCells(BOUNDS);
const FINE = binsOfCells(FINE_BOUNDS);

/** Cells as a column of a profile. */
export function columnOf(name: string, cells: readonly number[]): NumericProfile {
  const bins = cells.length === COARSE.length ? COARSE : FINE;
  const counts = new Array<number>(EDGE_QUANTILES.length + 1).fill(0);
  let n = 0;
  for (const [cell, count] of cells.entries()) {
    const bin = bins[cell] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + count;
    n += count;
  }
  const outside = { below: cells[0] ?? 0, above: cells.at(-1) ?? 0 };
  const nothing = { missing: 0, nan: 0, topCount: 0, sum: '0', sumSquares: '0', min: null, max: null };
  return { kind: 'numeric', name, frame: FRAME, counts, n, ...outside, ...nothing };
}

const TARGET = columnOf(
  'target',
  [...BOUNDS, 1].map(() => 1),
);

export const profileOf = (rows: number, columns: readonly (readonly number[])[]): Profile => ({
  format: 1,
  rows,
  features: columns.map((cells, index) => columnOf(`feature${index}`, cells)),
  target: TARGET,
});

export function referenceOf(features: readonly Feature[], phi?: number): TrainingProfile {
  const rows = (features[0]?.training ?? []).reduce((sum, count) => sum + count, 0);
  const profile = profileOf(
    rows,
    features.map(({ training }) => training),
  );
  return {
    ...profile,
    split: { rows, train: rows, test: 0, unused: 0, rejected: 0 },
    ...(phi === undefined
      ? {}
      : { overdispersion: profile.features.map(({ name }) => ({ column: name, values: phi, missing: 1 })) }),
  };
}
