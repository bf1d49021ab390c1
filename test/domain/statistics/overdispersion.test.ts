import { expect, test } from 'vitest';
import { multinomial } from '../../../bench/drift/draw.ts';
import { benjaminiHochberg } from '../../../domain/statistics/multiplicity.ts';
import { overdispersion } from '../../../domain/statistics/overdispersion.ts';
import { random } from '../../../domain/statistics/random.ts';
import { populationShift, shiftLowerBound } from '../../../domain/statistics/relevance.ts';
import { chiSquareQuantile, gammaQ, nonCentralChiSquareSf } from '../../../domain/statistics/special-functions.ts';

const shares = new Array<number>(10).fill(0.1);

test('overdispersion() is about 1 for independent rows and c for rows that come c times', () => {
  const source = random(5);
  const parts = Array.from({ length: 100 }, () => multinomial(2_000, shares, source));
  expect(overdispersion(parts)).toBeLessThan(1.1);
  const repeated = Array.from({ length: 100 }, () => multinomial(500, shares, source).map((count) => 4 * count));
  expect(overdispersion(repeated)).toBeGreaterThan(3.5);
  expect(overdispersion(repeated)).toBeLessThan(4.5);
});

test('overdispersion() says 1 where there is nothing to tell it from', () => {
  expect(overdispersion([])).toBe(1);
  expect(overdispersion(Array.from({ length: 23 }, (_, part) => [part, 40 - part]))).toBe(1);
  expect(overdispersion(Array.from({ length: 24 }, () => [100, 0, 0]))).toBe(1);
});

test('shiftLowerBound() is the index that the test would just reject', () => {
  const reference = new Array<number>(10).fill(1_000);
  const moved = populationShift(reference, [20, 30, 40, 50, 50, 50, 60, 60, 70, 70]);
  const bound = shiftLowerBound(moved);
  expect(nonCentralChiSquareSf(moved.statistic, 9, moved.scale * bound)).toBeCloseTo(0.05, 8);
  expect(bound).toBeLessThan(moved.reported);
  expect(shiftLowerBound(populationShift(reference, new Array<number>(10).fill(50)))).toBe(0);
});

test('chiSquareQuantile() is the inverse of the survival function', () => {
  for (const degrees of [1, 13, 200])
    for (const p of [0.5, 0.95, 0.9999])
      expect(gammaQ(degrees / 2, chiSquareQuantile(p, degrees) / 2)).toBeCloseTo(1 - p, 8);
});

test('benjaminiHochberg() lists all below the largest that is within its share', () => {
  expect(benjaminiHochberg([0.001, 0.04, 0.9, 0.03], 0.1)).toEqual([true, true, false, true]);
  expect(benjaminiHochberg([0.06, 0.07, 0.9], 0.1)).toEqual([false, false, false]);
  expect(benjaminiHochberg([], 0.1)).toEqual([]);
});
