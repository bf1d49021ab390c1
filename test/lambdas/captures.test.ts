import { afterEach, describe, expect, test } from 'vitest';
import type { CapturedLine } from '../../domain/capture.ts';
import type { DataSchema } from '../../domain/data-schema.ts';
import { capturePartition } from '../../domain/names.ts';
import { listCaptures } from '../../lambdas/shared/captures.ts';
import { loadCaptures } from '../../lambdas/shared/captures-table.ts';
import { type Cell, withEngine } from '../../lambdas/shared/duckdb.ts';
import { capturedLineWith, capturesObject } from '../support/captures.ts';
import { memoryListing, memoryObjects } from '../support/memory-objects.ts';

const limits = { memoryMb: 256, threads: 2 };
const objects = memoryObjects();
let kept = 0;
afterEach(() => {
  kept += 1;
});

const column = (
  name: string,
  type: 'numeric' | 'categorical' | 'boolean',
  role: 'feature' | 'id' | 'target' = 'feature',
) => ({
  name,
  role,
  type,
  required: true,
  missingShare: 0,
});
const schema: DataSchema = {
  format: 1,
  target: { kind: 'binary', name: 'churned', classes: ['no', 'yes'], positive: 'yes' },
  columns: [
    column('customer', 'categorical', 'id'),
    column('age', 'numeric'),
    column('plan', 'categorical'),
    column('member', 'boolean'),
    column('churned', 'categorical', 'target'),
  ],
};
const GOOD = { customer: 7, age: 40, plan: 'basic', member: 'yes' };
const line = (request_id: string, instances: object[], over: Partial<CapturedLine> = {}) =>
  capturedLineWith({
    request_id,
    instances: instances as Record<string, unknown>[],
    predictions: instances.map(() => ({ label: 'yes', score: 0.75 })),
    ...over,
  });

/** Stores objects and reads them; answers what was read, and rows of a query over it. */
async function read(
  contents: readonly (Uint8Array | null)[],
  options: { schema?: DataSchema; version?: number; redact?: string[]; sql?: string; maxBytes?: number } = {},
) {
  const { sql = 'SELECT * EXCLUDE (predicted_at, version) FROM captures', ...rest } = options;
  const keys: string[] = [];
  for (const [index, content] of contents.entries()) {
    const key = `${kept}/${index}.gz`;
    keys.push(key);
    if (content) await objects.putBytes({ bucket: 'data', key }, content);
  }
  return withEngine(limits, async (engine) => {
    const reading = await loadCaptures(engine, keys, { objects, bucket: 'data', schema, ...rest });
    const rows: Cell[][] = await engine.rows(sql);
    return { reading, rows, keys };
  });
}

const NOTHING = { brokenLines: 0, brokenObjects: [], duplicates: 0, otherVersions: 0, leftOut: 0, redacted: 0 };
const USUAL = { newColumns: {}, wrongTypes: {}, absent: {} };

test('captures are read with one row per prediction, values as training reads them', async () => {
  const { reading, rows } = await read([
    capturesObject([
      line('r-1', [GOOD, { ...GOOD, age: '41.50', plan: ' 1.0 ', member: false }], { first: 3, left_out: 2 }),
      line('r-2', [{ ...GOOD, age: null, plan: '', member: 'n/a' }]),
    ]),
  ]);
  expect(rows).toEqual([
    ['r-1-3', 0.75, 'yes', '7', true, 40, 'basic', 'true'],
    ['r-1-4', 0.75, 'yes', '7', true, 41.5, '1', 'false'],
    ['r-2-0', 0.75, 'yes', '7', true, null, null, null],
  ]);
  expect(reading).toEqual({ ...NOTHING, ...USUAL, rows: 3, leftOut: 2 });
});

test('the time of a capture is that of its log event, in UTC', async () => {
  const { rows } = await read([capturesObject([line('r-1', [GOOD], { at: '2026-11-23T23:59:59.999Z' })])], {
    sql: 'SELECT predicted_at::VARCHAR, version FROM captures',
  });
  expect(rows).toEqual([['2026-11-23 23:59:59.999', 42]]);
});

test('a regression is read by its values, many classes by how sure the model was of the one it chose', async () => {
  const sql = 'SELECT prediction, label FROM captures';
  const value = line('r', [GOOD], { predictions: [{ value: -1.5e3 }] });
  expect(
    (
      await read([capturesObject([value])], {
        sql,
        schema: { ...schema, target: { kind: 'regression', name: 'churned' } },
      })
    ).rows,
  ).toEqual([[-1500, null]]);
  kept += 1;
  const probabilities = { 'a/b~c': 0.6, 'it\'s "x"': 0.4 };
  const choice = line('r', [GOOD, GOOD], {
    predictions: [
      { label: 'a/b~c', probabilities },
      { label: 'it\'s "x"', probabilities },
    ],
  });
  const target = { kind: 'multiclass' as const, name: 'churned', classes: Object.keys(probabilities) };
  expect((await read([capturesObject([choice])], { sql, schema: { ...schema, target } })).rows).toEqual([
    [0.6, 'a/b~c'],
    [0.4, 'it\'s "x"'],
  ]);
});

describe('whatever stands in an object', () => {
  test('lines that are no captures are counted, those beside them read', async () => {
    const broken = [
      'junk',
      '{"message":"capture"',
      '{}',
      '[1,2]',
      'null',
      '"text"',
      '\u0001\u0002"',
      '{"a":"\uFFFD',
      JSON.stringify({ ...line('r-1', [GOOD]), version: 1.5 }),
      JSON.stringify({ ...line('r-1', [GOOD]), first: -1 }),
      JSON.stringify({ ...line('r-1', [GOOD]), at: 'yesterday' }),
      JSON.stringify({ ...line('r-1', [GOOD]), request_id: 7 }),
      JSON.stringify({ ...line('r-1', [GOOD]), predictions: [] }),
      JSON.stringify({ ...line('r-1', [GOOD]), instances: {} }),
      JSON.stringify({ ...line('r-1', [GOOD]), message: 'prediction' }),
      `{"x":"${'y'.repeat(1_500_000)}"}`,
    ];
    const { reading, rows } = await read([capturesObject([...broken, line('r-9', [GOOD]), '', '   '])]);
    expect(rows.map(([id]) => id)).toEqual(['r-9-0']);
    expect(reading).toEqual({ ...NOTHING, ...USUAL, rows: 1, brokenLines: broken.length });
  });

  test('instances that are no objects are counted; the ids of the others stay', async () => {
    const { reading, rows } = await read([capturesObject([line('r-1', [GOOD, 3 as never, GOOD])])]);
    expect(rows.map(([id]) => id)).toEqual(['r-1-0', 'r-1-2']);
    expect(reading.brokenLines).toBe(1);
  });

  test('objects that are cut off, gone or no archives are named; what they still hold is read', async () => {
    const whole = capturesObject(
      Array.from({ length: 4_000 }, (_, index) => line(`cut-${index}`, [{ ...GOOD, age: (index * 17) % 101 }])),
    );
    const plain = Buffer.from(`${JSON.stringify(line('plain', [GOOD]))}\n`);
    const { reading, keys } = await read([
      whole.subarray(0, whole.length / 2),
      null,
      plain,
      Buffer.from([0x1f, 0x8b, 1, 2]),
    ]);
    expect(reading.brokenObjects).toEqual([keys[0], keys[1], keys[3]]);
    expect(reading.rows).toBeGreaterThan(500);
    expect(reading.rows).toBeLessThan(4_000);
  });

  test('an object that unfolds without end is given up', async () => {
    const { reading, keys } = await read([capturesObject(['x'.repeat(3_000_000)])], { maxBytes: 1_000_000 });
    expect(reading).toMatchObject({ rows: 0, brokenObjects: keys });
  });

  test('nothing, and blank objects, are no rows', async () => {
    expect((await read([])).reading.rows).toBe(0);
    expect((await read([Buffer.alloc(0), capturesObject([])])).reading).toEqual({ ...NOTHING, ...USUAL, rows: 0 });
  });

  test('fields that the schema does not have are named, values of another type are counted and missing', async () => {
    const { reading, rows } = await read([
      capturesObject([
        line('r-1', [
          { ...GOOD, tenure: 3, ['__proto__']: 1 },
          { ...GOOD, age: 'old', plan: { a: 1 }, member: 3 },
        ]),
        line('r-2', [
          { ...GOOD, tenure: 4, plan: '{"a":1}', age: [40] },
          { customer: 8, plan: 'basic' },
        ]),
        line('r-3', [JSON.parse('{"customer":9,"age":1,"plan":"x","member":true,"__proto__":2}') as object]),
      ]),
    ]);
    expect(rows.map(([, , , , , ...features]) => features)).toEqual([
      [40, 'basic', 'true'],
      [null, null, null],
      [null, '{"a":1}', 'true'],
      [null, 'basic', null],
      [1, 'x', 'true'],
    ]);
    expect(Object.entries(reading.newColumns).sort()).toEqual(
      [
        ['__proto__', 2],
        ['tenure', 2],
      ].sort(),
    );
    expect(reading.wrongTypes).toEqual({ age: 2, plan: 1, member: 1 });
    expect(reading.absent).toEqual({ age: 1, member: 1 });
  });

  test('names of any kind are told apart, also by their case', async () => {
    const names = ['age', 'Age', 'a/b', 'a~b', 'it\'s "it"', '', '$.x', '__proto__'];
    const odd: DataSchema = { ...schema, columns: names.map((name) => column(name, 'numeric')) };
    const instance = JSON.parse(`{${names.map((name, index) => `${JSON.stringify(name)}:${index}`).join()}}`) as object;
    const { rows, reading } = await read([capturesObject([line('r', [instance])])], { schema: odd });
    expect(rows[0]?.slice(5)).toEqual(names.map((_, index) => index));
    expect(reading).toMatchObject(USUAL);
  });

  test('hundreds of columns are read as well as three', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `f ${index}`);
    const wide: DataSchema = { ...schema, columns: names.map((name) => column(name, 'numeric')) };
    const instance = Object.fromEntries(names.map((name, index) => [name, index]));
    const { rows } = await read([capturesObject([line('r', [instance])])], {
      schema: wide,
      sql: 'SELECT f399 FROM captures',
    });
    expect(rows).toEqual([[399]]);
  });
});

test('what Firehose delivers twice is counted once, wherever it stands', async () => {
  const twice = line('r-1', [GOOD, GOOD], { left_out: 5 });
  const { reading, rows } = await read([capturesObject([twice, line('r-2', [GOOD])]), capturesObject([twice])]);
  expect(rows.map(([id]) => id)).toEqual(['r-1-0', 'r-1-1', 'r-2-0']);
  expect(reading).toMatchObject({ rows: 3, duplicates: 2, leftOut: 5 });
});

test('captures of another version are left aside where one is asked for', async () => {
  const contents = [capturesObject([line('r-1', [GOOD]), line('r-2', [GOOD, GOOD], { version: 43 })])];
  expect((await read(contents, { version: 42 })).reading).toMatchObject({ rows: 1, otherVersions: 2 });
  expect((await read(contents)).reading).toMatchObject({ rows: 3, otherVersions: 0 });
});

test('redacted fields are not read, and rows say where a feature was hidden', async () => {
  const contents = [
    capturesObject([
      line('r-1', [GOOD]),
      line('r-2', [{ customer: 7, age: 40, member: true }], { redacted: ['plan', 'e-mail'] }),
      line('r-3', [GOOD], { redacted: ['e-mail'] }),
    ]),
  ];
  const { rows, reading } = await read(contents, { redact: ['age', 'customer'] });
  expect(rows).toEqual([
    ['r-1-0', 0.75, 'yes', null, true, null, 'basic', 'true'],
    ['r-2-0', 0.75, 'yes', null, false, null, null, 'true'],
    ['r-3-0', 0.75, 'yes', null, true, null, 'basic', 'true'],
  ]);
  expect(reading).toMatchObject({ redacted: 1, wrongTypes: {} });
});

describe('the list of captures', () => {
  const at = (version: number, hour: string, name = 'x.gz') => `${capturePartition('churn', version, hour)}${name}`;
  const keys = [
    at(1, '2026-11-22T23'),
    at(1, '2026-11-23T00'),
    at(1, '2026-11-23T00', 'y.gz'),
    at(1, '2026-11-23T01'),
    at(2, '2026-11-23T00'),
    at(1_234_567, '2026-11-23T00'),
    'churn/captures/version=000003/stray.gz',
    'churn/captures/stray.gz',
    'churn/captures/version=x/hour=2026-11-23T00/x.gz',
    'churn-2/captures/version=000001/hour=2026-11-23T00/x.gz',
  ];
  const listing = memoryListing(async () => keys.map((key) => ({ bucket: 'data', key, bytes: 10 })));
  const list = async (hours: { from: string; to: string }, version?: number) =>
    (
      await listCaptures(listing, {
        bucket: 'data',
        model: 'churn',
        hours,
        ...(version === undefined ? {} : { version }),
      })
    ).map(({ key, version: of, hour }) => [of, hour, key.split('/').at(-1)]);

  test('has those of its hours, both ends among them, of every version', async () => {
    expect(await list({ from: '2026-11-23T00:00:00.000Z', to: '2026-11-23T00:59:59.999Z' })).toEqual([
      [1, '2026-11-23T00', 'x.gz'],
      [1, '2026-11-23T00', 'y.gz'],
      [2, '2026-11-23T00', 'x.gz'],
      [1_234_567, '2026-11-23T00', 'x.gz'],
    ]);
    expect(await list({ from: '2026-11-22T23', to: '2026-11-23T01' })).toHaveLength(6);
    expect(await list({ from: '2026-11-24T00', to: '2026-11-25T00' })).toEqual([]);
  });

  test('has those of one version where one is asked for', async () => {
    expect(await list({ from: '2026-11-23T00', to: '2026-11-23T01' }, 2)).toEqual([[2, '2026-11-23T00', 'x.gz']]);
  });
});
