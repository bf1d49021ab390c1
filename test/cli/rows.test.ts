import { describe, expect, test } from 'vitest';
import { readRows } from '../../cli/rows.ts';
import type { ColumnSchema, DataSchema } from '../../domain/data-schema.ts';

const column = (name: string, role: ColumnSchema['role'], type: ColumnSchema['type']): ColumnSchema => ({
  name,
  role,
  type,
  required: true,
  missingShare: 0,
});
const schema: DataSchema = {
  format: 1,
  target: { kind: 'regression', name: 'price' },
  columns: [
    column('id', 'id', 'categorical'),
    column('size', 'feature', 'numeric'),
    column('town', 'feature', 'categorical'),
    column('__proto__', 'feature', 'numeric'),
    column('note', 'ignored', 'categorical'),
    column('price', 'target', 'numeric'),
  ],
};
const entries = (text: string) => readRows(text, schema).map((row) => Object.entries(row));

describe('readRows() takes the rows of an upload as they are', () => {
  const expected = [
    [
      ['id', '007'],
      ['size', '12.5'],
      ['town', 'Bad; Ems, "Ulm"'],
      ['__proto__', null],
    ],
  ];
  test.each([
    ['commas', 'id,size,town,__proto__,note,price\n007,12.5,"Bad; Ems, ""Ulm""",,x,1\n'],
    ['semicolons and decimal commas', '\uFEFFid;size;town;__proto__;price\r\n007;12,5;"Bad; Ems, ""Ulm""";;1,5\r\n'],
    ['tabs, no line end', 'id\tsize\t town\t__proto__\n007\t12.5\tBad; Ems, "Ulm"\t '],
  ])('%s', (_name, text) => {
    expect(entries(text)).toEqual(expected);
  });
});

test('readRows() reads every common form of JSON alike', () => {
  const rows = [{ size: 1 }, { size: 2 }];
  for (const text of [
    JSON.stringify({ instances: rows }),
    JSON.stringify(rows),
    rows.map((row) => JSON.stringify(row)).join('\n'),
  ])
    expect(readRows(text, schema)).toEqual(rows);
  expect(readRows('{"size":1}', schema)).toEqual([{ size: 1 }]);
});

test.each([
  ['', /empty/],
  ['size,town\n', /no rows/],
  ['size,town\n1,a\n2\n', /^Row 2 has 1 values; the header has 2 columns/],
  ['12,Ulm\n13,Bonn\n', /first line names no column/],
  ['{"size":1', /not JSON/],
  ['{"size":1}\n{"size":', /^Line 2 /],
])('readRows() refuses %j', (text, message) => {
  expect(() => readRows(text, schema)).toThrow(message);
});
