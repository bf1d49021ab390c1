import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import type { DataSchema } from '../../domain/data-schema.ts';
import { checked, churnConfig, churnTable, csv, errorCodes, withColumn } from '../support/datasets.ts';
import { parquet } from '../support/parquet.ts';

const good = csv(churnTable());
const emptySpend = churnTable().filter((row) => row[4] === null).length;
const reasons = async (file: string | Uint8Array, config = churnConfig()) => {
  const result = await checked(file, { config });
  return { codes: errorCodes(result), reason: result.output.reasons[0] };
};

describe('validate() reads the usual dialects', () => {
  const quotedNewlines = withColumn(churnTable(), 'plan', ([, , plan], index) =>
    index % 7 === 0 ? 'a "b",\nc' : (plan ?? null),
  );
  const cases: Record<string, string> = {
    comma: good,
    semicolon: csv(churnTable(), { delimiter: ';' }),
    'semicolon and decimal commas': csv(churnTable(), { delimiter: ';' }).replaceAll(/(\d)\.(\d)/g, '$1,$2'),
    tab: csv(churnTable(), { delimiter: '\t' }),
    pipe: csv(churnTable(), { delimiter: '|' }),
    'CRLF line ends': csv(churnTable(), { end: '\r\n' }),
    'CR line ends': csv(churnTable(), { end: '\r' }),
    'a byte order mark': `\uFEFF${good}`,
    'a byte order mark before a quoted name': `\uFEFF${good.replace('customer', '"customer"')}`,
    'no line end at the end': good.trimEnd(),
    'blank lines': good.replaceAll('\n', '\n\n'),
    'quoted newlines, commas and quotes': csv(quotedNewlines),
    'quotes inside plain cells': good.replaceAll('family', 'fam"ily'),
    'mixed line ends': good
      .split('\n')
      .map((line, i) => line + (line === '' ? '' : (['\n', '\r\n', '\r'][i % 3] ?? '')))
      .join(''),
  };
  test.each(Object.entries(cases))('%s', async (_name, text) => {
    const { output, report, schema } = await checked(text);
    expect({ valid: output.valid, rows: output.rows, columns: output.columns }, output.reasons.join()).toEqual({
      valid: true,
      rows: 400,
      columns: 6,
    });
    expect(schema?.columns.map(({ name, role, type }) => `${name} ${role} ${type}`)).toEqual([
      'customer id categorical',
      'age feature numeric',
      'plan feature categorical',
      'active feature boolean',
      'spend feature numeric',
      'churned target categorical',
    ]);
    expect(report.statistics.find(({ name }) => name === 'spend')?.missing).toBe(emptySpend);
  });

  test('the order of columns and the parts of a dataset change nothing', async () => {
    const [header = [], ...rows] = churnTable();
    const turned = [header, ...rows.slice(150)].map((row) => [...row].reverse());
    const whole = await checked(good);
    const parts = await checked([csv([header, ...rows.slice(0, 150)]), csv(turned, { delimiter: ';', end: '\r\n' })]);
    expect(parts.schema).toEqual(whole.schema);
    expect(parts.report.parts.map((part) => part.rows)).toEqual([150, 250]);
  });

  describe('a decimal comma', () => {
    const sized = withColumn(churnTable(), 'size', (_row, index) => `${index % 9},5`);
    const file = csv(sized, { delimiter: ';' });
    const declared = churnConfig({ problem: { ...churnConfig().problem, columns: { size: { type: 'categorical' } } } });
    const size = ({ schema }: { schema: DataSchema | null }) => schema?.columns.find(({ name }) => name === 'size');

    test('makes a number between semicolons, with or without points for thousands', async () => {
      expect(size(await checked(file))).toMatchObject({ type: 'numeric', range: { min: 0.5, max: 8.5 } });
      const large = await checked(file.replaceAll(';8,5', ';-1.234.567,5e0'));
      expect(size(large)).toMatchObject({ type: 'numeric', range: { min: -1_234_567.5, max: 7.5 } });
    });

    test('stays a comma in a column that is declared or pinned as text', async () => {
      const first = await checked(file, { config: declared });
      expect(size(first)?.categories).toContain('8,5');
      const second = await checked(file, { pinned: first.schema });
      expect(size(second)?.categories).toContain('8,5');
    });

    test('is refused where it may mean something else', async () => {
      const hint = /^Column "size" is numeric, but row 1 holds "0,5"/;
      for (const doubtful of [csv(sized), file.replace(';8,5', ';8.5'), file.replace(';8,5', ';eight')]) {
        const result = await checked(doubtful);
        expect(errorCodes(result)).toEqual(['TYPE_MISMATCH']);
        expect(result.output.reasons[0]).toMatch(hint);
      }
    });
  });

  test('Parquet is read by its content, and 1 and true are what CSV calls them', async () => {
    const file = await parquet(
      `SELECT 'c' || i AS customer, (i * 37 % 60)::SMALLINT AS age, i % 2 = 0 AS active,
       CASE WHEN i % 10 = 0 THEN NULL ELSE (i * 7 % 1000) / 10 END::DECIMAL(9, 3) AS spend, ((i * 31 % 7) > 2)::DOUBLE AS churned
       FROM range(400) t(i)`,
    );
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', positive: 1, id: 'customer' } });
    const { output, schema } = await checked(file, { config });
    expect(output.reasons).toEqual([]);
    expect(schema?.target).toEqual({ kind: 'binary', name: 'churned', classes: ['0', '1'], positive: '1' });
    expect(schema?.columns.map(({ type }) => type)).toEqual([
      'categorical',
      'numeric',
      'boolean',
      'numeric',
      'categorical',
    ]);
  });
});

describe('validate() says where a file is broken', () => {
  const lines = good.split('\n');
  const cases: Record<string, [file: string | Uint8Array, code: string, reason: RegExp]> = {
    empty: ['', 'EMPTY', /^The file is empty/],
    'only blanks': [' \n\n', 'EMPTY', /nothing but blanks/],
    'header only': [`${lines[0]}\n`, 'NO_ROWS', /header and no rows/],
    'header only, without a line end': [`${lines[0]}`, 'NO_ROWS', /header and no rows/],
    'one column': ['a\n1\n2\n', 'NOT_CSV', /single column/],
    'a row too short': [
      good.replace(/\n(c-1-9,\d+),\w+/, '\n$1'),
      'RAGGED_ROW',
      /^Row 10 \(line 11\) has 5 values; the header has 6 columns/,
    ],
    'an unclosed quote': [
      good.replace('c-1-4,', '"c-1-4,'),
      'UNCLOSED_QUOTE',
      /opens at line 6 \(row 5, column "customer"\) is never closed/,
    ],
    'an unclosed quote in the header': [`"${good}`, 'UNCLOSED_QUOTE', /first line is never closed/],
    'text after a quote': [
      good.replace('c-1-4,', '"c"-1-4,'),
      'NOT_CSV',
      /^Line 6 \(row 5, column "customer"\) has text after/,
    ],
    'a cell of 10 MB': [
      good.replace('c-1-4,', `${'x'.repeat(10_000_000)},`),
      'CELL_TOO_LARGE',
      /^Row 5, column "customer"/,
    ],
    'a runaway quote': [`${good}"${'x\n'.repeat(3_000_000)}`, 'CELL_TOO_LARGE', /quote opens at line 402/],
    'Latin-1': [Buffer.from(good.replace('c-1-4', 'é'), 'latin1'), 'NOT_UTF8', /^Line 6 holds the byte 0xE9/],
    'UTF-16': [Buffer.from(`\uFEFF${good}`, 'utf16le'), 'NOT_UTF8', /UTF-16/],
    'UTF-16 without a mark': [Buffer.from(good, 'utf16le'), 'NOT_UTF8', /NUL byte/],
    'a NUL byte': [good.replace('c-1-200', 'c\0'), 'NOT_UTF8', /^Line \d+ holds a NUL byte/],
    'a gzip bomb named .csv': [gzipSync(Buffer.alloc(50_000_000)), 'NOT_CSV', /gzip archive, whatever its name says/],
    'a zip named .csv': [Buffer.from('504b03041400000008', 'hex'), 'NOT_CSV', /zip archive/],
    'JSON named .csv': ['[{"age":1,"churned":"no"},\n{"age":2,"churned":"yes"}]', 'NOT_CSV', /^The file is JSON/],
    'JSON lines': ['{"age":1,"churned":"no"}\n{"age":2,"churned":"yes"}\n', 'NOT_CSV', /^The file is JSON/],
    'an error page': ['<!DOCTYPE html>\n<title>404, not found</title>', 'NOT_CSV', /^The file is a web page/],
    'a line for Excel': [`sep=,\r\n${good}`, 'NOT_CSV', /^The file is CSV for Excel alone/],
    'a repeated name': [good.replace('active', 'age'), 'DUPLICATE_COLUMN', /"age" more than once/],
    'an empty name': [good.replace('active', ' '), 'UNNAMED_COLUMN', /no name for column 4/],
  };
  test.each(Object.entries(cases))('%s', async (_name, [file, code, reason]) => {
    const found = await reasons(file);
    expect(found.codes).toEqual([code]);
    expect(found.reason).toMatch(reason);
  });

  test.each([10_000, 100_000])('%i columns are refused before they are parsed', async (count) => {
    const names = Array.from({ length: count }, (_, index) => `column_${index}`).join(',');
    const started = performance.now();
    const found = await reasons(`${names}\n${'1,'.repeat(count - 1)}1\n`);
    expect(found.codes).toEqual(['TOO_MANY_COLUMNS']);
    expect(found.reason).toContain(`${count.toLocaleString('en-US')} columns; at most 2,000`);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('parts with other columns name the part', async () => {
    const result = await checked([good, good.replace('plan', 'tariff')]);
    expect(errorCodes(result)).toEqual(['PARTS_DIFFER']);
    expect(result.output.reasons[0]).toBe(
      'Part "part-1-data.csv" does not have the columns of the first part: it lacks "plan" and has "tariff" on its own.',
    );
  });

  test('a dataset larger than the model allows is not even downloaded', async () => {
    const config = churnConfig({ validation: { maxBytes: 1_000 } });
    expect((await reasons(good, config)).codes).toEqual(['TOO_LARGE']);
  });
});

describe('validate() and Parquet that is not what it seems', () => {
  const whole = parquet("SELECT i AS a, 'x' || i AS b, i % 2 AS churned FROM range(1000) t(i)");
  test('cut off', async () => {
    const file = await whole;
    expect((await reasons(file.subarray(0, file.byteLength - 100))).codes).toEqual(['UNREADABLE']);
  });
  test('with a broken footer', async () => {
    const file = Buffer.from(await whole);
    file.fill(0xff, file.byteLength - 60, file.byteLength - 8);
    expect((await reasons(file)).codes).toEqual(['UNREADABLE']);
  });
  test('a bomb of rows is refused by its footer', async () => {
    const file = await parquet('SELECT 1 AS a, 2 AS churned FROM range(30000000) t(i)');
    expect(file.byteLength).toBeLessThan(200_000);
    const config = churnConfig({ validation: { maxBytes: 10_000_000 } });
    expect((await reasons(file, config)).codes).toEqual(['TOO_LARGE']);
  });
  test('a bomb of text is refused before it is unfolded', async () => {
    const file = await parquet("SELECT repeat('x', 900000) AS a, i AS b FROM range(2000) t(i)");
    expect(file.byteLength).toBeLessThan(2_000_000);
    const config = churnConfig({ validation: { maxBytes: 100_000_000 } });
    expect((await reasons(file, config)).codes).toEqual(['TOO_LARGE']);
  });
  test('nested and binary columns', async () => {
    const found = await checked(
      await parquet("SELECT [1, 2] AS list, {'k': 1} AS record, 'a'::BLOB AS bytes, 1 AS churned"),
    );
    expect(errorCodes(found)).toEqual(['UNSUPPORTED_TYPE']);
    expect(found.report.anomalies.map(({ column }) => column)).toEqual(['list', 'record', 'bytes']);
  });
});

describe('validate() and the temporary folder', () => {
  const usual = process.env.TMPDIR;
  afterEach(() => {
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
  });
  test('nothing stays behind, whatever the outcome', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
    process.env.TMPDIR = folder;
    await checked(good);
    await checked('a\0b');
    await expect(checked(good, { config: churnConfig({ validation: { maxBytes: 1 } }) })).resolves.toBeDefined();
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });
});
