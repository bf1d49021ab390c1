import { join } from 'node:path';
import { type Anomaly, counted, fault } from '../../domain/anomaly.ts';
import type { DataSchema } from '../../domain/data-schema.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { loadDataset } from '../shared/dataset.ts';
import { type Engine, sqlText } from '../shared/duckdb.ts';
import type { ObjectStore } from '../shared/objects.ts';
import { columnsOf, roleOf, type TypedCells, typed } from './truth-columns.ts';

/** What a file of late labels holds, once it is known to be right. */
export interface Truth {
  readonly rows: number;
  /** Predictions that have a label. */
  readonly labels: number;
  /** Rows beyond the one that counts, of predictions that stand in several. */
  readonly duplicates: number;
  /** Predictions whose rows have different labels. */
  readonly corrected: number;
  /** Rows without a label: their predictions stay unlabelled. */
  readonly empty: number;
  /** The labels as Parquet: inference_id, label, at, received_at. */
  readonly file: string;
}

export type TruthOutcome =
  | { readonly readable: true; readonly truth: Truth }
  | { readonly readable: false; readonly rows: number; readonly anomalies: Anomaly[] };

export interface ReadTruthOptions {
  readonly objects: ObjectStore;
  readonly config: NamedModelConfig;
  /** What labels may be; null before the first dataset. */
  readonly pinned: DataSchema | null;
  readonly receivedAt: string;
}

/** Reads a file of late labels, looks at every row of it, and writes what it says in one form. */
export async function readTruth(engine: Engine, upload: DatasetRef, options: ReadTruthOptions): Promise<TruthOutcome> {
  const { config, objects } = options;
  const loaded = await loadDataset(engine, upload, {
    objects,
    limits: config.validation,
    isText: (name) => config.problem.kind !== 'regression' || roleOf(name, config) !== 'label',
  });
  if (!loaded.readable) return { readable: false, rows: 0, anomalies: loaded.anomalies };
  const { columns, rows } = loaded.dataset;
  const found = columnsOf(columns, config);
  if ('anomalies' in found) return { readable: false, rows, anomalies: found.anomalies };
  const cells = typed(found, options);
  const anomalies = [...(await wrongRows(engine, cells)), ...(await noLabels(engine, cells))];
  if (anomalies.length > 0) return { readable: false, rows, anomalies };
  return { readable: true, truth: await write(engine, cells, { rows, receivedAt: options.receivedAt }) };
}

async function wrongRows(engine: Engine, { faults }: TypedCells): Promise<Anomaly[]> {
  const found: Anomaly[] = [];
  for (const { column, wrong, tell } of faults) {
    const [row] = await engine.rows(
      `SELECT count(*), min(rowid) + 1, arg_min(left(${column.cell}, 200), rowid) FROM raw WHERE ${wrong}`,
    );
    const count = Number(row?.[0]);
    if (count === 0) continue;
    const more = count === 1 ? '' : `; ${counted(count - 1, 'more row')} like it`;
    found.push(tell({ row: Number(row?.[1]), value: String(row?.[2] ?? '') }, more));
  }
  return found;
}

async function noLabels(engine: Engine, { label }: TypedCells): Promise<Anomaly[]> {
  const [row] = await engine.rows(`SELECT count(${label}) FROM raw`);
  if (row?.[0] !== 0) return [];
  return [fault('LABEL_MISSING', 'No row has a label.', 'Upload the rows whose label is known, and others later.')];
}

/** One row per prediction: the last one by its time, and then by its place in the file. */
async function write(
  engine: Engine,
  { id, label, at }: TypedCells,
  { rows, receivedAt }: { rows: number; receivedAt: string },
): Promise<Truth> {
  const received = `${sqlText(receivedAt)}::TIMESTAMP`;
  await engine.run(
    `CREATE TABLE given AS SELECT ${id} AS id, ${label} AS label, ${at} AS time, rowid AS place FROM raw`,
  );
  await engine.run(`CREATE TABLE truth AS SELECT id AS inference_id, last.label AS label, last.time AS "at", n, different
    FROM (SELECT id, max({ t: coalesce(time, ${received}), place: place, label: label, time: time }) AS last,
      count(*) AS n, count(DISTINCT label) AS different FROM given WHERE label IS NOT NULL GROUP BY id) ORDER BY id`);
  const file = join(engine.folder, 'labels.parquet');
  await engine.run(`COPY (SELECT inference_id, label, "at", ${received} AS received_at FROM truth)
    TO ${sqlText(file)} (FORMAT parquet, COMPRESSION zstd)`);
  const [[labels, duplicates, corrected] = []] = await engine.rows(
    'SELECT count(*), (sum(n) - count(*))::BIGINT, count_if(different > 1) FROM truth',
  );
  const [[empty] = []] = await engine.rows('SELECT count_if(label IS NULL) FROM given');
  return {
    rows,
    labels: Number(labels),
    duplicates: Number(duplicates),
    corrected: Number(corrected),
    empty: Number(empty),
    file,
  };
}
