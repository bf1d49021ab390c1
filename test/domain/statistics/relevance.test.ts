import { expect, test } from 'vitest';
import {
  populationShift,
  relevancePValue,
  shiftLogDensity,
  shiftUpperBound,
} from '../../../domain/statistics/relevance.ts';
import { nonCentralChiSquareSf } from '../../../domain/statistics/special-functions.ts';

const reference = [100, 400, 500, ...new Array<number>(8).fill(1000), 500, 400, 100];
const current = [9, 25, 30, 52, 49, 55, 50, 47, 60, 41, 39, 20, 15, 8];

test('populationShift() has its golden values', () => {
  const shift = populationShift(reference, current);
  expect(shift.psi).toBeCloseTo(0.03167594, 8);
  expect(shift.statistic).toBeCloseTo(15.08378, 5);
  expect(relevancePValue(shift, 0)).toBeCloseTo(0.30215, 5);
  expect(relevancePValue(shift, 0.02)).toBeCloseTo(0.82352, 5);
});

test('what is reported leaves out the noise, and overdispersion makes it more', () => {
  expect(populationShift(reference, current).reported).toBeCloseTo(0.03167594 - 13 / (5e6 / 10_500), 8);
  expect(populationShift(reference, current, 3).reported).toBe(0);
  expect(populationShift(reference, reference).reported).toBe(0);
});

test('shiftUpperBound() is the index that the test would just not reject from above', () => {
  const shift = populationShift(reference, current);
  const bound = shiftUpperBound(shift);
  expect(nonCentralChiSquareSf(shift.statistic, 13, shift.scale * bound)).toBeCloseTo(0.95, 8);
  expect(bound).toBeGreaterThan(shift.reported);
});

test('equal histograms have a density to compare', () => {
  const same = populationShift([50, 50], [50, 50]);
  expect(shiftLogDensity(same, 0) - shiftLogDensity(same, 0.1)).toBeGreaterThan(0);
});

test('histograms of other bins are refused', () => {
  expect(() => populationShift([1, 2], [1, 2, 3])).toThrow('histograms of 2 and 3 bins cannot be compared');
});
