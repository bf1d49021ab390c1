import { describe, expect, test } from 'vitest';
import { type Anomaly, fault, listed, notice, quoted } from '../../domain/anomaly.ts';
import type { ColumnSchema, DataSchema } from '../../domain/data-schema.ts';
import type { Evidence } from '../../domain/evidence.ts';
import { modelConfigSchema } from '../../domain/model-config.ts';
import { type DatasetFacts, findAnomalies, shortReasons, summaryOf, whatToDo } from '../../domain/validation.ts';
import { column } from '../support/columns.ts';

const schemaColumn = (overrides: Partial<ColumnSchema> = {}): ColumnSchema => ({
  name: 'x',
  role: 'feature',
  type: 'numeric',
  required: true,
  missingShare: 0,
  ...overrides,
});
const target = schemaColumn({ name: 'y', role: 'target', type: 'categorical' });
const evidence = (overrides: Partial<Evidence> = {}): Evidence => ({
  rows: 1_000,
  labels: {
    missing: { count: 0, rows: [] },
    classes: [
      { label: 'a', count: 600 },
      { label: 'b', count: 400 },
    ],
    complete: true,
    notNumeric: null,
    notFinite: null,
    constant: false,
  },
  mistyped: [],
  infinite: [],
  belowMinimum: [],
  aboveMaximum: [],
  undeclaredCategories: [],
  ids: null,
  repeatedRows: 0,
  leaks: [],
  ...overrides,
});
const facts = (overrides: Partial<DatasetFacts> = {}): DatasetFacts => ({
  config: modelConfigSchema.parse({ problem: { kind: 'binary', target: 'y' } }),
  columns: [schemaColumn(), target],
  target: { kind: 'binary', name: 'y', classes: ['a', 'b'], positive: 'b' },
  pinned: null,
  statistics: [column({ numbers: 1_000, min: 0, max: 9 }), column({ name: 'y', distinct: 2 })],
  evidence: evidence(),
  ...overrides,
});
const codes = (overrides: Partial<DatasetFacts>) =>
  findAnomalies(facts(overrides)).map(({ code, severity }) => `${severity} ${code}`);

describe('findAnomalies()', () => {
  test('finds nothing where nothing is wrong', () => expect(findAnomalies(facts())).toEqual([]));

  test.each([
    ['auc', 0.995, []],
    ['auc', 0.996, ['ERROR LEAKS_LABEL']],
    ['r2', 0.9989, []],
    ['r2', 0.9991, ['ERROR LEAKS_LABEL']],
    ['explained', 0.99, []],
    ['explained', 0.991, ['ERROR LEAKS_LABEL']],
  ] as const)('a column whose %s is %d', (measure, value, expected) => {
    expect(codes({ evidence: evidence({ leaks: [{ column: 'x', measure, value }] }) })).toEqual(expected);
  });

  test('names a leaking column once, however many ways it leaks', () => {
    const leaks = [
      { column: 'x', measure: 'auc' as const, value: 1 },
      { column: 'x', measure: 'explained' as const, value: 1 },
    ];
    expect(findAnomalies(facts({ evidence: evidence({ leaks }) }))).toMatchInlineSnapshot(`
      [
        {
          "advice": "Remove the column or list it in problem.ignore if it is only known after the fact.",
          "code": "LEAKS_LABEL",
          "column": "x",
          "reason": "Column "x" gives the label away: alone it ranks the rows by their label with an AUC of 1.0000.",
          "severity": "ERROR",
        },
      ]
    `);
  });

  test('puts errors first and keeps the order of each kind', () => {
    const found = codes({
      evidence: evidence({ repeatedRows: 3, rows: 40, infinite: [{ column: 'x', count: 1, examples: [] }] }),
    });
    expect(found).toEqual(['ERROR TOO_FEW_ROWS', 'ERROR NOT_FINITE', 'WARN DUPLICATE_ROWS']);
  });

  test('wants the columns that slices and fairness gates look at', () => {
    const config = modelConfigSchema.parse({
      problem: { kind: 'binary', target: 'y' },
      evaluation: { slices: ['region'] },
      gates: [{ gate: 'fairness', attribute: 'gender' }],
    });
    const missing = findAnomalies(facts({ config })).map(({ code, column: name }) => `${code} ${name}`);
    expect(missing).toEqual(['COLUMN_MISSING region', 'COLUMN_MISSING gender']);
  });

  test('a class of the pinned schema that is gone is only a warning', () => {
    const pinned: DataSchema = {
      format: 1,
      target: { kind: 'multiclass', name: 'y', classes: ['a', 'b', 'c'] },
      columns: [schemaColumn(), target],
    };
    const config = modelConfigSchema.parse({ problem: { kind: 'multiclass', target: 'y' } });
    expect(codes({ pinned, config })).toEqual(['WARN LABEL_CLASS_RARE']);
  });
});

describe('what people read', () => {
  test('text from the data is short, on one line and shows its control characters', () => {
    expect(quoted('a\n"b"\u0000\u001b[31m')).toBe('"a\\n\\"b\\"\\u0000\\u001b[31m"');
    expect(quoted('a\u202eb\u200b \u2028\u009b31m')).toBe(String.raw`"a\u202eb\u200b \u2028\u009b31m"`);
    expect(quoted('größer 木 👩‍👧 ❤️')).toBe('"größer 木 👩‍👧 ❤️"');
    expect(quoted('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(60)}"…`);
    expect(quoted('📏'.repeat(100))).toBe(`"${'📏'.repeat(60)}"…`);
    expect(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('"a", "b", "c", "d", "e" and 2 more');
  });
  test('a state machine carries at most five short reasons', () => {
    const many: Anomaly[] = Array.from({ length: 9 }, (_, i) => fault('EMPTY', `${i}${'.'.repeat(1_000)}`, 'Do.'));
    const reasons = shortReasons([notice('DUPLICATE_ROWS', 'no', ''), ...many]);
    expect(reasons.map((reason) => reason.length)).toEqual([400, 400, 400, 400, 400]);
    expect(reasons[0]?.startsWith('0')).toBe(true);
  });
  test('the summary counts, and the advice is that of the first error', () => {
    const anomalies = [fault('EMPTY', 'It is empty.', 'Fill it.'), notice('DUPLICATE_ROWS', 'Twice.', 'Never mind.')];
    expect(summaryOf(anomalies, 0)).toBe('The dataset is not used: 1 error, 1 warning.');
    expect(summaryOf([], 2_000)).toBe('The dataset of 2,000 rows is valid, with 0 warnings.');
    expect([whatToDo(anomalies), whatToDo([])]).toEqual(['Fill it.', 'Nothing has to be done.']);
  });
});
