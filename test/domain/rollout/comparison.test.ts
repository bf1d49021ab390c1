import { describe, expect, test } from 'vitest';
import {
  type Comparison,
  type Copy,
  compare,
  comparisonSchema,
  startComparison,
} from '../../../domain/rollout/comparison.ts';
import { comparisonSection } from '../../../domain/rollout/comparison-html.ts';
import { comparisonSentences } from '../../../domain/rollout/comparison-wording.ts';
import { compareRow, type RowPrediction } from '../../../domain/rollout/row-difference.ts';

const scored = (score: number): RowPrediction => ({ label: score > 0.5 ? 'yes' : 'no', score });

function copy(id: number, overrides: Partial<Copy> & { plan?: unknown } = {}): Copy {
  const { plan = 'basic', ...own } = overrides;
  return {
    requestId: `r${id}`,
    at: '2026-03-01T09:00:00.000Z',
    instances: [{ plan, age: 40 }],
    champion: [scored(0.2)],
    challenger: [scored(0.2)],
    ...own,
  };
}

const many = (count: number, make: (id: number) => Copy) => Array.from({ length: count }, (_, id) => make(id));
const taken = (copies: readonly Copy[], { leftOut = 0, known = startComparison() } = {}): Comparison =>
  compare(known, { copies, leftOut, columns: ['plan'] });

describe('compareRow()', () => {
  test.each<[string, RowPrediction, RowPrediction, object | null]>([
    ['a score', scored(0.25), scored(0.5), { measure: 'score', same: true, difference: 0.25 }],
    ['another class', scored(0.25), scored(0.75), { measure: 'score', same: false, difference: 0.5 }],
    ['a value within a percent', { value: 200 }, { value: 202 }, { measure: 'value', same: true, difference: 2 / 202 }],
    [
      'a value, as a share of the larger',
      { value: -50 },
      { value: 50 },
      { measure: 'value', same: false, difference: 2 },
    ],
    ['nothing and nothing', { value: 0 }, { value: 0 }, { measure: 'value', same: true, difference: 0 }],
    [
      'several classes, of which one is new',
      { label: 'a', probabilities: { a: 0.5, b: 0.5 } },
      { label: 'c', probabilities: { a: 0.25, b: 0.5, c: 0.25 } },
      { measure: 'probabilities', same: false, difference: 0.25 },
    ],
    ['answers to different problems', { value: 1 }, scored(0.5), null],
  ])('%s', (_what, champion, challenger, expected) => {
    expect(compareRow(champion, challenger)).toEqual(expected);
  });
});

describe('compare()', () => {
  test('counts rows by slice and by the size of their difference', () => {
    const copies = [
      ...many(30, (id) => copy(id)),
      ...many(30, (id) => copy(id, { plan: 'gold', challenger: [scored(id < 10 ? 0.8 : 0.23)] })),
    ];
    const found = taken(copies);
    expect(found.all).toMatchObject({ rows: 60, same: 50, unanswered: 0 });
    expect(found.all.sum).toBeCloseTo(10 * 0.6 + 20 * 0.03);
    expect(found.slices.map(({ value, rows, same }) => [value, rows, same])).toEqual([
      ['basic', 30, 30],
      ['gold', 30, 20],
    ]);
    expect(found.sizes).toEqual([30, 0, 0, 20, 0, 0, 10]);
    expect(comparisonSentences(found)).toEqual([
      'The challenger got copies of 60 requests; callers waited for none of them.',
      'Of 60 rows 83.3 % got the same answer as from the champion; the score moved by 0.110 on average (+0.110 with its sign).',
      'They agree least where "plan" is "gold": 66.7 % of 30 rows.',
    ]);
  });

  test('keeps the ten rows that differ most, whenever they came, and what a person knows them by', () => {
    const difference = (id: number) => ((id * 37) % 100) / 200;
    const first = taken(many(50, (id) => copy(id, { challenger: [scored(0.2 + difference(id))] })));
    const found = taken(
      many(50, (id) => copy(50 + id, { challenger: [scored(0.2 + difference(50 + id))] })),
      { known: first },
    );
    const expected = Array.from({ length: 10 }, (_, rank) => (99 - rank) / 200);
    expect(found.biggest.map((row) => Number(row.difference.toFixed(6)))).toEqual(expected);
    expect(found.biggest[0]).toMatchObject({
      inferenceId: 'r27-0',
      champion: 0.2,
      instance: { plan: 'basic', age: 40 },
    });
  });

  test('counts what was not answered, with some of the rows', () => {
    const copies = many(20, (id) =>
      copy(id, id % 2 ? {} : { plan: null, challenger: { failure: 'TypeError: no plan' } }),
    );
    const found = taken(copies, { leftOut: 7 });
    expect(found.requests).toEqual({ copied: 20, unanswered: 10, leftOut: 7 });
    expect(found.slices).toContainEqual({ column: 'plan', value: null, others: false, ...tally(10, 10) });
    expect(found.failures).toHaveLength(5);
    expect(comparisonSentences(found)).toContain('It had no answer to 10 of them, such as "TypeError: no plan".');
  });

  const tally = (rows: number, unanswered: number) => ({ rows, unanswered, same: 0, sum: 0, size: 0 });

  test('tells of values that a table cannot hold, or that nest, as text', () => {
    const instance = { plan: 'basic', huge: 1e300, tiny: -1e-300, usual: 1e9, nested: { a: [1] }, '': 'unnamed' };
    const [row] = taken([copy(1, { instances: [instance], challenger: [scored(0.9)] })]).biggest;
    expect(row?.instance).toEqual({ plan: 'basic', huge: '1e+300', tiny: '-1e-300', usual: 1e9, nested: '{"a":[1]}' });
  });

  test('stays small whatever the rows hold, and is data that its schema takes back', () => {
    const wide = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`column ${at}`, 'x'.repeat(5_000)]));
    const copies = many(300, (id) =>
      copy(id, { instances: [{ ...wide, plan: `plan ${id}` }], challenger: [scored(id / 300)] }),
    );
    const found = taken(copies);
    expect(found.slices.filter(({ others }) => others)).toMatchObject([{ rows: 280 }]);
    expect(JSON.stringify(found).length).toBeLessThan(60_000);
    expect(comparisonSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });
});

describe('comparisonSection()', () => {
  test('escapes what stands in rows', () => {
    const found = taken([
      copy(1, { plan: '<img>', challenger: [scored(0.9)] }),
      copy(2, { challenger: { failure: '<b>' } }),
    ]);
    const page = comparisonSection(found).toString();
    expect(page).toContain('&#60;img');
    expect(page).not.toMatch(/<img|<b>&#60;|NaN|undefined|Infinity/);
  });

  test('says so when nothing could be compared', () => {
    expect(comparisonSection(startComparison()).toString()).toContain('requests copied');
  });
});
