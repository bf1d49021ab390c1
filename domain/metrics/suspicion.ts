import type { Leakage } from '../evaluation.ts';
import type { Scores } from '../scores.ts';
import { auc } from '../statistics/auc.ts';
import { random } from '../statistics/random.ts';

/** One feature's values in the rows of the scores. */
export type FeatureColumn = readonly (number | string | boolean | null)[];

/** As many rows tell 0.995 from less; more would make thousands of features, or of classes, a matter of minutes. */
const MAX_ROWS = 5000;

/**
 * How well a feature alone tells the target. A number is ranked as it is, in whichever direction works; text stands for the
 * mean target of its other rows, so that an identifier, whose every value is seen once, tells nothing. Of several classes
 * all have to be told: a petal's width singles out one kind of iris, and is not the label for that.
 */
export function tellsAlone(column: string, values: FeatureColumn, scores: Scores): Leakage {
  const target = evenly(scores.truth);
  const feature = evenly(values);
  if (scores.kind === 'regression') {
    return { column, measure: 'r2', value: squaredCorrelation(encode(feature, target), target) };
  }
  if (scores.kind === 'binary')
    return { column, measure: 'auc', value: areaEitherWay(encode(feature, target), target) };
  const groups = isNumeric(feature) ? neighbourhoods(feature) : feature;
  const areas = scores.classes.map((_, label) => {
    const truth = target.map((value) => (value === label ? 1 : 0));
    const count = truth.reduce<number>((sum, value) => sum + value, 0);
    return count * areaEitherWay(targetMeans(groups, truth), truth);
  });
  return { column, measure: 'auc', value: areas.reduce((sum, area) => sum + area, 0) / target.length };
}

function areaEitherWay(scores: readonly number[], truth: readonly number[]): number {
  const area = auc(truth, scores)?.auc ?? 0.5;
  return Math.max(area, 1 - area);
}

/** Rows whose numbers stand next to each other: labels may follow a number without growing with it. */
function neighbourhoods(values: readonly (number | null)[]): (number | null)[] {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (new Set(sorted).size * NEIGHBOURS <= sorted.length) return [...values];
  const place = new Map<number, number>();
  sorted.forEach((value, rank) => {
    if (!place.has(value)) place.set(value, Math.floor(rank / NEIGHBOURS));
  });
  return values.map((value) => (value === null ? null : (place.get(value) ?? null)));
}
const NEIGHBOURS = 20;

function evenly<T>(values: readonly T[]): readonly T[] {
  const step = values.length / MAX_ROWS;
  return step <= 1 ? values : Array.from({ length: MAX_ROWS }, (_, index) => values[Math.floor(index * step)] as T);
}

/** The challenger says the same for every row, up to rounding. */
export function isConstant(scores: Scores): boolean {
  if (scores.truth.length < 2) return false;
  if (scores.kind !== 'multiclass') return spreadOf(scores.challenger) <= tolerance(scores.challenger);
  return scores.classes.every((_, index) => spreadOf(scores.challenger.map((row) => row[index] ?? 0)) <= 1e-9);
}

/** Numbers stay (missing ones get the mean); text becomes the mean target of the other half's rows with that text. */
function encode(values: FeatureColumn, truth: readonly number[]): number[] {
  if (!isNumeric(values)) return targetMeans(values, truth);
  const mean = average(values.filter((value) => value !== null));
  return values.map((value) => value ?? mean);
}

const isNumeric = (values: FeatureColumn): values is readonly (number | null)[] =>
  values.every((value) => value === null || typeof value === 'number');

function targetMeans(values: FeatureColumn, truth: readonly number[]): number[] {
  const source = random(1);
  const halves = values.map(() => source.below(2));
  const sums = [0, 1].map(() => new Map<string, { sum: number; count: number }>());
  values.forEach((value, row) => {
    const seen = sums[halves[row] ?? 0];
    const entry = seen?.get(String(value)) ?? { sum: 0, count: 0 };
    seen?.set(String(value), { sum: entry.sum + (truth[row] ?? 0), count: entry.count + 1 });
  });
  const overall = average(truth);
  return values.map((value, row) => {
    const other = sums[1 - (halves[row] ?? 0)]?.get(String(value));
    return other ? other.sum / other.count : overall;
  });
}

function squaredCorrelation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [average(x), average(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let row = 0; row < x.length; row += 1) {
    const [dx, dy] = [(x[row] ?? 0) - mx, (y[row] ?? 0) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx > 0 && yy > 0 ? xy ** 2 / (xx * yy) : 0;
}

const average = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Not `Math.max(...values)`: 200 000 arguments are more than a call takes. */
function spreadOf(values: readonly number[]): number {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length === 0 ? 0 : high - low;
}

const tolerance = (values: readonly number[]) => 1e-9 * Math.max(1, Math.abs(values[0] ?? 0));
