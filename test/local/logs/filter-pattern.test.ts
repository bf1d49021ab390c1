import { describe, expect, test } from 'vitest';
import { filterPattern } from '../../../local/logs/filter-pattern.ts';

const line = JSON.stringify({
  level: 'ERROR',
  message: 'no champion',
  took: 41.5,
  user: null,
  ok: false,
  rows: [{ id: 7 }, { id: 8 }],
  model: { name: 'churn', version: '1.4.2' },
});

test.each<[pattern: string, message: string, fits: boolean]>([
  ['', 'anything', true],
  ['ERROR', '[ERROR] failed', true],
  ['ERROR', '[error] failed', false],
  ['ERROR failed', 'failed with ERROR', true],
  ['ERROR failed', 'ERROR', false],
  ['"no champion"', 'there is no champion', true],
  ['"no champion"', 'no other champion', false],
  ['ERROR -retry', 'ERROR', true],
  ['ERROR -retry', 'ERROR, will retry', false],
  ['-"will retry"', 'ERROR, will retry', false],
  ['?ERROR ?WARN', 'WARN slow', true],
  ['?ERROR ?WARN', 'INFO fine', false],
])('words: %s in %s', (pattern, message, fits) => {
  expect(filterPattern(pattern)(message)).toBe(fits);
});

test.each<[pattern: string, fits: boolean]>([
  ['{ $.level = "ERROR" }', true],
  ['{ $.level = ERROR }', true],
  ['{ $.level = "WARN" }', false],
  ['{ $.level != "WARN" }', true],
  ['{ $.absent != "WARN" }', false],
  ['{ $.message = "no *" }', true],
  ['{ $.model.version = "1.*.2" }', true],
  ['{ $.model.version = "1x4*" }', false],
  ['{ $.took > 41 }', true],
  ['{ $.took >= 41.5 && $.took < 42 }', true],
  ['{ $.took = 4.15e1 }', true],
  ['{ $.took <= 41 }', false],
  ['{ $.level > 1 }', false],
  ['{ $.rows[1].id = 8 }', true],
  ['{ $.rows[0].id = 8 }', false],
  ['{ $.user IS NULL }', true],
  ['{ $.ok IS FALSE }', true],
  ['{ $.ok IS TRUE }', false],
  ['{ $.absent NOT EXISTS }', true],
  ['{ $.level NOT EXISTS }', false],
  ['{ $.level = "WARN" || $.took > 40 }', true],
  ['{ ($.level = "WARN" || $.ok IS FALSE) && $.model.name = "churn" }', true],
  ['{ $.level = "WARN" || $.ok IS FALSE && $.model.name = "prices" }', false],
])('JSON: %s', (pattern, fits) => {
  expect(filterPattern(pattern)(line)).toBe(fits);
});

test('a line that is no JSON fits no condition on JSON', () => {
  expect(filterPattern('{ $.level != "x" }')('START RequestId: 1')).toBe(false);
});

describe('is refused', () => {
  test.each(['{ $.level }', '{ level = 1 }', '{ $.level = }', '{ $.a = 1', '{ $.a > x }', '{ $.a IS EMPTY }', 'a=b'])(
    '%s, as AWS refuses it',
    (pattern) => {
      expect(() => filterPattern(pattern)).toThrow(expect.objectContaining({ name: 'InvalidParameterException' }));
    },
  );

  test.each(['[ip, user, status]', '%ERR[A-Z]+%', '{ $.a = %x% }', 'ERROR ?WARN'])('%s, by name', (pattern) => {
    expect(() => filterPattern(pattern)).toThrow(expect.objectContaining({ name: 'LocalCloudUnsupported' }));
  });
});
