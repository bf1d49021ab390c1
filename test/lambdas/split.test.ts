import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { InvalidDataset } from '../../domain/errors.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { type TrainingProfile, trainingProfileSchema } from '../../domain/profile.ts';
import { CsvParser } from '../../lambdas/shared/dataset-csv-parser.ts';
import { split } from '../../lambdas/split/split.ts';
import {
  ARTIFACTS,
  checked,
  churnConfig,
  churnTable,
  csv,
  ENGINE,
  seededRandom,
  type Table,
  withColumn,
} from '../support/datasets.ts';
import { parquet } from '../support/parquet.ts';

interface TestRow {
  readonly instance: Record<string, string | number | boolean | null>;
  readonly truth: string | number;
}

async function divided(file: string | Uint8Array, config: NamedModelConfig = churnConfig(), threads = 2) {
  const { objects, run, output } = await checked(file, { config });
  expect(output.reasons).toEqual([]);
  const result = await split(
    { run, schemaKey: output.schemaKey },
    { objects, config, artifactBucket: ARTIFACTS, engine: { ...ENGINE, threads } },
  );
  const text = (key: string) => objects.text({ bucket: ARTIFACTS, key });
  const parser = new CsvParser(',');
  const train = [...parser.push(text(result.trainKey)), ...parser.end()];
  const test: TestRow[] = text(result.testKey)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const profile: TrainingProfile = trainingProfileSchema.parse(JSON.parse(text(result.profileKey)));
  return { result, train, test, profile, trainText: text(result.trainKey), testText: text(result.testKey) };
}

const withIds = (overrides: object = {}) =>
  churnConfig({ evaluation: { testShare: 0.2, slices: ['customer'] }, ...overrides });
const testIds = (rows: readonly TestRow[]) => new Set(rows.map(({ instance }) => String(instance.customer)));

describe('split() divides', () => {
  test('numbers with a decimal comma as those with a point', async () => {
    const points = await divided(csv(churnTable(), { delimiter: ';' }));
    const commas = await divided(csv(churnTable(), { delimiter: ';' }).replaceAll(/(\d)\.(\d)/g, '$1,$2'));
    expect(commas.trainText).toBe(points.trainText);
    expect(commas.testText).toBe(points.testText);
    expect(commas.test.some(({ instance }) => !Number.isInteger(instance.spend ?? 0))).toBe(true);
  });

  test('every row to one side, by the hash of its id alone', async () => {
    const { result, train, test: tested, profile } = await divided(csv(churnTable(2_000)), withIds());
    expect(train.length - 1).toBe(result.trainRows);
    expect(tested.length).toBe(result.testRows);
    expect(result.trainRows + result.testRows).toBe(2_000);
    expect(profile.split).toEqual({
      rows: 2_000,
      train: result.trainRows,
      test: result.testRows,
      unused: 0,
      rejected: 0,
    });
    expect(result.testRows / 2_000).toBeCloseTo(0.2, 1);
    const limit = BigInt(Math.round(0.2 * 2 ** 53)) << 11n;
    const place = (id: string) =>
      createHash('md5').update(`sluice:churn\u001fid\u001f${id}`).digest().readBigUInt64LE(0);
    const expected = churnTable(2_000)
      .slice(1)
      .map(([id]) => String(id))
      .filter((id) => place(id) < limit);
    expect([...testIds(tested)].sort()).toEqual(expected.sort());
  });

  test('an id stays on its side in other data, other files and other orders', async () => {
    const [header = [], ...rows] = churnTable(600);
    const before = testIds((await divided(csv([header, ...rows.slice(0, 400)]), withIds())).test);
    const changed = withColumn([header, ...rows.slice(200).reverse()], 'age', (row) => Number(row[1]) + 1);
    const after = testIds(
      (
        await divided(
          csv(
            changed.map((row) => [...row].reverse()),
            { delimiter: ';' },
          ),
          withIds(),
        )
      ).test,
    );
    const shared = rows.slice(200, 400).map(([id]) => String(id));
    expect(shared.filter((id) => before.has(id))).toEqual(shared.filter((id) => after.has(id)));
    expect(shared.some((id) => before.has(id))).toBe(true);
  });

  test('without an id the same content is on the same side, whatever order its columns have', async () => {
    const once = churnTable(400).map((row) => row.slice(1));
    const twice: Table = [...once, ...once.slice(1)];
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned' } });
    const contents = (rows: readonly TestRow[]) =>
      rows.map(({ instance, truth }) => JSON.stringify([Object.entries(instance).sort(), truth])).sort();
    const straight = await divided(csv(once), config);
    const doubled = await divided(csv(twice), config);
    expect(contents(doubled.test)).toEqual(contents([...straight.test, ...straight.test]));
    expect(doubled.result.trainRows).toBe(2 * straight.result.trainRows);
    const turned = await divided(csv(once.map((row) => [...row].reverse())), config);
    expect(contents(turned.test)).toEqual(contents(straight.test));
  });

  test('no more rows to test with than an evaluation reads; the rest is not trained on', async () => {
    const rows = Array.from({ length: 270_000 }, (_, i) => `${i},${(i * 7) % 1000},${i % 3 === 0 ? 'yes' : 'no'}`);
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', id: 'id' } });
    const { result, test: tested, profile } = await divided(`id,age,churned\n${rows.join('\n')}\n`, config);
    expect(result.testRows).toBe(50_000);
    expect(tested.length).toBe(50_000);
    expect(result.unusedTestRows).toBeGreaterThan(2_000);
    expect(result.trainRows + result.testRows + (result.unusedTestRows ?? 0)).toBe(270_000);
    expect(profile.split.unused).toBe(result.unusedTestRows);
  });

  test('rows without a label are rejected and counted, where that is allowed', async () => {
    const holes = withColumn(churnTable(), 'churned', (row, i) => (i < 4 ? null : (row[5] ?? null)));
    const columns = { churned: { maxMissing: 0.1 } };
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', id: 'customer', columns } });
    const { result, profile } = await divided(csv(holes), config);
    expect(profile.split).toMatchObject({ rows: 400, rejected: 4 });
    expect(result.trainRows + result.testRows).toBe(396);
  });

  test('the same bytes on one thread and on four', async () => {
    const file = csv(churnTable(5_000));
    const one = await divided(file, churnConfig(), 1);
    const four = await divided(file, churnConfig(), 4);
    expect(four.trainText).toBe(one.trainText);
    expect(four.testText).toBe(one.testText);
    expect(four.profile).toEqual(one.profile);
  });

  test('data of a single content cannot be divided, and says so', async () => {
    const same = churnTable().map((row, i) =>
      i === 0 ? row.slice(1) : [30, 'basic', 'true', 1, i % 2 === 0 ? 'yes' : 'no'],
    );
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned' } });
    await expect(divided(csv(same), config)).rejects.toThrow(InvalidDataset);
    await expect(divided(csv(same), config)).rejects.toThrow(/problem\.id/);
  });
});

describe('split() counts how much stretches of the rows differ', () => {
  const named = ({ overdispersion = [] }: TrainingProfile) => new Map(overdispersion.map((one) => [one.column, one]));

  test('not at all where rows have nothing to do with their neighbours', async () => {
    const { profile } = await divided(csv(churnTable(6_000)));
    expect([...named(profile).keys()]).toEqual(['age', 'plan', 'active', 'spend']);
    for (const { values, missing } of named(profile).values()) {
      expect(values).toBeLessThan(1.35);
      expect(missing).toBeLessThan(1.6);
    }
  });

  test('where the same comes many times in a row, values and gaps apart', async () => {
    const plans = ['basic', 'family', 'business'];
    const table = churnTable(6_000);
    // A block of 15 rows is one customer's: one plan, one age, and a spend that is known or not.
    const random = seededRandom(9);
    const customers = Array.from({ length: 401 }, () => Math.floor(1e6 * random()));
    const block = (i: number) => customers[Math.floor(i / 15)] ?? 0;
    const alike = withColumn(
      withColumn(
        withColumn(table, 'plan', (_, i) => plans[block(i) % 3] ?? 'basic'),
        'age',
        (_, i) => 20 + (block(i) % 41),
      ),
      'spend',
      (row, i) => (block(i) % 5 === 0 ? null : (row[4] ?? null)),
    );
    const counted = named((await divided(csv(alike))).profile);
    expect(counted.get('plan')?.values).toBeGreaterThan(3);
    expect(counted.get('age')?.values).toBeGreaterThan(3);
    expect(counted.get('spend')?.missing).toBeGreaterThan(3);
    expect(counted.get('spend')?.values).toBeLessThan(1.5);
    expect(counted.get('plan')?.missing).toBe(1);
  });

  test('and says nothing of a table with fewer rows than stretches', async () => {
    const { profile } = await divided(csv(churnTable(400)));
    expect(trainingProfileSchema.parse(profile)).toEqual(profile);
    expect(named(profile).get('age')?.values).toBeLessThan(1.5);
  });
});

describe('split() writes', () => {
  test('a learner sees plain numbers, marked text and nothing for missing', async () => {
    const odd = withColumn(churnTable(), 'plan', (row, i) =>
      i % 2 === 0 ? '1.0' : i % 3 === 0 ? ' "a",\nb ' : (row[2] ?? null),
    );
    const gaps = withColumn(odd, 'spend', (row, i) =>
      i % 20 === 0 ? 'NaN' : i % 20 === 1 ? 'NA' : i === 2 ? 1e-9 : (row[4] ?? null),
    );
    const { train, result } = await divided(csv(gaps));
    expect(train[0]).toEqual(['f0', 'f1', 'f2', 'f3', 'label']);
    expect(result.features).toBe(4);
    const rows = train.slice(1);
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(['=1', '="a", b', '=basic', '=family', '=business']));
    expect(new Set(rows.map((row) => row[2]))).toEqual(new Set(['=true', '=false']));
    expect(new Set(rows.map((row) => row[4]))).toEqual(new Set(['=yes', '=no']));
    for (const row of rows) for (const cell of [row[0], row[3]]) expect(cell).toMatch(/^$|^-?\d+(\.\d+)?(e-?\d+)?$/);
    expect(rows.filter((row) => row[3] === '').length).toBeGreaterThan(20);
  });

  test('a regression label is a number in both files', async () => {
    const data = withColumn(churnTable(), 'spend', (row, i) => row[4] ?? i);
    const config = churnConfig({ problem: { kind: 'regression', target: 'spend', id: 'customer' } });
    const { train, test: tested, profile } = await divided(csv(data), config);
    expect(train.slice(1).every((row) => /^\d+(\.\d+)?$/.test(row.at(-1) ?? ''))).toBe(true);
    expect(tested.every(({ truth }) => typeof truth === 'number')).toBe(true);
    expect(profile.target.kind).toBe('numeric');
  });

  test('an instance holds what a caller would send, and the attributes that are looked at', async () => {
    const names = withColumn(
      withColumn(churnTable(), '__proto__', (_, i) => i % 5),
      'say "hi"\t',
      (_, i) => (i % 4 === 0 ? null : i),
    );
    const config = churnConfig({
      problem: { kind: 'binary', target: 'churned', id: 'customer', ignore: ['plan'] },
      evaluation: { testShare: 0.2, slices: ['plan', 'active'] },
    });
    const { testText, test: tested } = await divided(csv(names), config);
    const [row] = tested;
    expect(Object.keys(row?.instance ?? {})).toEqual(['age', 'active', 'spend', '__proto__', 'say "hi"', 'plan']);
    expect(typeof row?.instance.active).toBe('boolean');
    expect(testText).toContain('"__proto__":');
    expect(testText).toContain('"say \\"hi\\"":null');
    expect(testText).not.toContain('c-1-');
  });

  test('Parquet and CSV of the same rows divide alike', async () => {
    const query = `SELECT 'c' || i AS customer, (i * 37 % 60)::SMALLINT AS age, i % 2 = 0 AS active,
      ((i * 31 % 7) > 2)::INTEGER AS churned FROM range(400) t(i)`;
    const text = Array.from({ length: 400 }, (_, i) =>
      [`c${i}`, (i * 37) % 60, i % 2 === 0 ? 'TRUE' : 'False', (i * 31) % 7 > 2 ? '1.0' : '0'].join(','),
    );
    const config = churnConfig({ problem: { kind: 'binary', target: 'churned', positive: 1, id: 'customer' } });
    const columnar = await divided(await parquet(query), config);
    const plain = await divided(`customer,age,active,churned\n${text.join('\n')}\n`, config);
    expect(columnar.trainText).toBe(plain.trainText);
    expect(columnar.testText).toBe(plain.testText);
    expect(columnar.profile).toEqual(plain.profile);
  });
});
