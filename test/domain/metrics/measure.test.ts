import { describe, expect, test } from 'vitest';
import { gainOverChampion } from '../../../domain/metrics/gain.ts';
import { aucEstimate, measure } from '../../../domain/metrics/measure.ts';
import { measureSlices } from '../../../domain/metrics/slices.ts';
import { isConstant, tellsAlone } from '../../../domain/metrics/suspicion.ts';
import type { BinaryScores, MulticlassScores, Scores } from '../../../domain/scores.ts';
import { auc, delong } from '../../../domain/statistics/auc.ts';
import { random } from '../../../domain/statistics/random.ts';
import { binaryScores, regressionScores } from '../../support/domain-builders.ts';

const binary = (truth: (0 | 1)[], challenger: number[]): BinaryScores => ({
  kind: 'binary',
  positive: 'yes',
  truth,
  challenger,
  champion: null,
  attributes: {},
});

describe('auc()', () => {
  const truth = [1, 0, 1, 1, 0, 0, 1, 0, 0, 0];
  const scores = [0.9, 0.8, 0.7, 0.7, 0.7, 0.4, 0.4, 0.3, 0.2, 0.1];

  test('counts pairs, ties for a half', () => {
    let [won, pairs] = [0, 0];
    truth.forEach((a, i) => {
      truth.forEach((b, j) => {
        if (a !== 1 || b !== 0) return;
        pairs += 1;
        won += (scores[i] ?? 0) > (scores[j] ?? 0) ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      });
    });
    expect(auc(truth, scores)?.auc).toBe(won / pairs);
  });

  test("has DeLong's variance, as computed from all pairs", () => {
    const area = auc(truth, scores);
    const placements = (label: number) =>
      truth.flatMap((is, i) =>
        is === label
          ? [
              truth
                .flatMap((other, j) => {
                  if (other === label) return [];
                  const [high, low] = label === 1 ? [scores[i], scores[j]] : [scores[j], scores[i]];
                  return [(high ?? 0) > (low ?? 0) ? 1 : high === low ? 0.5 : 0];
                })
                .reduce((a: number, b, _, all) => a + b / all.length, 0),
            ]
          : [],
      );
    const variance = (of: number[]) => {
      const mean = of.reduce((a, b) => a + b, 0) / of.length;
      return of.reduce((a, b) => a + (b - mean) ** 2, 0) / (of.length - 1) / of.length;
    };
    const expected = Math.sqrt(variance(placements(1)) + variance(placements(0)));
    expect(area && delong(truth, area)?.standardError).toBeCloseTo(expected, 12);
  });

  test('of a perfect ranking has an interval that shrinks with the rarer class', () => {
    const perfect = (rows: number) => {
      const labels = Array.from({ length: rows }, (_, row) => (row < rows / 2 ? 0 : 1));
      return aucEstimate(labels, labels);
    };
    expect(perfect(20)).toMatchObject({ value: 1, upper: 1, lower: expect.closeTo(0.6915, 3) });
    expect(perfect(200)).toMatchObject({ lower: expect.closeTo(0.9638, 3) });
  });
});

describe('measure() says why it cannot tell, and never NaN', () => {
  const cases: [string, Scores, Record<string, RegExp>][] = [
    ['no rows', binary([], []), { auc: /no rows/, logLoss: /no rows/ }],
    ['one row', binary([1], [0.7]), { auc: /one class/, logLoss: /fewer than 10/, brier: /fewer than 10/ }],
    ['one class', binary(Array(30).fill(0), Array(30).fill(0.2)), { auc: /one class/, f1: /no row is positive/ }],
    [
      'a constant target',
      { kind: 'regression', truth: Array(20).fill(3), challenger: Array(20).fill(2), champion: null, attributes: {} },
      { r2: /the same in every row/ },
    ],
  ];

  test.each(cases)('%s', (_, scores, reasons) => {
    const { challenger, unmeasured } = measure(scores, { replicates: 200 });
    for (const [metric, reason] of Object.entries(reasons)) expect(unmeasured[metric]).toMatch(reason);
    for (const { value, lower, upper } of Object.values(challenger)) {
      expect([value, lower, upper].every(Number.isFinite)).toBe(true);
    }
  });
});

test('every metric lies in its own interval', () => {
  for (const scores of [binaryScores(), regressionScores()]) {
    const { challenger } = measure(scores, { replicates: 1000 });
    for (const { value, lower, upper } of Object.values(challenger)) {
      expect(lower).toBeLessThanOrEqual(value);
      expect(upper).toBeGreaterThanOrEqual(value);
    }
  }
});

test('macro F1 and accuracy of three classes are those counted by hand', () => {
  const said = [0, 0, 1, 1, 1, 2, 2, 0, 1, 2, 2, 2];
  const scores: Scores = {
    kind: 'multiclass',
    classes: ['a', 'b', 'c'],
    truth: [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2, 2],
    challenger: said.map((label) => [0, 1, 2].map((index) => (index === label ? 0.8 : 0.1))),
    champion: null,
    attributes: {},
  };
  const { challenger } = measure(scores, { replicates: 200 });
  expect(challenger.accuracy?.value).toBeCloseTo(8 / 12, 12);
  const f1 = (hits: number, misses: number) => (2 * hits) / (2 * hits + misses);
  expect(challenger.f1?.value).toBeCloseTo((f1(2, 2) + f1(2, 3) + f1(4, 3)) / 3, 12);
});

test('gainOverChampion() is positive when a loss falls', () => {
  const scores = regressionScores({ error: { challenger: 0.2, champion: 1 } });
  const gain = gainOverChampion(scores, 'rmse', { replicates: 500 });
  expect(gain).toMatchObject({ method: 'bootstrap' });
  expect('gain' in gain && gain.gain).toBeGreaterThan(0.2);
  expect('bound' in gain && gain.bound).toBeGreaterThan(0.1);
});

test('gainOverChampion() of identical predictions is exactly zero', () => {
  const scores = binaryScores({ rows: 200 });
  const same = { ...scores, champion: scores.challenger };
  for (const metric of ['auc', 'logLoss', 'accuracy'] as const) {
    expect(gainOverChampion(same, metric, { replicates: 200 })).toMatchObject({ gain: 0, standardError: 0, bound: 0 });
  }
});

test('measureSlices() partitions the rows, missing values among them', () => {
  const scores = binaryScores({
    rows: 300,
    attributes: (row) => ({ plan: row % 3 === 0 ? null : row % 3 === 1 ? 'a' : 'b' }),
  });
  const slices = measureSlices(scores, ['plan', 'absent'], { replicates: 100 });
  expect(slices.map(({ value, rows }) => [value, rows])).toEqual([
    [null, 100],
    ['a', 100],
    ['b', 100],
  ]);
  expect(slices[0]?.rarerClass).toBeLessThanOrEqual(50);
});

describe('tellsAlone()', () => {
  const source = random(2);
  const scores = binaryScores({ rows: 400 });

  test('finds a copy of the label, numeric either way or as text', () => {
    expect(tellsAlone('copy', scores.truth, scores).value).toBe(1);
    expect(
      tellsAlone(
        'inverse',
        scores.truth.map((label) => -label),
        scores,
      ).value,
    ).toBe(1);
    expect(
      tellsAlone(
        'text',
        scores.truth.map((label) => (label ? 'left' : 'stays')),
        scores,
      ).value,
    ).toBe(1);
  });

  test('is not fooled by an identifier or by noise', () => {
    expect(
      tellsAlone(
        'id',
        scores.truth.map((_, row) => `customer ${row}`),
        scores,
      ).value,
    ).toBe(0.5);
    expect(
      tellsAlone(
        'noise',
        scores.truth.map(() => source.normal()),
        scores,
      ).value,
    ).toBeLessThan(0.6);
  });

  test('asks of several classes that all are told, not one of them', () => {
    const truth = Array.from({ length: 600 }, (_, row) => row % 3);
    const kinds: MulticlassScores = {
      kind: 'multiclass',
      classes: ['setosa', 'versicolor', 'virginica'],
      truth,
      challenger: truth.map(() => [0.2, 0.3, 0.5]),
      champion: null,
      attributes: {},
    };
    const petal = truth.map((kind) => [2, 13, 19][kind] as number);
    const told = (values: readonly (number | string | null)[]) => tellsAlone('petal', values, kinds).value;
    const measured = told(petal.map((width) => width + 2.5 * source.normal()));
    expect(measured).toBeGreaterThan(0.9);
    expect(measured).toBeLessThan(0.99);
    expect(told(truth.map((kind) => (kind === 0 ? 'short' : 'long')))).toBeLessThan(0.9);
    expect(told(truth.map((kind) => [7, 1, 4][kind] as number))).toBe(1);
    expect(told(truth.map((kind) => `kind ${kind}`))).toBe(1);
    expect(told(petal.map((width) => width + source.normal() / 10))).toBeGreaterThan(0.995);
    expect(told(truth.map(() => source.normal()))).toBeLessThan(0.6);
    expect(told(truth.map((_, row) => row))).toBeLessThan(0.7);
  });

  test('takes R² of a regression', () => {
    const prices = regressionScores();
    expect(
      tellsAlone(
        'copy',
        prices.truth.map((value) => 3 * value + 1),
        prices,
      ),
    ).toMatchObject({ measure: 'r2', value: expect.closeTo(1, 9) });
  });
});

test('isConstant() is about what the model says, of any kind', () => {
  const scores = binaryScores({ rows: 50 });
  expect(isConstant(scores)).toBe(false);
  expect(isConstant({ ...scores, challenger: scores.truth.map(() => 0.3) })).toBe(true);
});
