import { describe, expect, test } from 'vitest';
import { compilePattern, parsePattern } from '../../../local/events/pattern.ts';

const event = {
  source: 'shop',
  'detail-type': 'Order placed',
  account: '000000000000',
  resources: ['arn:a', 'arn:b'],
  detail: {
    amount: 41.5,
    count: 3,
    paid: true,
    note: null,
    name: 'Basket',
    ip: '10.1.2.3',
    ip6: '2001:db8::7',
    tags: ['new', 'large'],
    lines: [
      { sku: 'a', count: 1 },
      { sku: 'b', count: 9 },
    ],
    ship: { to: { city: 'Graz' } },
  },
};
const detail = (pattern: unknown) => ({ detail: pattern });

type Case = [name: string, pattern: unknown, matches: boolean];

const cases: Case[] = [
  ['a value', { source: ['shop'] }, true],
  ['another value', { source: ['shopping'] }, false],
  ['one of several values', { source: ['x', 'shop'] }, true],
  ['every field must match', { source: ['shop'], account: ['1'] }, false],
  ['a field that is not there', { nothing: ['x'] }, false],
  ['case counts', { source: ['Shop'] }, false],
  ['one element of an array', { resources: ['arn:b'] }, true],
  ['no element of an array', { resources: ['arn:c'] }, false],
  ['numbers are compared as numbers', detail({ amount: [41.5] }), true],
  ['a number is not its text', detail({ count: ['3'] }), false],
  ['booleans', detail({ paid: [true] }), true],
  ['null', detail({ note: [null] }), true],
  ['null is not absence', detail({ absent: [null] }), false],
  ['nested fields', detail({ ship: { to: { city: ['Graz'] } } }), true],
  ['dotted keys', { 'detail.ship.to.city': ['Graz'] }, true],
  ['objects in an array, in one element', detail({ lines: { sku: ['b'], count: [9] } }), true],
  ['objects in an array, across elements', detail({ lines: { sku: ['a'], count: [9] } }), false],

  ['prefix', detail({ name: [{ prefix: 'Bas' }] }), true],
  ['prefix, other', detail({ name: [{ prefix: 'bas' }] }), false],
  ['prefix, ignoring case', detail({ name: [{ prefix: { 'equals-ignore-case': 'bAS' } }] }), true],
  ['prefix of a number', detail({ count: [{ prefix: '3' }] }), false],
  ['suffix', detail({ name: [{ suffix: 'ket' }] }), true],
  ['suffix, ignoring case', detail({ name: [{ suffix: { 'equals-ignore-case': 'KET' } }] }), true],
  ['suffix, other', detail({ name: [{ suffix: 'KET' }] }), false],
  ['equals-ignore-case', detail({ name: [{ 'equals-ignore-case': 'bASKET' }] }), true],
  ['equals-ignore-case, other', detail({ name: [{ 'equals-ignore-case': 'bask' }] }), false],
  ['wildcard', detail({ name: [{ wildcard: 'B*k*t' }] }), true],
  ['wildcard, other', detail({ name: [{ wildcard: 'B*x*t' }] }), false],
  ['wildcard pieces do not overlap', detail({ name: [{ wildcard: 'Bask*sket' }] }), false],
  ['an escaped star', detail({ name: [{ wildcard: 'B\\*t' }] }), false],

  ['anything-but', { source: [{ 'anything-but': 'office' }] }, true],
  ['anything-but itself', { source: [{ 'anything-but': 'shop' }] }, false],
  ['anything-but a list', { source: [{ 'anything-but': ['office', 'shop'] }] }, false],
  ['anything-but what is absent', { nothing: [{ 'anything-but': 'x' }] }, false],
  ['anything-but, one element differs', { resources: [{ 'anything-but': 'arn:a' }] }, true],
  ['anything-but a prefix', { source: [{ 'anything-but': { prefix: 'sh' } }] }, false],
  ['anything-but prefixes', { source: [{ 'anything-but': { prefix: ['of', 'st'] } }] }, true],
  ['anything-but a suffix', { source: [{ 'anything-but': { suffix: 'op' } }] }, false],
  ['anything-but, ignoring case', { source: [{ 'anything-but': { 'equals-ignore-case': ['SHOP'] } }] }, false],
  ['anything-but a wildcard', { source: [{ 'anything-but': { wildcard: 's*p' } }] }, false],

  ['numeric =', detail({ amount: [{ numeric: ['=', 41.5] }] }), true],
  ['numeric range', detail({ amount: [{ numeric: ['>', 40, '<=', 41.5] }] }), true],
  ['numeric range, outside', detail({ amount: [{ numeric: ['>', 0, '<', 41.5] }] }), false],
  ['numeric on text', detail({ name: [{ numeric: ['>', 0] }] }), false],
  ['cidr', detail({ ip: [{ cidr: '10.1.0.0/16' }] }), true],
  ['cidr, other', detail({ ip: [{ cidr: '10.2.0.0/16' }] }), false],
  ['cidr of version 6', detail({ ip6: [{ cidr: '2001:db8::/32' }] }), true],
  ['exists', detail({ name: [{ exists: true }] }), true],
  ['exists, absent', detail({ absent: [{ exists: true }] }), false],
  ['exists: false', detail({ absent: [{ exists: false }] }), true],
  ['exists: false, present', detail({ name: [{ exists: false }] }), false],
  ['a value or nothing', detail({ model: ['churn', { exists: false }] }), true],

  ['$or', { $or: [{ source: ['office'] }, { account: ['000000000000'] }] }, true],
  ['$or, none', { $or: [{ source: ['office'] }, { account: ['1'] }] }, false],
  ['$or beside fields', { source: ['office'], $or: [{ account: ['000000000000'] }, { region: ['x'] }] }, false],
  [
    '$or within detail, within $or',
    detail({
      $or: [
        { name: ['x'] },
        { paid: [true], $or: [{ count: [{ numeric: ['>', 100] }] }, { amount: [{ numeric: ['<', 50] }] }] },
      ],
    }),
    true,
  ],
  [
    '$or within $or, neither',
    detail({ $or: [{ name: ['x'] }, { paid: [true], $or: [{ count: [100] }, { amount: [50] }] }] }),
    false,
  ],
];

test.each(cases)('%s', (_name, pattern, matches) => {
  expect(compilePattern(pattern)(event)).toBe(matches);
});

describe('a pattern that cannot be meant', () => {
  const refused: [pattern: unknown, reason: string][] = [
    [{}, 'Empty objects are not allowed'],
    [{ source: [] }, 'Empty arrays are not allowed'],
    [{ source: 'shop' }, '"source" must be an object or an array'],
    [{ source: [{ starts: 'x' }] }, 'Unrecognized match type starts'],
    [{ source: [{ prefix: 'a', suffix: 'b' }] }, 'Only one key allowed in match expression'],
    [{ source: [{ prefix: 1 }] }, 'prefix match pattern must be a string'],
    [{ source: [{ exists: 'yes' }] }, 'exists match pattern must be either true or false.'],
    [{ source: [{ numeric: ['>', 'x'] }] }, 'Value of > must be numeric'],
    [{ source: [{ numeric: ['>', 1, '>', 2] }] }, 'Bad numeric range operator: >'],
    [{ source: [{ cidr: '10.0.0.0' }] }, "Malformed CIDR, one '/' required"],
    [{ source: [{ wildcard: 'a**b' }] }, 'Consecutive wildcard characters at pos 2'],
    [{ source: [{ 'anything-but': [] }] }, 'Empty arrays are not allowed'],
    [[{ source: ['a'] }], 'Filter is not an object'],
  ];
  test.each(refused)('%j is refused', (pattern, reason) => {
    expect(() => compilePattern(pattern)).toThrow(`Event pattern is not valid. Reason: ${reason}`);
  });

  test('text that is no JSON is refused', () => {
    expect(() => parsePattern('{source')).toThrow('Event pattern is not valid');
  });
});
