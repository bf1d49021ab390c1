import { type DataSchema, featuresOf, learnerText } from '../../domain/data-schema.ts';
import type { Run, Split } from '../../domain/flow.ts';
import { type NamedModelConfig, namedModelConfigSchema } from '../../domain/model-config.ts';
import { type Random, random } from '../../domain/statistics/random.ts';
import type { WriteOnceStore } from '../../lambdas/shared/artifact-store.ts';
import { trainCandidate } from '../../lambdas/train/train.ts';
import { threadTrainer } from '../../lambdas/train/trainer.ts';
import { memoryObjects } from './memory-objects.ts';

/** A generated problem as a split leaves it behind: a schema, a train split, a test split. */
export interface Problem {
  readonly schema: DataSchema;
  readonly train: readonly Row[];
  readonly test: readonly Row[];
}
type Value = number | string | null;
export interface Row {
  readonly values: Record<string, Value>;
  readonly truth: string | number;
}

type Kind = DataSchema['target']['kind'];

/** Age, a plan, a yes-or-no column with gaps, and noise; the truth follows the first two. */
export function problem(
  kind: Kind,
  options: { rows?: number; seed?: number; scale?: number; offset?: number } = {},
): Problem {
  const { rows = 600, seed = 1, scale = 1, offset = 0 } = options;
  const source = random(seed);
  const all = Array.from({ length: rows }, () => row(kind, source, { scale, offset }));
  const cut = Math.floor(rows * 0.75);
  return { schema: schema(kind), train: all.slice(0, cut), test: all.slice(cut) };
}

export const BUCKET = 'artifacts';

/** The files of a run, where a split would have put them. */
export async function storeSplit({ schema, train, test }: Problem, objects = memoryObjects()) {
  const at = (key: string) => ({ bucket: BUCKET, key });
  await objects.putJson(at('schema.json'), schema);
  await objects.putBytes(at('train.csv'), Buffer.from(trainCsv(schema, train)));
  await objects.putBytes(at('test.ndjson'), Buffer.from(testLines(test)));
  const split: Split = {
    trainKey: 'train.csv',
    trainRows: train.length,
    testKey: 'test.ndjson',
    testRows: test.length,
    profileKey: 'profile.json',
    features: featuresOf(schema).length,
  };
  return { objects, split, schemaKey: 'schema.json' };
}

export const RUN: Run = {
  model: 'churn',
  runId: 'churn-0001',
  dataset: {
    bucket: 'data',
    key: 'churn/training/a.csv',
    versionId: '1',
    sha256: '0'.repeat(64),
    bytes: 1,
    format: 'csv',
    parts: [{ key: 'churn/training/a.csv', versionId: '1', bytes: 1 }],
    uploadedAt: '2026-01-01T00:00:00.000Z',
  },
};

export function config(kind: Kind, overrides: object = {}): NamedModelConfig {
  return namedModelConfigSchema.parse({ name: 'churn', problem: { kind, target: 'target' }, ...overrides });
}

/** The worker as it stands in the sources; Node runs it without a bundle. */
export const WORKER = new URL('../../lambdas/train/worker.ts', import.meta.url);

export const quietTrainer = () => threadTrainer({ worker: WORKER, log: () => {} });

/** Trains through the use case, and gives back what evaluation and serving need. */
export async function trained(
  made: Problem,
  options: { learner?: 'gradient-boosted-trees' | 'random-forest'; config?: NamedModelConfig; runId?: string } = {},
) {
  const stored = await storeSplit(made);
  const { objects, split, schemaKey } = stored;
  const learner = options.learner ?? 'gradient-boosted-trees';
  const run = { ...RUN, runId: options.runId ?? RUN.runId };
  const candidate = await trainCandidate(
    { run, learner, schemaKey, split },
    options.config ?? config(made.schema.target.kind),
    { ...ports(objects), machine: { seconds: 900, memoryMb: 3008 } },
  );
  return { ...stored, run, candidate, bytes: await objects.getBytes(candidate.artifact) };
}

export const ports = (objects: ReturnType<typeof memoryObjects>) => ({
  objects,
  artifacts: { putOnce: (to, bytes) => objects.putBytes(to, bytes) } satisfies WriteOnceStore,
  trainer: quietTrainer(),
  bucket: BUCKET,
  scratch: '/tmp',
});

function row(kind: Kind, source: Random, { scale, offset }: { scale: number; offset: number }): Row {
  const age = 18 + source.below(60);
  const plan = ['basic', 'gold, "plus"', 'größer 木'][source.below(3)] ?? 'basic';
  const member = source.uniform() < 0.1 ? null : source.uniform() < 0.5 ? 'true' : 'false';
  const noise = source.uniform() < 0.1 ? null : source.normal();
  const value = age / 20 + (plan === 'basic' ? 1.5 : 0) + (member === 'true' ? 0.5 : 0) + source.normal() / 4;
  const values = { age, plan, member, noise };
  if (kind === 'regression') return { values, truth: value * scale + offset };
  if (kind === 'binary') return { values, truth: value > 3.5 ? 'yes' : 'no' };
  return { values, truth: value > 4 ? 'high' : value > 2.8 ? 'mid' : 'low, "really"' };
}

function schema(kind: Kind): DataSchema {
  const column = (
    name: string,
    type: 'numeric' | 'categorical' | 'boolean',
    role: 'feature' | 'id' | 'target' = 'feature',
  ) => ({
    name,
    role,
    type,
    required: name !== 'noise',
    missingShare: 0,
  });
  const target = { name: 'target' };
  return {
    format: 1,
    target:
      kind === 'regression'
        ? { kind, ...target }
        : kind === 'binary'
          ? { kind, ...target, classes: ['no', 'yes'], positive: 'yes' }
          : { kind, ...target, classes: ['high', 'low, "really"', 'mid'] },
    columns: [
      column('customer', 'categorical', 'id'),
      column('age', 'numeric'),
      column('plan', 'categorical'),
      column('member', 'boolean'),
      column('noise', 'numeric'),
      column('target', kind === 'regression' ? 'numeric' : 'categorical', 'target'),
    ],
  };
}

export function trainCsv(of: DataSchema, rows: readonly Row[]): string {
  const features = featuresOf(of);
  const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (value: Value, numeric: boolean) =>
    numeric ? String(value ?? '') : quoted(learnerText(value === null ? null : String(value)));
  const lines = rows.map(({ values, truth }) => [
    ...features.map(({ name, type }) => cell(values[name] ?? null, type === 'numeric')),
    cell(truth, of.target.kind === 'regression'),
  ]);
  return [[...features.map((_, index) => `f${index}`), 'label'], ...lines].map((line) => `${line.join()}\n`).join('');
}

export const testLines = (rows: readonly Row[]) =>
  rows.map(({ values, truth }) => `${JSON.stringify({ instance: values, truth })}\n`).join('');

/** Instances of rows, as a caller would send them. */
export const instancesOf = (rows: readonly Row[]) => rows.map(({ values }) => values);
