import { describe, expect, test } from 'vitest';
import { correlationShift, correlationSketch, mergeCorrelations } from '../../../domain/drift/correlation.ts';
import {
  type JointFrame,
  jointReference,
  jointReferenceSchema,
  jointShift,
  mergeSketches,
  sketch,
} from '../../../domain/drift/joint.ts';
import { type Random, random } from '../../../domain/statistics/random.ts';

const WIDTH = 20;
const frame: JointFrame = {
  seed: 4,
  columns: Array.from({ length: WIDTH }, (_, index) => ({ name: `x${index}`, mean: 10, deviation: 2 })),
};

/** Standard normal columns, of which all pairs, or only the first, are correlated. */
function rows(count: number, source: Random, { all = 0, first = 0 } = {}): number[][] {
  return Array.from({ length: count }, () => {
    const shared = source.normal();
    const x = Array.from({ length: WIDTH }, () => Math.sqrt(all) * shared + Math.sqrt(1 - all) * source.normal());
    x[1] = first * (x[0] ?? 0) + Math.sqrt(1 - first ** 2) * (x[1] ?? 0);
    return x.map((value) => 10 + 2 * value);
  });
}

const training = rows(5_000, random(1));
const reference = jointReference(frame, sketch(frame, training), training);
const pairs = correlationSketch(frame, training);

const rate = (runs: number, of: (seed: number) => boolean) =>
  Array.from({ length: runs }, (_, run) => of(100 + run)).filter(Boolean).length / runs;

describe('jointShift()', () => {
  test('is rarely small while nothing changes', () => {
    const found = rate(100, (seed) => jointShift(reference, sketch(frame, rows(200, random(seed)))).p < 0.05);
    expect(found).toBeGreaterThan(0);
    expect(found).toBeLessThan(0.12);
  });

  test('finds a correlation of 0.1 among all columns, which none of them shows', () => {
    expect(
      rate(20, (seed) => jointShift(reference, sketch(frame, rows(500, random(seed), { all: 0.1 }))).p < 0.05),
    ).toBeGreaterThanOrEqual(0.9);
  });

  test('is the same of parts in any order', () => {
    const window = rows(300, random(7));
    const parts = [window.slice(0, 7), window.slice(7, 200), window.slice(200)].map((part) => sketch(frame, part));
    expect(parts.reduce(mergeSketches)).toEqual(sketch(frame, window));
    expect(parts.reduceRight(mergeSketches)).toEqual(sketch(frame, window));
    expect(jointReferenceSchema.parse(JSON.parse(JSON.stringify(reference)))).toEqual(reference);
  });

  test('says nothing of no rows, and a missing value is no change', () => {
    expect(jointShift(reference, sketch(frame, [])).p).toBe(1);
    const gaps = rows(300, random(8)).map((row) => row.map((value, index) => (index === 3 ? null : value)));
    expect(jointShift(reference, sketch(frame, gaps)).n).toBe(300);
  });
});

describe('correlationShift()', () => {
  test('names the pair that became correlated', () => {
    const shift = correlationShift(frame, pairs, correlationSketch(frame, rows(500, random(9), { first: 0.5 })));
    expect(shift?.columns).toEqual(['x0', 'x1']);
    expect(shift?.now).toBeCloseTo(0.5, 1);
    expect(shift?.p).toBeLessThan(1e-6);
  });

  test('is rarely small while nothing changes', () => {
    const small = (seed: number) =>
      (correlationShift(frame, pairs, correlationSketch(frame, rows(300, random(seed))))?.p ?? 1) < 0.05;
    expect(rate(100, small)).toBeLessThan(0.12);
  });

  test('is the same of parts in any order, and null where there is nothing to compare', () => {
    const window = rows(300, random(11));
    const parts = [window.slice(0, 100), window.slice(100)].map((part) => correlationSketch(frame, part));
    expect(parts.reduceRight(mergeCorrelations)).toEqual(correlationSketch(frame, window));
    expect(correlationShift(frame, pairs, correlationSketch(frame, window.slice(0, 10)))).toBeNull();
    const same = { ...frame, columns: frame.columns.slice(0, 1) };
    expect(correlationShift(same, correlationSketch(same, training), correlationSketch(same, window))).toBeNull();
  });
});
