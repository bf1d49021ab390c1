import { describe, expect, test } from 'vitest';
import {
  categoricalFrame,
  countCategories,
  emptyProfile,
  mergeProfiles,
  momentsOf,
  type NumericProfile,
  type Profile,
  profileSchema,
} from '../../domain/profile.ts';
import { profileInFrame, profileTraining } from '../../lambdas/shared/dataset-profile.ts';
import { type Engine, withEngine } from '../../lambdas/shared/duckdb.ts';
import { ENGINE, seededRandom } from '../support/datasets.ts';

const ROWS = 6_000;
const random = seededRandom(4);
const values = Array.from({ length: ROWS }, (_, i) => {
  if (i % 50 === 0) return 'NULL';
  if (i % 75 === 0) return "'nan'";
  if (i % 3 === 0) return '0';
  return `'${Math.fround((random() + random() - 1) * 1e3 ** random())}'`;
});
const levels = Array.from({ length: ROWS }, () => `level ${Math.floor(random() ** 4 * 60)}`);
const table = (from: string) => ({
  from,
  features: [
    { name: 'x', kind: 'numeric' as const, sql: 'x' },
    { name: 'level', kind: 'categorical' as const, sql: 'level' },
    { name: 'nothing', kind: 'numeric' as const, sql: 'nothing' },
    { name: 'one', kind: 'numeric' as const, sql: 'one' },
  ],
  target: { name: 'y', kind: 'categorical' as const, sql: 'y' },
});

const withRows = <T>(work: (engine: Engine) => Promise<T>) =>
  withEngine(ENGINE, async (engine) => {
    await engine.run('CREATE TABLE rows (r INTEGER, x DOUBLE, level VARCHAR, nothing DOUBLE, one DOUBLE, y VARCHAR)');
    const tuples = values.map((x, i) => `(${i}, ${x}, '${levels[i]}', NULL, 5, '${i % 4 === 0 ? 'yes' : 'no'}')`);
    await engine.run(`INSERT INTO rows VALUES ${tuples.join(', ')}`);
    return work(engine);
  });

const numbers = values
  .filter((value) => value !== 'NULL' && value !== "'nan'")
  .map((value) => Number(value.replaceAll("'", '')));
const x = (profile: Profile) => profile.features[0] as NumericProfile;

describe('a profile', () => {
  test('counts what is there', async () => {
    const profile = await withRows((engine) => profileTraining(engine, table('rows')));
    expect(profileSchema.parse(profile)).toEqual(profile);
    const { frame, ...counted } = x(profile);
    const sorted = [...numbers].sort((a, b) => a - b);
    expect(frame.edges).toEqual([...frame.edges].sort((a, b) => a - b));
    expect(new Set(frame.edges).size).toBe(frame.edges.length);
    expect(frame.edges.length).toBeLessThan(13);
    expect(frame.low).toBe(sorted[Math.ceil(sorted.length * 0.001) - 1]);
    expect(frame.top).toBe(0);
    expect(counted.counts).toEqual(
      [...frame.edges, Number.POSITIVE_INFINITY].map(
        (edge, i, all) =>
          numbers.filter((value) => value <= edge && value > (all[i - 1] ?? Number.NEGATIVE_INFINITY)).length,
      ),
    );
    expect(counted).toMatchObject({
      missing: values.filter((value) => value === 'NULL').length,
      nan: values.filter((value) => value === "'nan'").length,
      below: numbers.filter((value) => value < frame.low).length,
      above: numbers.filter((value) => value > frame.high).length,
      topCount: numbers.filter((value) => value === 0).length,
      n: numbers.length,
      min: sorted[0],
      max: sorted.at(-1),
    });
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
    const moments = momentsOf(x(profile));
    expect(moments?.mean).toBeCloseTo(mean, 5);
    expect((moments?.variance ?? 0) / variance).toBeCloseTo(1, 8);
  });

  test('an empty column and a constant one have a profile too', async () => {
    const profile = await withRows((engine) => profileTraining(engine, table('rows')));
    expect(profile.features[2]).toMatchObject({ missing: ROWS, n: 0, counts: [0], min: null, sum: '0' });
    expect(profile.features[3]).toMatchObject({ frame: { edges: [5], top: 5 }, counts: [ROWS, 0], topCount: ROWS });
  });

  test('of 64 shards in any order has the bytes of the profile of all rows', async () => {
    await withRows(async (engine) => {
      const whole = await profileTraining(engine, table('rows'));
      const shards: Profile[] = [];
      for (let shard = 0; shard < 64; shard += 1)
        shards.push(await profileInFrame(engine, table(`rows WHERE r * 7919 % 64 = ${shard}`), whole));
      const bytes = JSON.stringify(whole);
      const forward = shards.reduce(mergeProfiles, emptyProfile(whole));
      const backward = shards.reduceRight((sum, shard) => mergeProfiles(shard, sum), emptyProfile(whole));
      const pairwise = (parts: Profile[]): Profile =>
        parts.length === 1 && parts[0]
          ? parts[0]
          : mergeProfiles(pairwise(parts.slice(0, parts.length >> 1)), pairwise(parts.slice(parts.length >> 1)));
      expect([forward, backward, pairwise(shards)].map((profile) => JSON.stringify(profile))).toEqual([
        bytes,
        bytes,
        bytes,
      ]);
    });
  });

  test('counts later values that training never had', async () => {
    const later = await withRows(async (engine) => {
      const frame = await profileTraining(engine, table('rows'));
      await engine.run(
        "CREATE TABLE later AS SELECT * FROM (VALUES (1e300, 'new'), (-1e300, 'level 0'), ('inf'::DOUBLE, NULL)) t(x, level), (SELECT NULL::DOUBLE AS nothing, 5 AS one, 'no' AS y)",
      );
      return profileInFrame(engine, table('later'), frame);
    });
    expect(x(later)).toMatchObject({ below: 1, above: 1, nan: 1, n: 2, min: -1e300, max: 1e300, sum: '0' });
    expect(later.features[1]).toMatchObject({ unseen: 1, missing: 1, n: 2 });
  });

  test('is not merged with one that was counted differently', async () => {
    const [a, b] = await withRows(async (engine) => [
      await profileTraining(engine, table('rows')),
      await profileTraining(engine, table('rows WHERE r < 3000')),
    ]);
    expect(() => mergeProfiles(a as Profile, b as Profile)).toThrow(/"x" was not counted in the same frame/);
  });
});

describe('levels', () => {
  const counts = [
    { value: 'a', count: 900 },
    { value: 'b', count: 95 },
    { value: 'c', count: 5 },
    { value: 'd', count: 4 },
  ];
  test('below max(0.5 %, 5/n) are counted together', () => {
    expect(categoricalFrame(counts)).toEqual({ levels: ['a', 'b'], rare: ['c', 'd'], closed: true, once: 0 });
    expect(categoricalFrame([{ value: 'a', count: 20 }, ...counts.slice(2)])).toMatchObject({
      levels: ['a', 'c'],
      rare: ['d'],
    });
  });
  test('never seen are told from rare ones while the rare ones are known', () => {
    const frame = categoricalFrame(counts);
    const seen = [...counts, { value: 'e', count: 7 }];
    expect(countCategories('k', frame, { levels: seen, missing: 2 })).toMatchObject({
      counts: [900, 95],
      other: 9,
      unseen: 7,
      n: 1011,
    });
    expect(countCategories('k', { ...frame, closed: false }, { levels: seen, missing: 2 })).toMatchObject({
      other: 16,
      unseen: 0,
    });
  });
});
