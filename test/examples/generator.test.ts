import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { COLUMNS, type Customer, customers, toCsv } from '../../examples/churn/generator.ts';

const share = (rows: readonly Customer[], is: (customer: Customer) => boolean) => rows.filter(is).length / rows.length;

describe('customers()', () => {
  const rows = customers({ rows: 5_000, seed: 1 });

  test('gives the same world for the same seed, and another for another', () => {
    expect(customers({ rows: 50, seed: 1 })).toEqual(rows.slice(0, 50));
    expect(customers({ rows: 50, seed: 2 })).not.toEqual(rows.slice(0, 50));
  });

  test('gives everybody an id of their own, from the first customer on', () => {
    expect(new Set(rows.map(({ customer_id }) => customer_id)).size).toBe(5_000);
    expect(customers({ rows: 1, seed: 1, firstCustomer: 42 })[0]?.customer_id).toBe('C000042');
  });

  test('lets about a third leave, those with short contracts and many calls more often', () => {
    const left = (is: (customer: Customer) => boolean) => share(rows.filter(is), ({ churned }) => churned === 'yes');
    expect(left(() => true)).toBeGreaterThan(0.2);
    expect(left(() => true)).toBeLessThan(0.4);
    expect(left(({ contract }) => contract === 'month-to-month')).toBeGreaterThan(
      3 * left(({ contract }) => contract === 'two years'),
    );
    expect(left(({ support_calls: calls }) => (calls ?? 0) >= 4)).toBeGreaterThan(
      left(({ support_calls: calls }) => calls === 0) + 0.2,
    );
  });

  test('leaves out what was not known: some usage, as many calls as asked, charges of those who joined this month', () => {
    expect(share(rows, ({ data_gb }) => data_gb === null)).toBeCloseTo(0.08, 1);
    expect(share(rows, ({ support_calls }) => support_calls === null)).toBeCloseTo(0.05, 1);
    const forgetful = customers({ rows: 5_000, seed: 1, callsMissing: 0.5 });
    expect(share(forgetful, ({ support_calls }) => support_calls === null)).toBeCloseTo(0.5, 1);
    for (const { tenure_months, total_charges } of rows) expect(total_charges === null).toBe(tenure_months === 0);
  });

  test('turns around as many labels as asked, and nothing else', () => {
    const noisy = customers({ rows: 5_000, seed: 1, labelNoise: 0.33 });
    const turned = noisy.filter(({ churned }, index) => churned !== rows[index]?.churned).length / noisy.length;
    expect(turned).toBeCloseTo(0.33, 1);
    expect(noisy.slice(0, 5).map(({ churned: _, ...rest }) => rest)).toEqual(
      rows.slice(0, 5).map(({ churned: _, ...rest }) => rest),
    );
  });
});

test('toCsv() can be read back: header, missing cells, text beyond ASCII', () => {
  const rows = customers({ rows: 200, seed: 3 });
  const read: Record<string, string>[] = parse(toCsv(rows), { columns: true });
  expect(Object.keys(read[0] ?? {})).toEqual([...COLUMNS]);
  expect(read.map(({ region }) => region)).toEqual(rows.map(({ region }) => region));
  expect(read.map(({ data_gb: cell }) => (cell === '' ? null : Number(cell)))).toEqual(
    rows.map(({ data_gb }) => data_gb),
  );
});
