import * as z from 'zod';

const count = z.int().min(0);
/** A sum that does not depend on the order of its terms: whole units, as decimal digits. */
const exactSum = z.string().regex(/^-?\d+$/);

/**
 * Numbers of one column. `frame` is taken from the training data and then frozen; everything else adds up.
 * Bin `b` holds the values in (edges[b-1], edges[b]].
 */
export const numericProfileSchema = z.object({
  kind: z.literal('numeric'),
  name: z.string(),
  frame: z.object({
    /** Quantiles .01 .05 .1 … .9 .95 .99 of the training data, equal ones merged. */
    edges: z.array(z.number()),
    /** Quantiles .001 and .999. */
    low: z.number(),
    high: z.number(),
    /** The most frequent value; the smallest of several. */
    top: z.number(),
    /** A power of two: sums count multiples of it, so that they are the same in any order. */
    unit: z.number().positive(),
  }),
  counts: z.array(count),
  missing: count,
  nan: count,
  below: count,
  above: count,
  topCount: count,
  /** Finite values. */
  n: count,
  /** Σx in `unit`s and Σx² in squared ones; a value beyond ±2^48 units counts as that. */
  sum: exactSum,
  sumSquares: exactSum,
  min: z.number().nullable(),
  max: z.number().nullable(),
});
export type NumericProfile = z.infer<typeof numericProfileSchema>;

/** Categories of one column; booleans are the categories `true` and `false`. */
export const categoricalProfileSchema = z.object({
  kind: z.literal('categorical'),
  name: z.string(),
  frame: z.object({
    /** Levels with a share of at least max(0.5 %, 5/n) in the training data, most frequent first. */
    levels: z.array(z.string()),
    /** The rarer ones: together they are `__other__`. */
    rare: z.array(z.string()),
    /** False when there were too many rare levels to list; then an unknown level is `__other__` as well. */
    closed: z.boolean(),
    /** Levels that one row had: about as many of the next n rows will have one that training never saw. */
    once: count.optional(),
  }),
  counts: z.array(count),
  /** Rows of `__other__` and of `__unseen__`, levels that the training data never had. */
  other: count,
  unseen: count,
  missing: count,
  n: count,
});
export type CategoricalProfile = z.infer<typeof categoricalProfileSchema>;

export const columnProfileSchema = z.discriminatedUnion('kind', [numericProfileSchema, categoricalProfileSchema]);
export type ColumnProfile = z.infer<typeof columnProfileSchema>;

/** Summary of a table that adds up: of any parts, in any order, the sum is the profile of the whole. */
export const profileSchema = z.object({
  format: z.literal(1),
  rows: count,
  features: z.array(columnProfileSchema),
  target: columnProfileSchema,
});
export type Profile = z.infer<typeof profileSchema>;

/** `profile.json` of a run: the profile of its training rows, and where all its rows went. */
export const trainingProfileSchema = profileSchema.extend({
  split: z.object({
    rows: count,
    train: count,
    test: count,
    /** Rows of the test side beyond what an evaluation reads; they are not trained on either. */
    unused: count,
    /** Rows without a label, where the configuration allows them. */
    rejected: count,
  }),
  /**
   * How much more stretches of the training rows differ than independent rows would (φ), in their values and in what is
   * missing of them. A column that is not here has 1, as have all of a version from before it was counted.
   */
  overdispersion: z
    .array(z.object({ column: z.string(), values: z.number().min(1), missing: z.number().min(1) }))
    .optional(),
});
export type TrainingProfile = z.infer<typeof trainingProfileSchema>;

/** The probabilities of the edges; with the overflow they make 14 bins. */
export const EDGE_QUANTILES = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99] as const;
export const LOW_QUANTILE = 0.001;
export const HIGH_QUANTILE = 0.999;

/** Rare levels that a frame lists before it is left open. */
export const MAX_RARE_LEVELS = 2_000;

/** The profile of two parts from those of each; both must have been counted in the same frame. */
export function mergeProfiles(a: Profile, b: Profile): Profile {
  if (a.features.length !== b.features.length) throw new RangeError('profiles of different columns cannot be merged');
  return {
    format: 1,
    rows: a.rows + b.rows,
    features: a.features.map((column, index) => mergeColumns(column, b.features[index])),
    target: mergeColumns(a.target, b.target),
  };
}

/** The same frame with nothing counted yet: the neutral element of {@link mergeProfiles}. */
export const emptyProfile = (frame: Profile): Profile => ({
  format: 1,
  rows: 0,
  features: frame.features.map(emptyColumn),
  target: emptyColumn(frame.target),
});

export function emptyColumn(column: ColumnProfile): ColumnProfile {
  if (column.kind === 'categorical')
    return { ...column, counts: column.counts.map(() => 0), other: 0, unseen: 0, missing: 0, n: 0 };
  const nothing = { missing: 0, nan: 0, below: 0, above: 0, topCount: 0, n: 0, sum: '0', sumSquares: '0' };
  return { ...column, counts: column.counts.map(() => 0), ...nothing, min: null, max: null };
}

/** Mean and variance from the sums; null without values. */
export function momentsOf(column: NumericProfile): { mean: number; variance: number } | null {
  if (column.n === 0) return null;
  const { unit } = column.frame;
  const sum = BigInt(column.sum);
  const n = BigInt(column.n);
  // n·Σx² − (Σx)² in whole numbers: no digits cancel, however far the mean is from zero.
  const spread = n * BigInt(column.sumSquares) - sum * sum;
  return { mean: (Number(sum) / column.n) * unit, variance: (Number(spread) / column.n / column.n) * unit * unit };
}

/** The levels that get a count of their own, and the others that are known. */
export function categoricalFrame(levels: readonly { value: string; count: number }[]): CategoricalProfile['frame'] {
  const n = levels.reduce((sum, level) => sum + level.count, 0);
  const least = Math.max(0.005 * n, 5);
  const rare = levels.filter((level) => level.count < least);
  return {
    levels: levels.filter((level) => level.count >= least).map(({ value }) => value),
    rare: rare.slice(0, MAX_RARE_LEVELS).map(({ value }) => value),
    closed: rare.length <= MAX_RARE_LEVELS,
    once: levels.filter((level) => level.count === 1).length,
  };
}

/** Counts categories, whatever their number, into a frame. */
export function countCategories(
  name: string,
  frame: CategoricalProfile['frame'],
  { levels, missing }: { levels: Iterable<{ value: string; count: number }>; missing: number },
): CategoricalProfile {
  const place = new Map(frame.levels.map((level, index) => [level, index]));
  const rare = new Set(frame.rare);
  const profile = { counts: frame.levels.map(() => 0), other: 0, unseen: 0, n: 0 };
  for (const level of levels) {
    const index = place.get(level.value);
    profile.n += level.count;
    if (index !== undefined) profile.counts[index] = (profile.counts[index] ?? 0) + level.count;
    else if (rare.has(level.value) || !frame.closed) profile.other += level.count;
    else profile.unseen += level.count;
  }
  return { kind: 'categorical', name, frame, ...profile, missing };
}

/**
 * The unit of a column's sums: 2^30 of them span its usual range, so that a rounded value is exact to nine digits and
 * the squares of 2^31 values up to 2^18 times that range still fit into 128 bits.
 */
export function unitOf(low: number, high: number): number {
  const scale = Math.max(Math.abs(low), Math.abs(high));
  if (scale === 0) return 2 ** -30;
  return 2 ** Math.max(-1_000, Math.min(990, Math.ceil(Math.log2(scale)) - 30));
}

/** Of one column, see {@link mergeProfiles}. */
export function mergeColumns(a: ColumnProfile, b: ColumnProfile | undefined): ColumnProfile {
  if (b === undefined || a.name !== b.name || JSON.stringify(a.frame) !== JSON.stringify(b.frame))
    throw new RangeError(`column ${JSON.stringify(a.name)} was not counted in the same frame`);
  const counts = a.counts.map((value, index) => value + (b.counts[index] ?? 0));
  if (a.kind === 'categorical' && b.kind === 'categorical')
    return {
      ...a,
      counts,
      other: a.other + b.other,
      unseen: a.unseen + b.unseen,
      missing: a.missing + b.missing,
      n: a.n + b.n,
    };
  if (a.kind === 'numeric' && b.kind === 'numeric')
    return {
      ...a,
      counts,
      missing: a.missing + b.missing,
      nan: a.nan + b.nan,
      below: a.below + b.below,
      above: a.above + b.above,
      topCount: a.topCount + b.topCount,
      n: a.n + b.n,
      sum: String(BigInt(a.sum) + BigInt(b.sum)),
      sumSquares: String(BigInt(a.sumSquares) + BigInt(b.sumSquares)),
      min: extreme(Math.min, a.min, b.min),
      max: extreme(Math.max, a.max, b.max),
    };
  throw new RangeError(`column ${JSON.stringify(a.name)} is of two kinds`);
}

const extreme = (pick: (a: number, b: number) => number, a: number | null, b: number | null) =>
  a === null ? b : b === null ? a : pick(a, b);
