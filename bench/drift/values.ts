import { binsOf } from '../../domain/drift/bins.ts';
import {
  type ColumnProfile,
  categoricalFrame,
  countCategories,
  EDGE_QUANTILES,
  HIGH_QUANTILE,
  LOW_QUANTILE,
  type NumericProfile,
  type Profile,
  type TrainingProfile,
  unitOf,
} from '../../domain/profile.ts';
import { overdispersion } from '../../domain/statistics/overdispersion.ts';

/** Profiles of small tables in memory, for trials: what `lambdas/shared/dataset-profile.ts` makes of large ones. */
export type Table = Readonly<Record<string, readonly (number | string | null)[]>>;

/** The profile of training rows, φ from so many stretches of them. */
export function trainingProfile(table: Table, stretches = 24): TrainingProfile {
  const rows = rowsOf(table);
  const features = Object.entries(table).map(([name, values]) => ({ name, values }));
  const columns = features.map(({ name, values }) => countColumn(frameOf(name, values), values));
  const size = Math.floor(rows / stretches);
  const phi = columns.map((column, index) => {
    const values = features[index]?.values ?? [];
    const parts = Array.from({ length: stretches }, (_, part) =>
      binsOf(countColumn(column, values.slice(part * size, (part + 1) * size))),
    );
    return { column: column.name, values: overdispersion(parts), missing: 1 };
  });
  const target = columns[0] ?? frameOf('none', []);
  const split = { rows, train: rows, test: 0, unused: 0, rejected: 0 };
  return { format: 1, rows, features: columns, target, split, overdispersion: phi };
}

/** A window counted in the frame of training. */
export const windowProfile = (training: Profile, table: Table): Profile => ({
  format: 1,
  rows: rowsOf(table),
  features: training.features.flatMap((column) => {
    const values = table[column.name];
    return values ? [countColumn(column, values)] : [];
  }),
  target: training.target,
});

export const rowsOf = (table: Table): number => Object.values(table)[0]?.length ?? 0;

function frameOf(name: string, values: readonly (number | string | null)[]): ColumnProfile {
  const present = values.filter((value) => value !== null);
  if (present.some((value) => typeof value === 'string')) {
    const counts = new Map<string, number>();
    for (const value of present) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
    const levels = [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
    return countCategories(name, categoricalFrame(levels), { levels: [], missing: 0 });
  }
  const sorted = Float64Array.from(present.map(Number)).sort();
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const counts = new Map<number, number>();
  for (const value of sorted) counts.set(value, (counts.get(value) ?? 0) + 1);
  const top = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
  const [low, high] = [quantile(LOW_QUANTILE), quantile(HIGH_QUANTILE)];
  const edges = [...new Set(EDGE_QUANTILES.map(quantile))];
  const nothing = { missing: 0, nan: 0, below: 0, above: 0, topCount: 0, n: 0, min: null, max: null };
  const frame = { edges, low, high, top, unit: unitOf(low, high) };
  return { kind: 'numeric', name, frame, counts: [], sum: '0', sumSquares: '0', ...nothing };
}

function countColumn(frame: ColumnProfile, values: readonly (number | string | null)[]): ColumnProfile {
  const present = values.filter((value) => value !== null);
  const missing = values.length - present.length;
  if (frame.kind === 'numeric') return countNumbers(frame, present.map(Number), missing);
  const counts = new Map<string, number>();
  for (const value of present) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  const levels = [...counts].map(([value, count]) => ({ value, count }));
  return countCategories(frame.name, frame.frame, { levels, missing });
}

function countNumbers({ name, frame }: NumericProfile, values: readonly number[], missing: number): NumericProfile {
  const { edges, low, high, top, unit } = frame;
  const counts = [...edges.map(() => 0), 0];
  const column = { below: 0, above: 0, topCount: 0 };
  let [sum, sumSquares] = [0n, 0n];
  for (const value of values) {
    const found = edges.findIndex((edge) => value <= edge);
    const bin = found === -1 ? edges.length : found;
    counts[bin] = (counts[bin] ?? 0) + 1;
    if (value < low) column.below += 1;
    if (value > high) column.above += 1;
    if (value === top) column.topCount += 1;
    const units = BigInt(Math.round(Math.max(-(2 ** 48), Math.min(2 ** 48, value / unit))));
    sum += units;
    sumSquares += units * units;
  }
  const range = values.length > 0 ? { min: Math.min(...values), max: Math.max(...values) } : { min: null, max: null };
  const sums = { sum: String(sum), sumSquares: String(sumSquares) };
  return { kind: 'numeric', name, frame, counts, missing, nan: 0, ...column, n: values.length, ...sums, ...range };
}
