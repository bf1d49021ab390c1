import { beforeEach, describe, expect, test } from 'vitest';
import type { DataSchema } from '../../domain/data-schema.ts';
import { type NamedModelConfig, namedModelConfigSchema } from '../../domain/model-config.ts';
import type { Upload } from '../../domain/registry-items.ts';
import { type Cell, withEngine } from '../../lambdas/shared/duckdb.ts';
import { joinLabels, listLabels, loadLabels } from '../../lambdas/shared/labels.ts';
import { takeLost } from '../../lambdas/truth/take-lost.ts';
import { type TruthPorts, takeTruth } from '../../lambdas/truth/truth.ts';
import { memoryListing, memoryObjects } from '../support/memory-objects.ts';
import { MemoryRegistry } from '../support/memory-registry.ts';
import { parquet } from '../support/parquet.ts';

const limits = { memoryMb: 256, threads: 2 };
const BINARY = { kind: 'binary', target: 'churned', positive: 'yes' };
const configOf = (problem: object): NamedModelConfig => namedModelConfigSchema.parse({ name: 'churn', problem });
const schemaOf = (target: DataSchema['target']): DataSchema => ({ format: 1, target, columns: [] });
const YES_NO = schemaOf({ kind: 'binary', name: 'churned', classes: ['no', 'yes'], positive: 'yes' });

/** The function that takes labels in, over storage in memory. */
class Desk {
  readonly registry = new MemoryRegistry('churn');
  readonly objects = memoryObjects();
  readonly told: { id: string; subject: string; body: string }[] = [];
  readonly hidden: string[] = [];
  readonly copied: string[] = [];
  readonly config: NamedModelConfig;
  failNextTelling = false;
  #versions = 0;

  constructor(problem: object = BINARY) {
    this.config = configOf(problem);
  }

  async pin(schema: DataSchema = YES_NO) {
    const pinned = { model: 'churn', fingerprint: 'x', schema, runId: 'run-1', pinnedAt: '2026-11-01T00:00:00.000Z' };
    await this.registry.write({ schema: pinned });
  }

  get ports(): TruthPorts {
    return {
      registry: this.registry,
      // Versions have names of their own below; every key here is written once.
      objects: {
        ...this.objects,
        download: ({ bucket, key }, file) => this.objects.download({ bucket, key }, file),
      },
      engine: limits,
      now: () => '2026-11-23T12:00:00.000Z',
      uploads: {
        open: async (key, versionId = '1') => {
          const bytes = await this.objects.getBytes({ bucket: 'data', key });
          return { versionId, bytes: bytes.byteLength, body: chunks(bytes) };
        },
      },
      moves: {
        copy: async (_, to) => this.copied.push(to) > 0,
        hide: async (key) => void this.hidden.push(key),
      },
      announcer: {
        artifactBucket: 'artifacts',
        announce: async (id, { subject, body }) => {
          if (this.failNextTelling) {
            this.failNextTelling = false;
            throw new Error('SNS is away');
          }
          this.told.push({ id, subject, body });
        },
      },
    };
  }

  /** Uploads a file; gives the event of it. */
  async put(name: string, content: string | Uint8Array, time = '2026-11-23T11:00:00Z') {
    const key = `churn/truth/${name}`;
    await this.objects.putBytes({ bucket: 'data', key }, Buffer.from(content));
    this.#versions += 1;
    const versionId = `v${this.#versions}`;
    return {
      'detail-type': 'Object Created' as const,
      source: 'aws.s3' as const,
      account: '111122223333',
      time,
      detail: { bucket: { name: 'data' }, object: { key, 'version-id': versionId, sequencer: `00${this.#versions}` } },
    };
  }

  take = async (event: Awaited<ReturnType<Desk['put']>>) =>
    takeTruth(event, this.ports, { config: this.config, dataBucket: 'data' });

  async upload(name: string, content: string | Uint8Array, time?: string) {
    return this.take(await this.put(name, content, time));
  }

  async outcomes(): Promise<Upload[]> {
    return this.registry.uploads();
  }

  report = (name: string) =>
    JSON.parse(this.objects.text({ bucket: 'data', key: name })) as {
      anomalies: { reason: string; row?: number; column?: string }[];
    };

  /** All labels that were taken in, as a window finds them. */
  async labels(): Promise<Cell[][]> {
    const listing = memoryListing(async () =>
      this.objects.keys('artifacts').map((key) => ({ bucket: 'artifacts', key, bytes: 1 })),
    );
    const found = await listLabels(listing, { bucket: 'artifacts', model: 'churn', since: '2026-01-01' });
    return withEngine(limits, async (engine) => {
      await loadLabels(
        engine,
        found.map(({ key }) => key),
        { objects: this.objects, bucket: 'artifacts' },
      );
      return engine.rows('SELECT inference_id, label, labelled_at::VARCHAR FROM labels ORDER BY inference_id');
    });
  }
}

async function* chunks(bytes: Uint8Array) {
  yield bytes;
}

let desk: Desk;
beforeEach(async () => {
  desk = new Desk();
  await desk.pin();
});

describe('labels that are as they should be', () => {
  test('are taken in, counted, told and recorded', async () => {
    const result = await desk.upload('monday.csv', 'inference_id,label\nr-0,yes\nr-1,no\nr-1,no\nr-2,\n');
    expect(result).toEqual({
      action: 'LABELLED',
      truth: { rows: 4, labels: 2, duplicates: 1, corrected: 0, empty: 1 },
    });
    expect(await desk.labels()).toEqual([
      ['r-0', 'yes', '2026-11-23 11:00:00'],
      ['r-1', 'no', '2026-11-23 11:00:00'],
    ]);
    expect(await desk.outcomes()).toMatchObject([
      { key: 'churn/truth/monday.csv', status: 'LABELLED', announced: true },
    ]);
    expect(desk.told).toHaveLength(1);
    expect(desk.told[0]?.subject).toBe('churn: late labels arrived');
    expect(desk.told[0]?.body).toContain('2 late labels of model "churn" were taken in');
    expect(desk.told[0]?.body).toContain('1 row without a label were left out');
    expect(desk.hidden).toEqual([]);
  });

  test.each([
    ['semicolons, CRLF and a byte order mark', '\uFEFFInference ID;Label\r\nr-0;yes\r\n'],
    ['tabs, quotes and blanks', 'inferenceId\tlabel\n"r-0"\t" yes "\n'],
    ["the target's own name and a column of no use", 'churned,inference-id,note\nyes,r-0,"a, b"\n'],
  ])('are read from CSV with %s', async (_, csv) => {
    expect(await desk.upload('x.csv', csv)).toMatchObject({ action: 'LABELLED' });
    expect(await desk.labels()).toEqual([['r-0', 'yes', expect.any(String)]]);
  });

  test('are read from Parquet, with times of any zone', async () => {
    const rows = `SELECT * FROM (VALUES ('r-0', 'yes', '2026-11-23T01:00:00+02:00'), ('r-1', 'no', '2026-11-22 23:30:00'),
      ('r-2', 'no', NULL)) AS t(inference_id, label, "at")`;
    expect(await desk.upload('x.parquet', await parquet(rows))).toMatchObject({ action: 'LABELLED' });
    expect(await desk.labels()).toEqual([
      ['r-0', 'yes', '2026-11-22 23:00:00'],
      ['r-1', 'no', '2026-11-22 23:30:00'],
      ['r-2', 'no', '2026-11-23 11:00:00'],
    ]);
    desk = new Desk();
    const times = "SELECT 'r-0' AS inference_id, 'yes' AS label, TIMESTAMPTZ '2026-11-23 01:00:00+02' AS time";
    await desk.upload('x.parquet', await parquet(times));
    expect(await desk.labels()).toEqual([['r-0', 'yes', '2026-11-22 23:00:00']]);
  });

  test('of a regression are numbers, also with decimal commas', async () => {
    desk = new Desk({ kind: 'regression', target: 'price' });
    await desk.upload('a.csv', 'inference_id;price\nr-0;1.234,5\nr-1;-0,25\nr-2;n/a\n');
    expect((await desk.labels()).map(([id, label]) => [id, Number(label)])).toEqual([
      ['r-0', 1234.5],
      ['r-1', -0.25],
    ]);
  });

  test('of boolean and numeric classes are compared as training spells them', async () => {
    desk = new Desk({ kind: 'binary', target: 'fraud' });
    await desk.pin(schemaOf({ kind: 'binary', name: 'fraud', classes: ['0', '1'], positive: '1' }));
    await desk.upload('a.csv', 'inference_id,label\nr-0,1.0\nr-1, 0\n');
    expect((await desk.labels()).map(([, label]) => label)).toEqual(['1', '0']);
  });

  test('of predictions that nobody knows are kept: their captures may come later', async () => {
    expect(await desk.upload('a.csv', 'inference_id,label\nnever-made-7,yes\n')).toMatchObject({ action: 'LABELLED' });
    expect(await desk.labels()).toHaveLength(1);
  });

  test('are any text before the first dataset says which classes there are', async () => {
    desk = new Desk();
    expect(await desk.upload('a.csv', 'inference_id,label\nr-0,maybe\n')).toMatchObject({ action: 'LABELLED' });
  });
});

describe('a file that cannot be used is moved aside with the place of what is wrong', () => {
  test.each([
    [
      'an unknown class',
      'inference_id,label\nr-0,yes\nr-1,maybe\nr-2,perhaps\n',
      'Row 2, column "label": expected one of "no", "yes", current value is "maybe"; 1 more row like it.',
    ],
    [
      'a missing id',
      'inference_id,label\nr-0,yes\n ,no\n',
      'Row 2, column "inference_id": expected the id of a prediction, the cell is empty.',
    ],
    [
      'a time that is none',
      'inference_id,label,at\nr-0,yes,2026-11-20\nr-1,no,yesterday\n',
      'Row 2, column "at": expected a time, current value is "yesterday".',
    ],
    [
      'a time of the future',
      'inference_id,label,at\nr-0,yes,2027-01-01T00:00:00Z\n',
      'Row 1, column "at": expected a time before the upload, current value is "2027-01-01T00:00:00Z".',
    ],
    ['no label at all', 'inference_id,label\nr-0,\nr-1,\n', 'No row has a label.'],
    [
      'no column of ids',
      'customer,label\nr-0,yes\n',
      'The file has no column "inference_id"; its columns are "customer", "label".',
    ],
    [
      'two labels',
      'inference_id,label,churned\nr-0,yes,yes\n',
      'More than one column says the label: "label", "churned".',
    ],
    [
      'an open quote',
      'inference_id,label\nr-0,"yes\n',
      'The quote that opens at line 2 (row 1, column "label") is never closed.',
    ],
    ['no rows', 'inference_id,label\n', 'The data has a header and no rows.'],
    ['nothing', '', 'The file is empty.'],
    ['JSON', '[{"inference_id":"r-0"}]', 'The file is JSON, whatever its name says.'],
  ])('%s', async (_, csv, reason) => {
    expect(await desk.upload('bad.csv', csv)).toMatchObject({ action: 'QUARANTINED' });
    const [upload] = await desk.outcomes();
    expect(upload).toMatchObject({ status: 'QUARANTINED', announced: true });
    expect(upload?.reasons[0]).toBe(reason);
    const prefix = `churn/quarantine/${upload?.sha256}/`;
    expect(desk.report(`${prefix}report.json`).anomalies[0]?.reason).toBe(reason);
    expect(desk.copied).toEqual([`${prefix}bad.csv`]);
    expect(desk.hidden).toEqual(['churn/truth/bad.csv']);
    expect(desk.told.map(({ body }) => body).join()).toContain(reason.slice(0, 40));
    expect(await desk.labels()).toEqual([]);
  });

  test('a text where the model predicts numbers', async () => {
    desk = new Desk({ kind: 'regression', target: 'price' });
    await desk.upload('a.csv', 'inference_id,label\nr-0,12\nr-1,inf\nr-2,dear\n');
    expect((await desk.outcomes())[0]?.reasons).toEqual([
      'Row 2, column "label": expected a finite number, current value is "inf"; 1 more row like it.',
    ]);
  });

  test('and may be uploaded again: it is refused again, never called known', async () => {
    await desk.upload('a.csv', 'inference_id,label\nr-0,maybe\n');
    await desk.upload('b.csv', 'inference_id,label\nr-0,maybe\n');
    expect((await desk.outcomes()).map(({ status }) => status)).toEqual(['QUARANTINED', 'QUARANTINED']);
  });
});

describe('labels that come more than once', () => {
  const label = (rows: string) => `inference_id,label,at\n${rows}\n`;
  const FILES = [
    ['a.csv', label('r-0,yes,2026-11-20T10:00:00Z\nr-1,no,\nr-2,yes,2026-11-20'), '2026-11-21T08:00:00Z'],
    ['b.csv', label('r-0,no,2026-11-20T11:00:00Z\nr-1,yes,'), '2026-11-22T08:00:00Z'],
    ['c.csv', label('r-0,yes,2026-11-19T10:00:00Z\nr-2,no,2026-11-20'), '2026-11-23T08:00:00Z'],
  ] as const;
  const TRUTH = [
    // By its own time, although an older label came later.
    ['r-0', 'no'],
    // By receipt, where a label has no time.
    ['r-1', 'yes'],
    // By receipt, where times are equal.
    ['r-2', 'no'],
  ];

  test.each([[[0, 1, 2]], [[2, 1, 0]], [[1, 2, 0, 1, 2, 0]]])(
    'end in the last one, in the order %j too',
    async (order) => {
      for (const index of order) {
        const [name, content, time] = FILES[index] ?? [];
        await desk.upload(name ?? '', content ?? '', time);
      }
      expect((await desk.labels()).map(([id, value]) => [id, value])).toEqual(TRUTH);
    },
  );

  test('within one file end in the last one by time, then by row, and the owner is told', async () => {
    const { truth } = await desk.upload(
      'a.csv',
      label('r-0,yes,2026-11-20T10:00:00Z\nr-0,no,2026-11-19T10:00:00Z\nr-1,yes,\nr-1,no,\nr-2,yes,\nr-2,yes,'),
    );
    expect(truth).toMatchObject({ rows: 6, labels: 3, duplicates: 3, corrected: 2 });
    expect((await desk.labels()).map(([id, value]) => [id, value])).toEqual([
      ['r-0', 'yes'],
      ['r-1', 'no'],
      ['r-2', 'yes'],
    ]);
    expect((await desk.outcomes())[0]?.reasons).toEqual([
      '3 rows repeat a prediction that stands in another row; the last row of each counts',
      '2 predictions stand in rows with different labels',
    ]);
  });

  test('as the same content are one, under whatever name, and whoever sent it twice is told', async () => {
    await desk.upload('a.csv', 'inference_id,label\nr-0,yes\n');
    expect(await desk.upload('copy of a.csv', 'inference_id,label\nr-0,yes\n')).toEqual({ action: 'DUPLICATE' });
    expect((await desk.outcomes()).map(({ status, reasons }) => [status, reasons])).toEqual([
      ['LABELLED', []],
      ['DUPLICATE', ['the same content was taken in on 2026-11-23 as "churn/truth/a.csv"']],
    ]);
    expect(desk.objects.keys('artifacts')).toHaveLength(1);
  });

  test('at the same moment are one', async () => {
    const events = await Promise.all(
      ['a', 'b', 'c'].map((name) => desk.put(`${name}.csv`, 'inference_id,label\nr-0,yes\n')),
    );
    const results = await Promise.all(events.map(desk.take));
    expect(results.map(({ action }) => action).sort()).toEqual(['DUPLICATE', 'DUPLICATE', 'LABELLED']);
  });
});

describe('whatever happens on the way', () => {
  test('the same event has one outcome, told once', async () => {
    const event = await desk.put('a.csv', 'inference_id,label\nr-0,yes\n');
    await desk.take(event);
    expect(await desk.take(event)).toEqual({ action: 'repeated' });
    expect(await desk.outcomes()).toHaveLength(1);
    expect(desk.told).toHaveLength(1);
  });

  test('a function that died before it told is told by the next try', async () => {
    const event = await desk.put('a.csv', 'inference_id,label\nr-0,yes\n');
    desk.failNextTelling = true;
    await expect(desk.take(event)).rejects.toThrow('SNS is away');
    await desk.take(event);
    expect(desk.told).toHaveLength(1);
    expect(await desk.outcomes()).toMatchObject([{ status: 'LABELLED', announced: true }]);
  });

  test('a function that died with its claim is finished by the next try, not called a duplicate of itself', async () => {
    const event = await desk.put('a.csv', 'inference_id,label\nr-0,yes\n');
    const { objects } = desk.ports;
    const dying = { ...desk.ports, objects: { ...objects, upload: () => Promise.reject(new Error('killed')) } };
    await expect(takeTruth(event, dying, { config: desk.config, dataBucket: 'data' })).rejects.toThrow('killed');
    expect(await desk.take(event)).toMatchObject({ action: 'LABELLED' });
    expect(await desk.labels()).toHaveLength(1);
  });

  test('an upload whose event never came is found by its object; one on its way, or replaced, is left alone', async () => {
    const known = await desk.put('known.csv', 'inference_id,label\nr-0,yes\n');
    await desk.take(known);
    await desk.put('lost.csv', 'inference_id,label\nr-1,no\n');
    const old = { bytes: 1, modifiedAt: '2026-11-22T00:00:00.000Z', latest: true };
    const key = (name: string) => `churn/truth/${name}`;
    const stored = async function* () {
      yield { ...old, key: key('known.csv'), versionId: known.detail.object['version-id'] };
      yield { ...old, key: key('lost.csv'), versionId: 'lost' };
      yield { ...old, key: key('lost.csv'), versionId: 'lost-before', latest: false };
      yield { ...old, key: key('new.csv'), versionId: 'new', modifiedAt: '2026-11-23T11:55:00.000Z' };
      yield { ...old, key: key('folder/'), versionId: 'folder' };
    };
    const settings = { config: desk.config, dataBucket: 'data' };
    expect(await takeLost('111122223333', { ...desk.ports, stored }, settings)).toEqual({ taken: 1 });
    expect(await desk.labels()).toEqual([
      ['r-0', 'yes', '2026-11-23 11:00:00'],
      ['r-1', 'no', '2026-11-22 00:00:00'],
    ]);
    expect(await takeLost('111122223333', { ...desk.ports, stored }, settings)).toEqual({ taken: 0 });
  });

  test('folders, other prefixes and other buckets are none of its business', async () => {
    const event = await desk.put('a.csv', 'inference_id,label\nr-0,yes\n');
    const { bucket, object } = event.detail;
    for (const detail of [
      { bucket, object: { ...object, key: 'churn/truth/2026/' } },
      { bucket, object: { ...object, key: 'churn/training/a.csv' } },
      { bucket: { name: 'other' }, object },
    ])
      expect(await desk.take({ ...event, detail })).toEqual({ action: 'ignored' });
  });
});

test('labels are joined with the captures that they are of; the others stay without', async () => {
  await desk.upload('a.csv', 'inference_id,label\nr-1,no\nunknown,yes\n');
  const [key = ''] = desk.objects.keys('artifacts');
  await withEngine(limits, async (engine) => {
    await engine.run(
      "CREATE TABLE captures AS SELECT 'r-' || i AS inference_id, i / 10 AS prediction FROM range(3) t(i)",
    );
    await loadLabels(engine, [key], { objects: desk.objects, bucket: 'artifacts' });
    expect(await joinLabels(engine)).toEqual({ rows: 3, labelled: 1 });
    expect(await engine.rows('SELECT inference_id, truth FROM labelled ORDER BY 1')).toEqual([
      ['r-0', null],
      ['r-1', 'no'],
      ['r-2', null],
    ]);
  });
});
