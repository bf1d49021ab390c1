import { describe, expect, test } from 'vitest';
import { asSeries, compileExpression } from '../../../local/cloudwatch/metric-math.ts';
import type { Values } from '../../../local/cloudwatch/operands.ts';

const series: Record<string, Values> = { a: [1, 2, undefined, 4], b: [10, 0, 30, undefined], z: [0, 0, 0, 0] };
const evaluate = (text: string) => {
  const scope = { length: 4, series: (id: string) => series[id] ?? [], metrics: () => Object.values(series) };
  return asSeries(compileExpression(text).evaluate(scope), 4);
};
const _ = undefined;

test.each<[string, Values]>([
  ['a', [1, 2, _, 4]],
  ['a + b', [11, 2, _, _]],
  ['a - 1', [0, 1, _, 3]],
  ['b / a', [10, 0, _, _]],
  ['a / b', [0.1, _, _, _]],
  ['1 + 2 * 3', [7, 7, 7, 7]],
  ['(1 + 2) * 3', [9, 9, 9, 9]],
  ['10 - 4 - 3', [3, 3, 3, 3]],
  ['-a', [-1, -2, _, -4]],
  ['2 * -a', [-2, -4, _, -8]],
  ['a > 1', [0, 1, _, 1]],
  ['a >= 2 AND a < 4', [0, 1, _, 0]],
  ['a == 1 || a == 4', [1, 0, _, 1]],
  ['FILL(a, 0)', [1, 2, 0, 4]],
  ['FILL(a, 0) + FILL(b, 0)', [11, 2, 30, 4]],
  ['FILL(a, REPEAT)', [1, 2, 2, 4]],
  ['FILL(a, z)', [1, 2, 0, 4]],
  ['IF(a > 1, a, 0)', [0, 2, _, 4]],
  ['IF(a > 1, 7)', [_, 7, _, 7]],
  ['IF(FILL(b, 0) == 0, 0, a / b)', [0.1, 0, _, 0]],
  ['SUM(a)', [7, 7, 7, 7]],
  ['AVG(b)', [40 / 3, 40 / 3, 40 / 3, 40 / 3]],
  ['100 * a / SUM(a)', [100 / 7, 200 / 7, _, 400 / 7]],
  ['SUM([a, b])', [11, 2, 30, 4]],
  ['MAX([a, b, 3])', [10, 3, 30, 4]],
  ['MIN([a, b])', [1, 0, 30, 4]],
  ['SUM(METRICS())', [11, 2, 30, 4]],
  ['SUM(FILL(METRICS(), 1))', [11, 2, 31, 5]],
  ['SUM(METRICS() * 2)', [22, 4, 60, 8]],
  ['ABS(a - 3)', [2, 1, _, 1]],
  ['CEIL(a / 3)', [1, 1, _, 2]],
  ['FLOOR(a / 3)', [0, 0, _, 1]],
  ['TIME_SERIES(5)', [5, 5, 5, 5]],
])('%s', (text, expected) => {
  expect(evaluate(text)).toEqual(expected);
});

describe('is refused by name', () => {
  test.each([
    'ANOMALY_DETECTION_BAND(a)',
    'SEARCH("{AWS/Lambda}", "Sum")',
    'METRICS("errors")',
    'FILL(a, LINEAR)',
    'FILL(a)',
    'IF(a)',
    'a +',
    '(a',
    'a b',
    'A',
    '',
  ])('%s', (text) => {
    expect(() => evaluate(text)).toThrow(`The local cloud does not implement the metric math expression`);
  });
});

test('an expression tells what it needs', () => {
  const { references, usesMetrics } = compileExpression('IF(a > 0, SUM([b, c]), SUM(METRICS()))');
  expect({ references, usesMetrics }).toEqual({ references: ['a', 'b', 'c'], usesMetrics: true });
});
