import { createHash } from 'node:crypto';
import type { DataSchema } from '../../domain/data-schema.ts';
import type { Run } from '../../domain/flow.ts';
import { type NamedModelConfig, namedModelConfigSchema } from '../../domain/model-config.ts';
import type { ValidationReport } from '../../domain/validation.ts';
import { validate } from '../../lambdas/validate/validate.ts';
import { memoryObjects } from './memory-objects.ts';

/** A seeded stream of numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Table = readonly (readonly (string | number | null)[])[];

/** A small churn table: header first; `age` and `plan` tell something of the label, nothing tells all of it. */
export function churnTable(rows = 400, seed = 1): (string | number | null)[][] {
  const random = seededRandom(seed);
  const plans = ['basic', 'family', 'business'];
  const table: (string | number | null)[][] = [['customer', 'age', 'plan', 'active', 'spend', 'churned']];
  for (let row = 0; row < rows; row += 1) {
    const age = 18 + Math.floor(random() * 60);
    const plan = plans[Math.floor(random() * 3)] ?? 'basic';
    const spend = random() < 0.05 ? null : Math.round(random() * 10_000) / 100;
    const churned = random() < (age > 40 ? 0.2 : 0.5) ? 'yes' : 'no';
    table.push([`c-${seed}-${row}`, age, plan, random() < 0.5 ? 'true' : 'false', spend, churned]);
  }
  return table;
}

export const csv = (table: Table, { delimiter = ',', end = '\n' } = {}) =>
  table.map((row) => row.map((cell) => csvCell(cell, delimiter)).join(delimiter) + end).join('');

const csvCell = (cell: string | number | null, delimiter: string) => {
  const text = cell === null ? '' : String(cell);
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** The table with one column computed anew. */
export function withColumn(
  table: Table,
  name: string,
  value: (row: readonly (string | number | null)[], index: number) => string | number | null,
): (string | number | null)[][] {
  const [header = [], ...rows] = table;
  const at = header.indexOf(name);
  const put = (row: readonly (string | number | null)[], cell: string | number | null) =>
    at === -1 ? [...row, cell] : row.map((old, index) => (index === at ? cell : old));
  return [put(header, name), ...rows.map((row, index) => put(row, value(row, index)))];
}

export const churnConfig = (overrides: Record<string, unknown> = {}): NamedModelConfig =>
  namedModelConfigSchema.parse({
    name: 'churn',
    problem: { kind: 'binary', target: 'churned', positive: 'yes', id: 'customer' },
    ...overrides,
  });

export const ENGINE = { memoryMb: 512, threads: 2 };
export const DATA = 'data-bucket';
export const ARTIFACTS = 'artifact-bucket';

export interface Uploaded {
  readonly objects: ReturnType<typeof memoryObjects>;
  readonly run: Run;
}

/** Files as one dataset in a store of their own, and the run that reads them. */
export async function uploaded(files: readonly (string | Uint8Array)[], name = 'data.csv'): Promise<Uploaded> {
  const objects = memoryObjects();
  const hash = createHash('sha256');
  const parts: Run['dataset']['parts'] = [];
  for (const [index, file] of files.entries()) {
    const key = `churn/training/${files.length === 1 ? name : `part-${index}-${name}`}`;
    const bytes = typeof file === 'string' ? Buffer.from(file) : file;
    hash.update(bytes);
    const { versionId = '' } = await objects.putBytes({ bucket: DATA, key }, bytes);
    parts.push({ key, versionId, bytes: bytes.byteLength });
  }
  const [first] = parts;
  const dataset = {
    bucket: DATA,
    key: first?.key ?? '',
    versionId: first?.versionId ?? '',
    sha256: hash.digest('hex'),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    format: 'csv' as const,
    parts,
    uploadedAt: '2026-01-01T00:00:00.000Z',
  };
  return { objects, run: { model: 'churn', runId: 'run-1', dataset } };
}

export interface Checked extends Uploaded {
  readonly output: Awaited<ReturnType<typeof validate>>;
  readonly report: ValidationReport;
  readonly schema: DataSchema | null;
}

/** Uploads and validates. */
export async function checked(
  files: string | Uint8Array | readonly (string | Uint8Array)[],
  { config = churnConfig(), pinned = null }: { config?: NamedModelConfig; pinned?: DataSchema | null } = {},
): Promise<Checked> {
  const upload = await uploaded(typeof files === 'string' || files instanceof Uint8Array ? [files] : files);
  const { objects, run } = upload;
  const output = await validate(
    { run },
    { objects, config, artifactBucket: ARTIFACTS, pinnedSchema: async () => pinned, engine: ENGINE },
  );
  const report: ValidationReport = JSON.parse(objects.text({ bucket: ARTIFACTS, key: output.reportKey }));
  const schema: DataSchema | null = output.valid
    ? JSON.parse(objects.text({ bucket: ARTIFACTS, key: output.schemaKey }))
    : null;
  return { ...upload, output, report, schema };
}

/** The codes of a report's errors, each once. */
export const errorCodes = ({ report }: Checked) => [
  ...new Set(report.anomalies.filter(({ severity }) => severity === 'ERROR').map(({ code }) => code)),
];
export const warningCodes = ({ report }: Checked) => [
  ...new Set(report.anomalies.filter(({ severity }) => severity === 'WARN').map(({ code }) => code)),
];
