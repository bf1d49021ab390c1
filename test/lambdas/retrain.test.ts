import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { beforeEach, describe, expect, test } from 'vitest';
import type { CapturedLine } from '../../domain/capture.ts';
import type { DataSchema } from '../../domain/data-schema.ts';
import { namedModelConfigSchema } from '../../domain/model-config.ts';
import { capturePartition } from '../../domain/names.ts';
import type { Version } from '../../domain/registry-items.ts';
import { type RetrainPorts, retrain } from '../../lambdas/retrain/retrain.ts';
import { labelsKey } from '../../lambdas/shared/labels.ts';
import { sha256Hex } from '../../lambdas/shared/objects.ts';
import { capturedLineWith, capturesObject } from '../support/captures.ts';
import { datasetRef, newVersion } from '../support/domain-builders.ts';
import { memoryListing, memoryObjects } from '../support/memory-objects.ts';
import { parquet } from '../support/parquet.ts';

const column = (
  name: string,
  role: 'feature' | 'id' | 'target' | 'ignored',
  type: 'numeric' | 'categorical' | 'boolean' = 'categorical',
  required = true,
) => ({ name, role, type, required, missingShare: 0 });
const SCHEMA: DataSchema = {
  format: 1,
  target: { kind: 'binary', name: 'churned', classes: ['no', 'yes'], positive: 'yes' },
  columns: [
    column('customer', 'id'),
    column('age', 'feature', 'numeric'),
    column('Plan', 'feature'),
    column('plan', 'feature', 'boolean', false),
    column('note', 'ignored'),
    column('churned', 'target'),
  ],
};
const BASE =
  'customer,age,Plan,plan,note,churned\nc-1,30,basic,yes,"a ""quoted"", note",no\nc-2,41.5,plus,,x,yes\nc-3,50,basic,no,,no\n';
const SINCE = '2026-11-20T00:00:00.000Z';

/** The function that composes datasets, over storage in memory. */
class Bench {
  readonly objects = memoryObjects();
  readonly put = new Map<string, { text: string; metadata: Readonly<Record<string, string>> }>();
  readonly versions = new Map<number, Version>();
  champion: number | null = 1;
  minLabels = 2;
  redact: string[] = [];
  #files = 0;

  async version(version: number, schema: DataSchema = SCHEMA, base = BASE) {
    const made = newVersion();
    const schemaKey = `churn/runs/run-${version}/schema.json`;
    await this.objects.putJson({ bucket: 'artifacts', key: schemaKey }, schema);
    await this.objects.putBytes({ bucket: 'data', key: 'churn/training/march.csv' }, Buffer.from(base));
    const bytes = Buffer.byteLength(base);
    const dataset = datasetRef({
      versionId: '1',
      sha256: sha256Hex(Buffer.from(base)),
      parts: [{ key: 'churn/training/march.csv', versionId: '1', bytes }],
      bytes,
      uploadedAt: SINCE,
    });
    this.versions.set(version, {
      ...made,
      model: 'churn',
      version,
      files: { ...made.files, schema: schemaKey },
      lineage: { ...made.lineage, dataset },
    } as unknown as Version);
  }

  async captured(lines: readonly CapturedLine[], version = 1, hour = '2026-11-23T10') {
    this.#files += 1;
    const key = `${capturePartition('churn', version, hour)}${this.#files}.gz`;
    await this.objects.putBytes({ bucket: 'data', key }, capturesObject(lines));
  }

  async labelled(labels: Readonly<Record<string, string>>, receivedAt = '2026-11-24T08:00:00') {
    const rows = Object.entries(labels).map(
      ([id, label]) => `('${id}', '${label}', NULL::TIMESTAMP, TIMESTAMP '${receivedAt}')`,
    );
    const file = await parquet(
      `SELECT * FROM (VALUES ${rows.join(', ')}) AS t(inference_id, label, "at", received_at)`,
    );
    await this.objects.putBytes(
      { bucket: 'artifacts', key: labelsKey('churn', receivedAt.slice(0, 10), sha256Hex(file)) },
      file,
    );
  }

  get ports(): RetrainPorts {
    const stored = (bucket: string) => this.objects.keys(bucket).map((key) => ({ bucket, key, bytes: 1_000 }));
    return {
      model: 'churn',
      config: namedModelConfigSchema.parse({
        name: 'churn',
        problem: { kind: 'binary', target: 'churned', id: 'customer' },
        reactions: { minLabels: this.minLabels },
      }),
      redact: this.redact,
      dataBucket: 'data',
      artifactBucket: 'artifacts',
      registry: {
        head: async () => ({ champion: this.champion }) as never,
        version: async (version) => this.versions.get(version) ?? null,
      },
      objects: this.objects,
      listing: memoryListing(async () => [...stored('data'), ...stored('artifacts')]),
      results: {
        find: async ({ key }) => this.put.get(key)?.metadata ?? null,
        putOnce: async (file, { key }, metadata) => {
          if (this.put.has(key)) return false;
          this.put.set(key, { text: await readFile(file, 'utf8'), metadata });
          return true;
        },
      },
      engine: { memoryMb: 256, threads: 2 },
      now: () => '2026-11-25T00:00:00.000Z',
    };
  }

  compose = (incident = 'incident-1', since: string | null = null) => retrain({ incident, since }, this.ports);

  rows(): string[][] {
    const [only] = this.put.values();
    return parse(only?.text ?? '') as string[][];
  }
}

const line = (request_id: string, instance: Record<string, unknown>, over: Partial<CapturedLine> = {}) =>
  capturedLineWith({
    request_id,
    version: 1,
    instances: [instance],
    predictions: [{ label: 'no', score: 0.2 }],
    ...over,
  });
const person = (customer: string | null, age: number | null, more: object = {}) => ({
  ...(customer === null ? {} : { customer }),
  age,
  Plan: 'plus',
  plan: true,
  ...more,
});

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.version(1);
});

test('labelled predictions are added to the data of the champion, under its columns', async () => {
  await bench.captured([
    line('r-1', person('c-8', 61.25)),
    line('r-2', person('c-9', null, { Plan: 'it\'s, "new"', plan: 'no' })),
    line('r-3', person('c-10', 33)),
  ]);
  await bench.labelled({ 'r-1-0': 'yes', 'r-2-0': 'no', 'unknown-0': 'no' });
  expect(await bench.compose()).toEqual({
    status: 'COMPOSED',
    rows: 5,
    labelled: 2,
    needed: 2,
    key: 'churn/training/retrain/incident-1.csv',
    because: null,
  });
  expect(bench.rows()).toEqual([
    ['customer', 'age', 'Plan', 'plan', 'note', 'churned'],
    ['c-1', '30', 'basic', 'yes', 'a "quoted", note', 'no'],
    ['c-2', '41.5', 'plus', '', 'x', 'yes'],
    ['c-3', '50', 'basic', 'no', '', 'no'],
    ['c-8', '61.25', 'plus', 'true', '', 'yes'],
    ['c-9', '', 'it\'s, "new"', 'false', '', 'no'],
  ]);
  expect([...bench.put.values()][0]?.metadata).toEqual({
    incident: 'incident-1',
    since: SINCE,
    rows: '5',
    labelled: '2',
    champion: '1',
  });
});

test('of rows with one id the newest counts; a prediction without an id is a row of its own', async () => {
  await bench.captured([
    line('r-1', person('c-2', 1)),
    line('r-2', person('c-2', 2)),
    line('r-3', person(null, 3)),
    line('r-4', person(null, 4)),
  ]);
  await bench.labelled({ 'r-2-0': 'no', 'r-3-0': 'no', 'r-4-0': 'no' }, '2026-11-23T08:00:00');
  await bench.labelled({ 'r-1-0': 'yes' }, '2026-11-24T08:00:00');
  expect(await bench.compose()).toMatchObject({ status: 'COMPOSED', rows: 5 });
  expect(
    bench
      .rows()
      .slice(1)
      .map(([id, age, , , , label]) => [id, age, label]),
  ).toEqual([
    ['c-1', '30', 'no'],
    ['c-3', '50', 'no'],
    ['c-2', '1.0', 'yes'],
    ['r-3-0', '3.0', 'no'],
    ['r-4-0', '4.0', 'no'],
  ]);
});

test('predictions of every version count, read by its own schema; those that Firehose delivered twice once', async () => {
  const older: DataSchema = {
    ...SCHEMA,
    columns: [
      column('Plan', 'feature'),
      column('age', 'feature', 'numeric'),
      column('extra', 'feature'),
      column('churned', 'target'),
    ],
  };
  await bench.version(2, older);
  const twice = line('r-2', { ...person('c-7', 21), extra: 'x' }, { version: 2 });
  await bench.captured([line('r-1', person('c-6', 20))]);
  await bench.captured([twice], 2);
  await bench.captured([twice], 2, '2026-11-23T11');
  await bench.captured([line('r-3', person('c-5', 20), { version: 3 })], 3);
  await bench.labelled({ 'r-1-0': 'yes', 'r-2-0': 'no', 'r-3-0': 'no' });
  expect(await bench.compose()).toMatchObject({ labelled: 2, rows: 5 });
  // The older version knew no id and no such field.
  expect(bench.rows().slice(4)).toEqual([
    ['c-6', '20.0', 'plus', 'true', '', 'yes'],
    ['r-2-0', '21.0', 'plus', '', '', 'no'],
  ]);
});

describe('what is too old or too little', () => {
  test('predictions from before the last dataset, or before the given time, are left out', async () => {
    await bench.captured([line('old', person('c-8', 1), { at: '2026-11-19T23:59:59.000Z' })], 1, '2026-11-20T00');
    await bench.captured([line('r-1', person('c-9', 2)), line('r-2', person('c-10', 3))]);
    await bench.captured([line('new', person('c-11', 4), { at: '2026-11-24T01:00:00.000Z' })], 1, '2026-11-24T01');
    await bench.labelled({ 'old-0': 'no', 'r-1-0': 'no', 'r-2-0': 'yes', 'new-0': 'no' });
    expect(await bench.compose('a')).toMatchObject({ labelled: 3 });
    expect(await bench.compose('b', '2026-11-24T00:00:00Z')).toMatchObject({
      status: 'NOT_ENOUGH_LABELS',
      labelled: 1,
    });
  });

  test('too few labels are refused with the numbers, and nothing is written', async () => {
    bench.minLabels = 3;
    await bench.captured([
      line('r-1', person('c-8', 1)),
      line('r-2', person('c-9', 2)),
      line('r-3', person('c-10', 3)),
    ]);
    await bench.labelled({ 'r-1-0': 'no', 'r-2-0': 'no' });
    expect(await bench.compose()).toEqual({
      status: 'NOT_ENOUGH_LABELS',
      rows: 0,
      labelled: 2,
      needed: 3,
      key: null,
      because: `2 labelled predictions since ${SINCE} can be used; 3 are needed`,
    });
    expect(bench.put.size).toBe(0);
  });

  test('no labels and no captures are few labels', async () => {
    expect(await bench.compose()).toMatchObject({ status: 'NOT_ENOUGH_LABELS', labelled: 0 });
  });
});

describe('fields that were hidden are never taken for missing values', () => {
  test('a redacted feature is refused by its name', async () => {
    bench.redact = ['age', 'email'];
    await bench.captured([line('r-1', person('c-8', 1)), line('r-2', person('c-9', 2))]);
    await bench.labelled({ 'r-1-0': 'no', 'r-2-0': 'no' });
    expect(await bench.compose()).toMatchObject({
      status: 'REDACTED',
      key: null,
      because: '"age" is redacted in captures and the model learns from it: predictions cannot be trained on',
    });
  });

  test('rows from a time when it was redacted are left out, and the refusal says so', async () => {
    const { age: _, ...without } = person('c-8', 1);
    await bench.captured([
      line('r-1', without, { redacted: ['age'] }),
      line('r-2', person('c-9', 2), { redacted: ['email'] }),
    ]);
    await bench.labelled({ 'r-1-0': 'no', 'r-2-0': 'no' });
    expect(await bench.compose()).toMatchObject({
      status: 'NOT_ENOUGH_LABELS',
      labelled: 1,
      because: `1 labelled prediction since ${SINCE} can be used (1 more were captured without all features); 2 are needed`,
    });
    bench.minLabels = 1;
    expect(await bench.compose()).toMatchObject({ status: 'COMPOSED', rows: 4 });
  });

  test('a redacted id costs nothing but the id', async () => {
    bench.redact = ['customer'];
    await bench.captured([line('r-1', person('c-1', 1)), line('r-2', person('c-2', 2))]);
    await bench.labelled({ 'r-1-0': 'no', 'r-2-0': 'no' });
    expect(await bench.compose()).toMatchObject({ status: 'COMPOSED', rows: 5 });
    expect(bench.rows().map(([id]) => id)).toEqual(['customer', 'c-1', 'c-2', 'c-3', 'r-1-0', 'r-2-0']);
  });
});

test('one incident is one dataset, however often and with whatever labels it is asked for', async () => {
  await bench.captured([line('r-1', person('c-8', 1)), line('r-2', person('c-9', 2)), line('r-3', person('c-10', 3))]);
  await bench.labelled({ 'r-1-0': 'no', 'r-2-0': 'no' });
  const first = await bench.compose();
  const { text } = bench.put.get(first.key ?? '') ?? {};
  await bench.labelled({ 'r-3-0': 'no' }, '2026-11-24T09:00:00');
  expect(await bench.compose()).toEqual({ ...first, status: 'REPEATED' });
  expect(bench.put.get(first.key ?? '')?.text).toBe(text);
  expect(await bench.compose('incident-2')).toMatchObject({ status: 'COMPOSED', labelled: 3 });
});

test('without a champion, or without its data, nothing is composed and the reason is told', async () => {
  bench.champion = null;
  expect(await bench.compose()).toMatchObject({
    status: 'NO_CHAMPION',
    because: '"churn" has no champion whose data could be added to',
  });
  bench.champion = 1;
  await bench.captured([line('r-1', person('c-8', 1)), line('r-2', person('c-9', 2))]);
  await bench.labelled({ 'r-1-0': 'no', 'r-2-0': 'no' });
  const [version] = bench.versions.values();
  if (version) {
    const parts = [{ key: 'churn/training/gone.csv', versionId: '1', bytes: 10 }];
    const lineage = { ...version.lineage, dataset: { ...version.lineage.dataset, parts } };
    bench.versions.set(1, { ...version, lineage });
  }
  expect(await bench.compose()).toMatchObject({ status: 'NO_DATASET', labelled: 2, key: null });
});
