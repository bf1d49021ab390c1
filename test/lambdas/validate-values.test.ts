import { describe, expect, test } from 'vitest';
import {
  checked,
  churnConfig,
  churnTable,
  csv,
  errorCodes,
  seededRandom,
  warningCodes,
  withColumn,
} from '../support/datasets.ts';
import { parquet } from '../support/parquet.ts';

const table = churnTable();
const first = (result: Awaited<ReturnType<typeof checked>>) => result.report.anomalies[0];
const regression = (columns = {}) =>
  churnConfig({ problem: { kind: 'regression', target: 'spend', id: 'customer', columns } });
const spendTable = withColumn(table, 'spend', ([, , , , spend], index) => spend ?? index);

describe('validate() and values of the wrong type', () => {
  test('text from row 50,000 on is an error that names column, row and value', async () => {
    const rows = Array.from(
      { length: 60_000 },
      (_, i) => `${i}-x,${i < 49_999 ? (i * 7) % 90 : 'n/k\u0007'},${i % 3 === 0 ? 'yes' : 'no'}`,
    );
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', id: 'id' } });
    const result = await checked(`id,age,churned\n${rows.join('\n')}\n`, { config });
    expect(errorCodes(result)).toEqual(['TYPE_MISMATCH']);
    expect(first(result)).toMatchObject({ column: 'age', row: 50_000, value: 'n/k\u0007' });
    expect(result.output.reasons).toEqual([
      'Column "age" is numeric, but row 50,000 holds "n/k\\u0007", and 10,000 more rows alike.',
    ]);
  });

  test('1,234 and 1_234 are no numbers, and are told as such', async () => {
    const commas = await checked(csv(withColumn(table, 'spend', (_, i) => (i % 3 === 0 ? `${i + 1},234` : i))));
    expect(first(commas)).toMatchObject({ code: 'TYPE_MISMATCH', column: 'spend', row: 1, value: '1,234' });
    expect(first(commas)?.advice).toContain('Write 1234.5 for 1,234.5');
    const underscores = await checked(csv(withColumn(table, 'spend', (_, i) => (i === 399 ? '1_234' : i))));
    expect(first(underscores)).toMatchObject({ code: 'TYPE_MISMATCH', row: 400, value: '1_234' });
  });

  test('infinite features are an error, NaN and NA are missing and said to be', async () => {
    const values = ['NaN', 'NA', 'null', '-0'];
    const soft = await checked(csv(withColumn(table, 'spend', (_, i) => values[i] ?? i)));
    expect(soft.output.valid).toBe(true);
    expect(warningCodes(soft)).toEqual(['MISSING_WORDS', 'NAN_VALUES']);
    expect(soft.schema?.columns.find(({ name }) => name === 'spend')?.missingShare).toBe(3 / 400);
    for (const value of ['Inf', '-inf', '1e309']) {
      const hard = await checked(csv(withColumn(table, 'spend', (_, i) => (i === 7 ? value : i))));
      expect(first(hard)).toMatchObject({ code: 'NOT_FINITE', column: 'spend', row: 8, value });
    }
  });

  test('a few blanks leave a column numeric', async () => {
    const { schema } = await checked(csv(withColumn(table, 'spend', (_, i) => (i % 50 === 0 ? ' ' : i))));
    expect(schema?.columns.find(({ name }) => name === 'spend')).toMatchObject({ type: 'numeric', missingShare: 0.02 });
  });

  test('declared rules win: type, range, categories, missing share', async () => {
    const rules = (columns: object) => ({
      config: churnConfig({ problem: { kind: 'binary', target: 'churned', id: 'customer', columns } }),
    });
    const data = csv(table);
    const asText = await checked(data, rules({ age: { type: 'categorical' } }));
    expect(asText.schema?.columns.find(({ name }) => name === 'age')?.categories).toContain('40');
    expect(first(await checked(data, rules({ age: { min: 21 } })))).toMatchObject({
      code: 'OUT_OF_RANGE',
      column: 'age',
    });
    expect(first(await checked(data, rules({ age: { max: 60 } })))).toMatchObject({
      code: 'OUT_OF_RANGE',
      column: 'age',
    });
    expect(first(await checked(data, rules({ plan: { categories: ['basic', 'family'] } })))).toMatchObject({
      code: 'CATEGORY_UNKNOWN',
      value: 'business',
    });
    expect(first(await checked(data, rules({ spend: { maxMissing: 0.01 } })))).toMatchObject({ code: 'MISSING_SHARE' });
    expect(first(await checked(data, rules({ tenure: {} })))).toMatchObject({
      code: 'COLUMN_MISSING',
      column: 'tenure',
    });
    expect((await checked(data, rules({ tenure: { required: false } }))).output.valid).toBe(true);
  });
});

describe('validate() and columns that are no features', () => {
  test('row numbers, identifiers and free text are left out with a warning', async () => {
    const more = [
      ['number', (_: unknown, i: number) => i],
      ['key', (_: unknown, i: number) => `k${(i * 7919) % 1000}x${i}`],
      ['note', (_: unknown, i: number) => (i % 9 === 0 ? 'same' : `text ${i}`)],
      ['empty', () => null],
      ['zip', (_: unknown, i: number) => `0${1000 + (i % 40)}`],
      ['constant', () => 'always'],
    ] as const;
    const wide = more.reduce((data, [name, value]) => withColumn(data, name, value), table);
    const result = await checked(csv(wide));
    expect(result.output.reasons).toEqual([]);
    expect(result.schema?.columns.map(({ name, role, type }) => `${name}:${role}:${type}`)).toEqual(
      expect.arrayContaining([
        'number:ignored:numeric',
        'key:ignored:categorical',
        'note:ignored:categorical',
        'zip:feature:categorical',
      ]),
    );
    expect(warningCodes(result)).toEqual(['COLUMN_IGNORED', 'COLUMN_CONSTANT']);
  });

  test('names are only names: quotes, SQL, unicode, prototypes, very long ones', async () => {
    const names = [
      `a"b'c`,
      `"; DROP TABLE raw; --`,
      'größe 📏',
      '__proto__',
      'constructor',
      'Age',
      'AGE',
      'n'.repeat(300),
      'c0',
      'rowid',
    ];
    const data = names.reduce((all, name, at) => withColumn(all, name, (_, i) => (i * (at + 3)) % 11), table);
    const { output, schema, report } = await checked(csv(data));
    expect(output.reasons).toEqual([]);
    expect(schema?.columns.filter(({ role }) => role === 'feature').map(({ name }) => name)).toEqual(
      expect.arrayContaining(names),
    );
    expect(report.statistics.find(({ name }) => name === '__proto__')).toMatchObject({ values: 400, max: 10 });
  });
});

describe('validate() and labels', () => {
  const codeOf = async (data: typeof table, config = churnConfig()) => first(await checked(csv(data), { config }));
  test('one class, three classes, no label, a positive class that never comes', async () => {
    expect(await codeOf(withColumn(table, 'churned', () => 'no'))).toMatchObject({ code: 'LABEL_CLASSES' });
    expect(await codeOf(withColumn(table, 'churned', (_, i) => 'abc'[i % 3] ?? ''))).toMatchObject({
      code: 'LABEL_CLASSES',
    });
    expect(await codeOf(withColumn(table, 'churned', () => null))).toMatchObject({ code: 'LABEL_MISSING' });
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', positive: 'maybe', id: 'customer' } });
    expect(await codeOf(table, config)).toMatchObject({ code: 'LABEL_CLASSES', column: 'churned' });
    const renamed = churnConfig({ problem: { kind: 'binary', target: 'left', id: 'customer' } });
    expect(await codeOf(table, renamed)).toMatchObject({ code: 'COLUMN_MISSING', column: 'left' });
  });

  test('rows without a label are counted and named, and dropped only where it is allowed', async () => {
    const holes = withColumn(table, 'churned', (row, i) => (i === 4 ? 'NULL' : i === 9 ? ' ' : (row[5] ?? null)));
    const refused = await checked(csv(holes));
    expect(refused.output.reasons).toEqual(['The label "churned" is missing in 2 rows: row 5; 10.']);
    const columns = { churned: { maxMissing: 0.01 } };
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', id: 'customer', columns } });
    expect((await checked(csv(holes), { config })).output.valid).toBe(true);
  });

  test('too few rows in total or of a class', async () => {
    expect(errorCodes(await checked(csv(churnTable(50))))).toEqual(['TOO_FEW_ROWS']);
    const rare = withColumn(table, 'churned', (_, i) => (i < 5 ? 'yes' : 'no'));
    expect(errorCodes(await checked(csv(rare)))).toEqual(['LABEL_CLASS_RARE']);
    expect(errorCodes(await checked(csv(table.slice(0, 2))))).toEqual(['LABEL_CLASSES', 'TOO_FEW_ROWS']);
  });

  test('a regression label is a finite number in every row, and not the same one', async () => {
    const codes = async (value: (i: number) => string | number | null) =>
      errorCodes(
        await checked(csv(withColumn(spendTable, 'spend', (row, i) => (i === 3 ? value(i) : (row[4] ?? 0)))), {
          config: regression(),
        }),
      );
    expect(await codes(() => 'NaN')).toEqual(['LABEL_NOT_FINITE']);
    expect(await codes(() => 'inf')).toEqual(['LABEL_NOT_FINITE']);
    expect(await codes(() => '-1e101')).toEqual(['LABEL_NOT_FINITE']);
    expect(await codes(() => '1e99')).toEqual([]);
    expect(await codes(() => 'much')).toEqual(['TYPE_MISMATCH']);
    expect(await codes(() => null)).toEqual(['LABEL_MISSING']);
    expect(await codes(() => 12.5)).toEqual([]);
    const flat = await checked(csv(withColumn(table, 'spend', () => 1)), { config: regression() });
    expect(errorCodes(flat)).toEqual(['LABEL_CONSTANT']);
  });
});

describe('validate() and rows', () => {
  test('a repeated id is an error with its rows, or a warning where a share is allowed', async () => {
    const twice = withColumn(table, 'customer', (row, i) => (i === 8 ? 'c-1-2' : (row[0] ?? null)));
    expect((await checked(csv(twice))).output.reasons).toEqual([
      'In column "customer", 2 rows share their id with another row: "c-1-2" stands in rows 3, 9.',
    ]);
    const allowed = await checked(csv(twice), { config: churnConfig({ validation: { maxDuplicateIds: 0.1 } }) });
    expect(allowed.output.valid).toBe(true);
    expect(warningCodes(allowed)).toContain('DUPLICATE_ID');
  });
  test('repeated content under other ids is noted', async () => {
    const [header = [], ...rows] = table;
    const again = rows.slice(0, 5).map(([, ...rest], i) => [`again-${i}`, ...rest]);
    expect(warningCodes(await checked(csv([header, ...rows, ...again])))).toContain('DUPLICATE_ROWS');
  });
});

describe('validate() and columns that give the label away', () => {
  const random = seededRandom(9);
  const noise = Array.from({ length: 400 }, () => random());
  const cases: Record<string, (label: string | number | null | undefined, index: number) => string | number | null> = {
    'a copy': (label) => label ?? null,
    'a code of it': (label) => (label === 'yes' ? 7 : 3),
    'several codes of it': (label, i) => `${label === 'yes' ? 'A' : 'B'}${i % 4}`,
    'it with noise': (label, i) => (label === 'yes' ? 1 : 0) + 0.4 * (noise[i] ?? 0),
    'filled in only afterwards': (label, i) => (label === 'yes' ? 100 + (noise[i] ?? 0) : null),
  };
  test.each(Object.entries(cases))('%s', async (_name, value) => {
    const result = await checked(csv(withColumn(table, 'hint', (row, i) => value(row[5], i))));
    expect(errorCodes(result)).toEqual(['LEAKS_LABEL']);
    expect(first(result)).toMatchObject({ column: 'hint' });
  });
  test('a label that is a straight line of a number, for a regression', async () => {
    const result = await checked(csv(withColumn(spendTable, 'cents', (row) => Number(row[4]) * 100 + 3)), {
      config: regression(),
    });
    expect(first(result)).toMatchObject({ code: 'LEAKS_LABEL', column: 'cents' });
  });
  test('several classes', async () => {
    const three = withColumn(table, 'churned', (_, i) => 'abc'[Math.floor((noise[i] ?? 0) * 3)] ?? '');
    const leaky = withColumn(three, 'hint', (_, i) => Math.floor((noise[i] ?? 0) * 3) + (0.5 * ((i * 37) % 400)) / 400);
    const config = churnConfig({ problem: { kind: 'multiclass', target: 'churned', id: 'customer' } });
    expect(errorCodes(await checked(csv(leaky), { config }))).toEqual(['LEAKS_LABEL']);
    expect((await checked(csv(three), { config })).output.valid).toBe(true);
  });
  test('an identifier, a row number and rows in the order of their label are no leak', async () => {
    const [header = [], ...rows] = table;
    const ordered = [header, ...rows.sort((a, b) => String(a[5]).localeCompare(String(b[5])))];
    const numbered = withColumn(
      withColumn(ordered, 'row', (_, i) => i),
      'key',
      (_, i) => `k${i}`,
    );
    expect((await checked(csv(numbered))).output.reasons).toEqual([]);
  });
  test('an honest feature with an AUC of .95 passes', async () => {
    const strong = withColumn(table, 'strong', (row, i) => (row[5] === 'yes' ? 1 : 0) + 1.45 * (noise[i] ?? 0));
    expect((await checked(csv(strong))).output.reasons).toEqual([]);
  });
});

describe('validate() against the pinned schema', async () => {
  const { schema: pinned } = await checked(csv(table));
  const against = async (data: typeof table, problem: object = {}) =>
    checked(csv(data), {
      pinned,
      config: churnConfig({
        problem: { kind: 'binary', target: 'churned', positive: 'yes', id: 'customer', ...problem },
      }),
    });
  const without = (name: string) => {
    const at = table[0]?.indexOf(name) ?? -1;
    return table.map((row) => row.filter((_, index) => index !== at));
  };

  test('the same data in another order of columns have the same schema', async () => {
    const turned = await against(table.map((row) => [...row].reverse()));
    expect(turned.schema).toEqual(pinned);
  });
  test('a column that is gone is an error, and a rename is guessed', async () => {
    const renamed = table.map((row, i) => (i === 0 ? row.map((name) => (name === 'plan' ? 'tariff' : name)) : row));
    const result = await against(renamed);
    expect(first(result)).toMatchObject({ code: 'COLUMN_MISSING', column: 'plan' });
    expect(first(result)?.reason).toContain('Was it renamed to "tariff"?');
    expect((await against(without('plan'), { ignore: ['plan'] })).output.valid).toBe(true);
  });
  test('a new column waits to be declared', async () => {
    const more = withColumn(table, 'visits', (_, i) => i % 13);
    const quiet = await against(more);
    expect(quiet.output.valid).toBe(true);
    expect(warningCodes(quiet)).toContain('COLUMN_NEW');
    expect(quiet.schema?.columns.find(({ name }) => name === 'visits')?.role).toBe('ignored');
    const declared = await against(more, { columns: { visits: {} } });
    expect(declared.schema?.columns.at(-1)).toMatchObject({ name: 'visits', role: 'feature', type: 'numeric' });
  });
  test('a changed type, unit, category or class', async () => {
    const codes = async (
      column: string,
      value: (row: readonly (string | number | null)[], i: number) => string | number | null,
    ) => (await against(withColumn(table, column, value))).report.anomalies.map(({ code }) => code);
    expect(await codes('age', () => 'old')).toContain('TYPE_CHANGED');
    expect(await codes('age', (row) => Number(row[1]) * 365)).toContain('RANGE_SHIFT');
    expect(await codes('plan', (row, i) => (i < 3 ? 'student' : (row[2] ?? null)))).toContain('CATEGORY_NEW');
    expect(await codes('spend', (row, i) => (i % 2 === 0 ? null : (row[4] ?? null)))).toContain('MISSING_SHARE');
    expect(await codes('churned', (row, i) => (i < 3 ? 'perhaps' : (row[5] ?? null)))).toContain('LABEL_CLASSES');
    expect(await codes('churned', (row) => (row[5] === 'yes' ? 'YES' : 'no'))).toContain('LABEL_CLASS_NEW');
  });
  test('CSV and Parquet are one data contract', async () => {
    const rows = table
      .slice(1)
      .map(
        (row) =>
          `(${row.map((cell) => (cell === null ? 'NULL' : typeof cell === 'number' ? cell : `'${cell}'`)).join(', ')})`,
      );
    const file = await parquet(
      `SELECT customer, age::TINYINT AS age, plan, active::BOOLEAN AS active, spend::DOUBLE AS spend, churned
       FROM (VALUES ${rows.join(', ')}) t(customer, age, plan, active, spend, churned)`,
    );
    expect((await checked(file, { pinned })).schema).toEqual(pinned);
  });
});
