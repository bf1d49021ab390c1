import { expect, test } from 'vitest';
import { type Additive, bootstrap, quantile } from '../../../domain/statistics/bootstrap.ts';
import { holm } from '../../../domain/statistics/multiplicity.ts';
import { wilson } from '../../../domain/statistics/proportion.ts';
import { random } from '../../../domain/statistics/random.ts';

const values = (count: number) => {
  const source = random(5);
  return Array.from({ length: count }, () => source.normal());
};

const sumOf = (numbers: readonly number[]): Additive => ({
  rows: numbers.length,
  width: 2,
  add(row, into, at) {
    into[at] = (into[at] ?? 0) + 1;
    into[at + 1] = (into[at + 1] ?? 0) + (numbers[row] ?? 0);
  },
});

function spread(numbers: readonly number[], units: number) {
  const means: number[] = [];
  bootstrap(sumOf(numbers), { units }).resample((sums) => means.push((sums[1] ?? 0) / (sums[0] ?? 1)));
  const mean = means.reduce((a, b) => a + b, 0) / means.length;
  return Math.sqrt(means.reduce((a, b) => a + (b - mean) ** 2, 0) / means.length);
}

test('groups of rows spread as rows do, so that many rows cost no more than few', () => {
  const numbers = values(20_000);
  const expected = 1 / Math.sqrt(20_000);
  expect(spread(numbers, 20_000)).toBeCloseTo(expected, 3);
  expect(Math.abs(spread(numbers, 1000) / expected - 1)).toBeLessThan(0.1);
});

test('the same seed draws the same resamples, another seed others', () => {
  const draw = (seed: number) => {
    const seen: number[] = [];
    bootstrap(sumOf(values(50)), { seed, replicates: 5 }).resample((sums) => seen.push(sums[1] ?? 0));
    return seen;
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('a stratum keeps its share in every resample', () => {
  const data: Additive = {
    rows: 100,
    width: 2,
    stratum: (row) => (row < 3 ? 1 : 0),
    add(row, into, at) {
      const column = at + (row < 3 ? 1 : 0);
      into[column] = (into[column] ?? 0) + 1;
    },
  };
  const seen = new Set<string>();
  bootstrap(data, { replicates: 50 }).resample((sums) => seen.add(sums.join('/')));
  expect([...seen]).toEqual(['97/3']);
});

test('quantile() interpolates and stays within', () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([1, 2, 3, 4], 0)).toBe(1);
  expect(quantile([1, 2, 3, 4], 1)).toBe(4);
});

test('wilson() gives the published interval for 7 of 20 and stays open at the ends', () => {
  const { lower, upper } = wilson(7, 20);
  expect(lower).toBeCloseTo(0.1812, 4);
  expect(upper).toBeCloseTo(0.5671, 4);
  expect(wilson(0, 10).upper).toBeGreaterThan(0.2);
  expect(wilson(10, 10).lower).toBeLessThan(0.8);
});

test('holm() steps down and never lets a larger p overtake a smaller', () => {
  expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
  expect(holm([])).toEqual([]);
});
