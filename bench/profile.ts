import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { dataSchema } from '../domain/data-schema.ts';
import type { Run } from '../domain/flow.ts';
import { namedModelConfigSchema } from '../domain/model-config.ts';
import { type NumericProfile, type Profile, trainingProfileSchema } from '../domain/profile.ts';
import { profileInFrame } from '../lambdas/shared/dataset-profile.ts';
import { sqlText, withEngine } from '../lambdas/shared/duckdb.ts';
import { encodeJson, type ObjectStore, parseJson, sha256Hex } from '../lambdas/shared/objects.ts';
import { split } from '../lambdas/split/split.ts';
import { validate } from '../lambdas/validate/validate.ts';

/*
 * How long a large dataset takes to be validated, divided and profiled, and how much memory: `node bench/profile.ts [rows]`.
 * The engine gets what a Lambda of 2 GB would give it; objects are files, so that nothing but the steps is in memory.
 */

const rows = Number(process.argv[2] ?? 1_000_000);
const NUMERIC = 10;
const CATEGORICAL = 8;
const limits = { memoryMb: 1_024, threads: 2 };

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  await bench();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench() {
  const source = join(folder, 'source.csv');
  await timed(`generate ${rows.toLocaleString('en-US')} rows × ${NUMERIC + CATEGORICAL + 2} columns`, () =>
    generate(source),
  );
  const { size } = await stat(source);
  console.log(`  ${Math.round(size / 1e6)} MB of CSV`);
  const objects = fileObjects(join(folder, 'objects'));
  const { sha256 } = await objects.upload(source, { bucket: 'data', key: 'bench/training/data.csv' });
  const parts = [{ key: 'bench/training/data.csv', versionId: '1', bytes: size }];
  const dataset = { bucket: 'data', key: 'bench/training/data.csv', versionId: '1', sha256, bytes: size };
  const run: Run = {
    model: 'bench',
    runId: 'r',
    dataset: { ...dataset, format: 'csv', parts, uploadedAt: '2026-01-01T00:00:00Z' },
  };
  const config = namedModelConfigSchema.parse({
    name: 'bench',
    problem: { kind: 'binary', target: 'label', id: 'id' },
  });
  const ports = { objects, config, artifactBucket: 'artifacts', engine: limits };
  const checked = await timed('validate', () => validate({ run }, { ...ports, pinnedSchema: async () => null }));
  if (!checked.valid) throw new Error(checked.reasons.join('\n'));
  const result = await timed('split and profile', () => split({ run, schemaKey: checked.schemaKey }, ports));
  console.log(`  ${result.trainRows} to train on, ${result.testRows} to test with, ${result.unusedTestRows} unused`);
  const baseline = await objects.getJson({ bucket: 'artifacts', key: result.profileKey }, trainingProfileSchema);
  const schema = await objects.getJson({ bucket: 'artifacts', key: checked.schemaKey }, dataSchema);
  await timed('profile a window of all rows in the frame, from CSV, and compare', () =>
    window(
      source,
      baseline,
      schema.columns.map(({ name }) => name),
    ),
  );
  console.log(`peak memory ${Math.round(process.resourceUsage().maxRSS / 1e3)} MB`);
}

/** What monitoring does with captured rows: read, count in the frame, compare bin by bin. */
async function window(source: string, baseline: Profile, header: readonly string[]) {
  await withEngine(limits, async (engine) => {
    const file = join(engine.folder, 'window.csv');
    await copyFile(source, file);
    const type = (name: string) =>
      baseline.features.find((column) => column.name === name)?.kind === 'numeric' ? 'DOUBLE' : 'VARCHAR';
    const columns = header.map((name) => `${sqlText(name)}: '${type(name)}'`).join(', ');
    const from = `read_csv(${sqlText(file)}, auto_detect = false, header = true, delim = ',', quote = '"', columns = {${columns}})`;
    await engine.run(`CREATE TABLE captured AS SELECT * FROM ${from}`);
    const profile = await profileInFrame(
      engine,
      {
        from: 'captured',
        features: baseline.features.map(({ name, kind }) => ({ name, kind, sql: name })),
        target: { name: 'label', kind: 'categorical', sql: 'label' },
      },
      baseline,
    );
    const psi = profile.features.map((column, index) =>
      populationStability(baseline.features[index]?.counts ?? [], column.counts),
    );
    console.log(
      `  largest PSI ${Math.max(...psi).toFixed(5)} over ${(profile.features[0] as NumericProfile).n} values`,
    );
  });
}

function populationStability(reference: readonly number[], current: readonly number[]): number {
  const share = (counts: readonly number[]) => {
    const total = counts.reduce((sum, count) => sum + count, 0) + counts.length / 2;
    return counts.map((count) => (count + 0.5) / total);
  };
  const [p, q] = [share(reference), share(current)];
  return p.reduce((sum, value, bin) => sum + (value - (q[bin] ?? value)) * Math.log(value / (q[bin] ?? value)), 0);
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  const seconds = ((performance.now() - started) / 1e3).toFixed(1);
  console.log(`${what}: ${seconds} s, ${Math.round(process.memoryUsage().rss / 1e6)} MB after`);
  return result;
}

async function generate(file: string) {
  let state = 12_345;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const out = createWriteStream(file);
  const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, index) => `${letter}${index}`);
  let text = `${['id', ...numbered('n', NUMERIC), ...numbered('k', CATEGORICAL), 'label'].join(',')}\n`;
  for (let row = 0; row < rows; row += 1) {
    let signal = random();
    text += `u${row}`;
    for (let column = 0; column < NUMERIC; column += 1) {
      const value = random() + random() + random() - 1.5;
      if (column < 3) signal += value;
      text += random() < 0.02 ? ',' : `,${value.toFixed(5)}`;
    }
    for (let column = 0; column < CATEGORICAL; column += 1)
      text += `,level_${Math.floor(random() * random() * (5 + 5 * column))}`;
    text += signal > 0.7 ? ',yes\n' : ',no\n';
    if (text.length > 1e6) {
      if (!out.write(text)) await once(out, 'drain');
      text = '';
    }
  }
  out.end(text);
  await finished(out);
}

/** The object store over a folder. */
function fileObjects(root: string): ObjectStore {
  const path = ({ bucket, key }: { bucket: string; key: string }) => join(root, bucket, key);
  const digest = async (file: string) => {
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    return { bytes: (await stat(file)).size, sha256: hash.digest('hex') };
  };
  return {
    getBytes: (from) => readFile(path(from)),
    async getJson(from, schema) {
      return parseJson(from, await readFile(path(from)), schema);
    },
    async putBytes(to, bytes) {
      await mkdir(dirname(path(to)), { recursive: true });
      await writeFile(path(to), bytes);
      return { bytes: bytes.byteLength, sha256: sha256Hex(bytes) };
    },
    putJson(to, value) {
      return this.putBytes(to, encodeJson(value));
    },
    async download(from, file) {
      await copyFile(path(from), file);
      return digest(file);
    },
    async upload(file, to) {
      await mkdir(dirname(path(to)), { recursive: true });
      await copyFile(file, path(to));
      return digest(file);
    },
  };
}
