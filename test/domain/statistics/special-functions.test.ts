import { describe, expect, test } from 'vitest';
import {
  binomialSf,
  gammaP,
  gammaQ,
  logGamma,
  nonCentralChiSquareLogDensity,
  nonCentralChiSquareSf,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from '../../../domain/statistics/special-functions.ts';

const relative = (value: number, expected: number) => Math.abs(value / expected - 1);

describe('nonCentralChiSquareSf()', () => {
  test.each([
    [60, 9, 9.52, 5.4222758e-5],
    [120, 13, 47.6, 3.7471022e-4],
    [500, 13, 333.3, 7.0149838e-5],
    [2500, 13, 1666.7, 7.67881e-20],
    [20, 9, 0, 1.79124e-2],
  ])('sf(%d; %d, %d) is %d', (x, k, lambda, expected) => {
    expect(relative(nonCentralChiSquareSf(x, k, lambda), expected)).toBeLessThan(1e-6);
  });

  test('is 1 at zero and falls', () => {
    expect(nonCentralChiSquareSf(0, 9, 20)).toBe(1);
    const values = [10, 20, 40, 80].map((x) => nonCentralChiSquareSf(x, 9, 20));
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });
});

test('nonCentralChiSquareLogDensity() has its golden value and is the slope of the survival function', () => {
  expect(nonCentralChiSquareLogDensity(500, 13, 333.3)).toBeCloseTo(-11.9616056, 6);
  const step = 1e-4;
  const slope = (nonCentralChiSquareSf(30 - step, 9, 20) - nonCentralChiSquareSf(30 + step, 9, 20)) / (2 * step);
  expect(relative(Math.exp(nonCentralChiSquareLogDensity(30, 9, 20)), slope)).toBeLessThan(1e-6);
});

test.each([
  [-10, 7.61985302416e-24],
  [-1.959963984540054, 0.025],
  [0, 0.5],
  [1.6448536269514722, 0.95],
])('normalCdf(%d) is %d, and normalQuantile() takes it back', (z, p) => {
  expect(relative(normalCdf(z), p)).toBeLessThan(1e-12);
  expect(normalQuantile(p)).toBeCloseTo(z, 10);
});

test('Student: tabulated quantiles, and the distribution takes them back', () => {
  expect(studentQuantile(0.975, 10)).toBeCloseTo(2.228139, 3);
  expect(studentQuantile(0.95, 30)).toBeCloseTo(1.697261, 5);
  expect(studentCdf(2.228139, 10)).toBeCloseTo(0.975, 6);
  expect(studentCdf(-1.697261, 30)).toBeCloseTo(0.05, 6);
});

test('binomialSf() is exact', () => {
  expect(binomialSf(8, 10, 0.5)).toBeCloseTo(56 / 1024, 12);
  expect(relative(binomialSf(600, 1000, 0.5), 1.364232078e-10)).toBeLessThan(1e-8);
  expect([binomialSf(0, 10, 0.3), binomialSf(11, 10, 0.3)]).toEqual([1, 0]);
});

test('gamma: ln Γ(½) = ln π / 2, and both halves of the incomplete function make one', () => {
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
  expect(logGamma(171)).toBeCloseTo(706.573062245787, 9);
  for (const [a, x] of [
    [0.5, 0.1],
    [3, 9],
    [400, 390],
  ] as const) {
    expect(gammaP(a, x) + gammaQ(a, x)).toBeCloseTo(1, 12);
  }
});
