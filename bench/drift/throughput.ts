import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compareWindow } from '../../domain/drift/compare.ts';
import { emptyMonitorState } from '../../domain/drift/state.ts';
import { emptyProfile, mergeProfiles, type Profile, type TrainingProfile } from '../../domain/profile.ts';
import { profileInFrame, profileTraining } from '../../lambdas/shared/dataset-profile.ts';
import { sqlText, withEngine } from '../../lambdas/shared/duckdb.ts';
import { USUAL } from './watch.ts';

/**
 * Rows to a verdict: objects of at most a million rows are profiled one after the other, as the children of the monitor's
 * map do it, their profiles merged and compared. Each measurement is a process of its own, so that its memory is its own.
 */
export interface Throughput {
  readonly rows: number;
  readonly columns: number;
  readonly profileMs: number;
  readonly compareMs: number;
  /** Of both, over all threads: what other work on the machine does not change. */
  readonly cpuMs: number;
  readonly peakMb: number;
}

const OBJECT_ROWS = 1_000_000;
const ENGINE = { memoryMb: 1_024, threads: 2 };

/** Two thirds numbers, a third categories; the last one is the target. */
const columnsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    name: `c${index}`,
    kind: index % 3 === 2 ? ('categorical' as const) : ('numeric' as const),
    sql: `c${index}`,
  }));

const tableOf = (from: string, count: number) => ({
  from,
  features: columnsOf(count),
  target: { name: 'label', kind: 'categorical' as const, sql: 'label' },
});

const valueSql = (index: number) =>
  index % 3 === 2
    ? `'level ' || floor(random() * random() * ${5 + (index % 40)})`
    : `CASE WHEN random() > 0.02 THEN round(random() + random() + random() - 1.5, 5) END`;

export async function throughput(sizes: readonly (readonly [rows: number, columns: number])[]): Promise<Throughput[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  try {
    const measured: Throughput[] = [];
    for (const [rows, columns] of sizes) {
      const inObject = Math.min(rows, OBJECT_ROWS);
      await generate(folder, inObject, columns);
      const { stdout } = await promisify(execFile)(process.execPath, [
        fileURLToPath(import.meta.url),
        folder,
        String(rows / inObject),
        String(columns),
      ]);
      measured.push({ rows, columns, ...(JSON.parse(stdout) as Omit<Throughput, 'rows' | 'columns'>) });
    }
    return measured;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function generate(folder: string, rows: number, columns: number) {
  await withEngine({ memoryMb: 4_096, threads: 2 }, async (engine) => {
    const select = columnsOf(columns).map(({ name }, index) => `${valueSql(index)} AS ${name}`);
    const file = join(engine.folder, 'object.parquet');
    const query = (count: number) =>
      `SELECT ${select.join(', ')}, CASE WHEN random() < 0.3 THEN 'yes' ELSE 'no' END AS label FROM range(${count})`;
    await engine.run(`COPY (${query(rows)}) TO ${sqlText(file)} (FORMAT parquet)`);
    await copyFile(file, join(folder, 'object.parquet'));
    await engine.run(`CREATE TABLE training AS ${query(Math.min(rows, 50_000))}`);
    const profile = await profileTraining(engine, tableOf('training', columns));
    const split = { rows: profile.rows, train: profile.rows, test: 0, unused: 0, rejected: 0 };
    await writeFile(join(folder, 'reference.json'), JSON.stringify({ ...profile, split } satisfies TrainingProfile));
  });
}

async function measure(folder: string, objects: number, columns: number) {
  const reference = JSON.parse(await readFile(join(folder, 'reference.json'), 'utf8')) as TrainingProfile;
  await withEngine(ENGINE, async (engine) => {
    const file = join(engine.folder, 'object.parquet');
    await copyFile(join(folder, 'object.parquet'), file);
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    let window: Profile = emptyProfile(reference);
    for (let object = 0; object < objects; object += 1)
      window = mergeProfiles(
        window,
        await profileInFrame(engine, tableOf(`read_parquet(${sqlText(file)})`, columns), reference),
      );
    const profiled = performance.now();
    const input = { id: 'window', reference, window, predictions: null, state: emptyMonitorState, settings: USUAL };
    const { verdict } = compareWindow(input);
    if (verdict.features.length !== columns) throw new Error('not all columns were compared');
    const compareMs = performance.now() - profiled;
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = (user + system) / 1e3;
    const peakMb = process.resourceUsage().maxRSS / 1_024;
    console.log(JSON.stringify({ profileMs: profiled - started, compareMs, cpuMs, peakMb }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = '', objects, columns] = process.argv.slice(2);
  await measure(folder, Number(objects), Number(columns));
}
