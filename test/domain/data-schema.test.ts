import { describe, expect, test } from 'vitest';
import { canonicalBoolean, canonicalText, dataSchema, featuresOf, learnerText } from '../../domain/data-schema.ts';
import { problemSchema } from '../../domain/model-config.ts';
import { inferColumns, inferTarget } from '../../domain/schema-inference.ts';
import { booleanSql, canonicalSql, numberSql } from '../../lambdas/shared/dataset-values.ts';
import { sqlText, withEngine } from '../../lambdas/shared/duckdb.ts';
import { column } from '../support/columns.ts';
import { ENGINE } from '../support/datasets.ts';

const SPELLINGS: readonly (readonly [text: string, canonical: string | null, boolean: string | null | undefined])[] = [
  ['', null, null],
  ['  ', null, null],
  ['\t\n', null, null],
  ['1', '1', 'true'],
  ['1.0', '1', 'true'],
  [' 1 ', '1', 'true'],
  ['10', '10', undefined],
  ['100.00', '100', undefined],
  ['1.50', '1.5', undefined],
  ['10.', '10', undefined],
  ['-0', '0', 'false'],
  ['-0.0', '0', 'false'],
  ['-2.0', '-2', undefined],
  ['007', '007', undefined],
  ['00.10', '00.10', undefined],
  ['1e3', '1e3', undefined],
  ['TRUE', 'true', 'true'],
  ['True ', 'true', 'true'],
  ['Yes', 'Yes', 'true'],
  ['no', 'no', 'false'],
  ['F', 'F', 'false'],
  ['it\'s "so"', 'it\'s "so"', undefined],
  ['a\r\n\tb', 'a b', undefined],
  ['größe 📏', 'größe 📏', undefined],
  ["'; DROP TABLE raw; --", "'; DROP TABLE raw; --", undefined],
];

describe('one spelling per value', () => {
  test.each(SPELLINGS)('%j is %j', (text, canonical, boolean) => {
    expect(canonicalText(text)).toBe(canonical);
    expect(canonicalBoolean(text)).toBe(boolean);
  });
  test('values of JSON and of Parquet are the text that CSV has for them', () => {
    expect([1, 1.5, -0, true, null, undefined].map(canonicalText)).toEqual(['1', '1.5', '0', 'true', null, null]);
    expect(learnerText(canonicalText(1))).toBe('=1');
  });
  test('the engine reads every spelling as the domain does', async () => {
    const cells = SPELLINGS.map(([text], index) => `(${index}, ${sqlText(text)})`).join(', ');
    const rows = await withEngine(ENGINE, (engine) =>
      engine.rows(`SELECT ${canonicalSql('t')}, ${booleanSql('t')} FROM (VALUES ${cells}) v(i, t) ORDER BY i`),
    );
    expect(rows).toEqual(SPELLINGS.map(([, canonical, boolean]) => [canonical, boolean ?? null]));
  });
  test('the engine takes for a number what people write as one', async () => {
    const cases: [string, number | null][] = [
      [' 12 ', 12],
      ['-1.5e3', -1500],
      ['.5', 0.5],
      ['+5', 5],
      ['0.1', 0.1],
      ['1,234', null],
      ['1_000', null],
      ['0x1F', null],
      ['12 kg', null],
      ['', null],
      ['NA', null],
      ['true', null],
      ['1e309', Number.POSITIVE_INFINITY],
      ['-Infinity', Number.NEGATIVE_INFINITY],
      ['NaN', Number.NaN],
    ];
    const cells = cases.map(([text], index) => `(${index}, ${sqlText(text)})`).join(', ');
    const rows = await withEngine(ENGINE, (engine) =>
      engine.rows(`SELECT ${numberSql('t')} FROM (VALUES ${cells}) v(i, t) ORDER BY i`),
    );
    expect(rows.map(([value]) => value)).toEqual(cases.map(([, value]) => value));
  });
});

describe('inferring a schema', () => {
  const problem = problemSchema.parse({ kind: 'binary', target: 'y' });
  const roleOf = (overrides: Parameters<typeof column>[0]) => {
    const [only] = inferColumns([column(overrides)], { problem, pinned: null, rows: 1_000 });
    return `${only?.role} ${only?.type}`;
  };
  test('a column is what its beginning or nearly all of it agrees on', () => {
    expect(roleOf({ numbers: 1_000 })).toBe('feature numeric');
    expect(roleOf({ numbers: 990, distinct: 500 })).toBe('feature numeric');
    expect(roleOf({ numbers: 990, distinct: 8 })).toBe('feature categorical');
    expect(roleOf({ numbers: 300, head: { values: 100, words: 0, numbers: 100, booleans: 0 } })).toBe(
      'feature numeric',
    );
    expect(roleOf({ numbers: 740, distinct: 400 })).toBe('feature categorical');
    expect(roleOf({ numbers: 1_000, codes: 12 })).toBe('feature categorical');
    expect(roleOf({ booleans: 1_000, distinct: 2 })).toBe('feature boolean');
    expect(roleOf({ values: 900, words: 900 })).toBe('ignored categorical');
    expect(roleOf({ distinct: 1_000, unique: true })).toBe('ignored categorical');
    expect(roleOf({ numbers: 1_000, distinct: 1_000, unique: true })).toBe('feature numeric');
    const counter = { numbers: 1_000, integers: 1_000, distinct: 1_000, unique: true, min: 5, max: 1_004 };
    expect(roleOf(counter)).toBe('ignored numeric');
    expect(roleOf({ ...counter, max: 9_000 })).toBe('feature numeric');
  });
  test('the rarer label is positive until somebody says otherwise', () => {
    const labels = [
      { label: 'a', count: 30 },
      { label: 'b', count: 70 },
    ];
    expect(inferTarget(labels, { problem, pinned: null })).toEqual({
      kind: 'binary',
      name: 'y',
      classes: ['a', 'b'],
      positive: 'a',
    });
    const target = { kind: 'binary' as const, name: 'y', classes: ['a', 'b'], positive: 'b' };
    const pinned = dataSchema.parse({ format: 1, target, columns: [] });
    expect(inferTarget(labels, { problem, pinned })).toEqual(target);
    expect(inferTarget([...labels, { label: 'c', count: 1 }], { problem, pinned: null })).toBeNull();
  });
  test('features keep the order of the pinned schema', () => {
    const names = ['c', 'a', 'b'];
    const columns = inferColumns(
      names.map((name) => column({ name, numbers: 1_000 })),
      { problem, pinned: null, rows: 1_000 },
    );
    const pinned = dataSchema.parse({ format: 1, target: { kind: 'regression', name: 'y' }, columns });
    const again = inferColumns(
      ['b', 'new', 'a', 'c'].map((name) => column({ name, numbers: 1_000 })),
      { problem, pinned, rows: 1_000 },
    );
    expect(featuresOf({ ...pinned, columns: again }).map(({ name }) => name)).toEqual(names);
  });
});
