import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidDataset } from '../../../domain/errors.ts';
import { prepareForColumns, sqlName, sqlText, withEngine } from '../../../lambdas/shared/duckdb.ts';
import { ENGINE } from '../../support/datasets.ts';

describe('withEngine()', () => {
  test('opens nothing but its folder, and no query can change that', async () => {
    await withEngine(ENGINE, async (engine) => {
      for (const query of [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/proc/self/environ')",
        `COPY (SELECT 1) TO '${engine.folder}/../out.csv'`,
        "SELECT * FROM read_csv('https://example.org/a.csv')",
        'INSTALL httpfs',
        'SET enable_external_access = true',
        "SET memory_limit = '100GB'",
        "ATTACH '/tmp/other.duckdb' AS other",
      ])
        await expect(engine.rows(query), query).rejects.toThrow();
      await engine.run(`COPY (SELECT 1) TO '${engine.folder}/in.csv'`);
    });
  });

  test('removes its folder when the work fails', async () => {
    let folder = '';
    const failing = withEngine(ENGINE, async (engine) => {
      folder = engine.folder;
      await engine.run('SELECT nothing');
    });
    await expect(failing).rejects.toThrow(/nothing/);
    expect(existsSync(folder)).toBe(false);
  });

  test('ends work that takes too long or too much memory with an error that says so', async () => {
    const long = withEngine({ ...ENGINE, timeoutMs: 100 }, (engine) =>
      engine.rows('SELECT sum(hash(i)) FROM range(1e13::BIGINT) t(i)'),
    );
    await expect(long).rejects.toThrow(InvalidDataset);
    await expect(long).rejects.toThrow(/longer to read than this function may run/);
    const large = withEngine({ memoryMb: 20, threads: 1 }, (engine) =>
      engine.rows("SELECT string_agg(i::VARCHAR, '') FROM range(50000000) t(i)"),
    );
    await expect(large).rejects.toThrow(/more memory than this function has/);
  });

  test('tables of many columns do not need a block of memory for each', async () => {
    const columns = Array.from({ length: 1_500 }, (_, index) => `'text ' || (i + ${index}) AS c${index}`).join(', ');
    await withEngine({ memoryMb: 300, threads: 2 }, async (engine) => {
      await prepareForColumns(engine, 1_500);
      await engine.run(`CREATE TABLE part AS SELECT ${columns} FROM range(3000) t(i)`);
      expect(await engine.rows('SELECT count(*), max(c1499) FROM part')).toEqual([[3_000, 'text 4498']]);
    });
  });
});

test('names and texts are quoted, whatever is in them', async () => {
  const nasty = [`a"b'c`, "'; DROP TABLE t; --", '__proto__', 'größe 📏', '\\', '${x}', 'n'.repeat(3_000)];
  await withEngine(ENGINE, async (engine) => {
    for (const text of nasty)
      expect(await engine.rows(`SELECT ${sqlName(text)} FROM (SELECT ${sqlText(text)} AS ${sqlName(text)})`)).toEqual([
        [text],
      ]);
  });
});
