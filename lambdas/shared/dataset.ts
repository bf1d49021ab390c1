import { open, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Anomaly, fault, listed, quoted } from '../../domain/anomaly.ts';
import { InvalidDataset } from '../../domain/errors.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import { type LoadOptions, type PartOutcome, rawColumn, tooLarge } from './dataset-columns.ts';
import { loadCsvPart } from './dataset-csv.ts';
import { formatOf } from './dataset-format.ts';
import { loadParquetPart } from './dataset-parquet.ts';
import type { Engine } from './duckdb.ts';
import type { ObjectStore } from './objects.ts';

/** A dataset in the engine: table `raw`, every value as text, column `i` of the data as `c<i>`, blank cells as NULL or blank. */
export interface Dataset {
  /** Column names as people wrote them, in the order of the first part. */
  readonly columns: readonly string[];
  readonly rows: number;
  readonly parts: readonly { readonly name: string; readonly rows: number }[];
}

export type DatasetOutcome =
  | { readonly readable: true; readonly dataset: Dataset }
  | { readonly readable: false; readonly anomalies: Anomaly[] };

/** Brings every part of a dataset into the engine, by name of column, after looking at each byte of it. */
export async function loadDataset(
  engine: Engine,
  dataset: DatasetRef,
  { objects, ...options }: LoadOptions & { objects: ObjectStore },
): Promise<DatasetOutcome> {
  const { limits } = options;
  const declared = dataset.parts.reduce((sum, part) => sum + part.bytes, 0);
  if (declared > limits.maxBytes) return refused(tooLarge(declared, limits.maxBytes));
  let columns: readonly string[] = [];
  const parts: { name: string; rows: number }[] = [];
  for (const [index, part] of dataset.parts.entries()) {
    const file = join(engine.folder, `part-${index}`);
    const at = { bucket: dataset.bucket, key: part.key, versionId: part.versionId };
    const { sha256 } = await objects.download(at, file, { maxBytes: limits.maxBytes });
    if (dataset.parts.length === 1 && sha256 !== dataset.sha256)
      throw new InvalidDataset(`s3://${at.bucket}/${at.key} is not what was announced: its SHA-256 is ${sha256}`);
    const name = basename(part.key);
    const loaded = await loadPart(engine, file, options);
    await rm(file, { force: true });
    if (!loaded.readable) return refused(...inPart(loaded.anomalies, name, dataset.parts.length));
    const differing = index === 0 ? undefined : difference(columns, loaded.columns, name);
    if (differing) return refused(differing);
    if (index === 0) {
      columns = loaded.columns;
      await engine.run('ALTER TABLE part RENAME TO raw');
    } else await append(engine, columns, loaded.columns);
    parts.push({ name, rows: loaded.rows });
  }
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  if (rows > 0) return { readable: true, dataset: { columns, rows, parts } };
  return refused(
    fault('NO_ROWS', 'The data has a header and no rows.', 'Upload a file with one row per example below the header.'),
  );
}

async function loadPart(engine: Engine, file: string, options: LoadOptions): Promise<PartOutcome> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const ends = { first: Buffer.alloc(Math.min(8, size)), last: Buffer.alloc(Math.min(8, size)) };
    await handle.read(ends.first, 0, ends.first.byteLength, 0);
    await handle.read(ends.last, 0, ends.last.byteLength, size - ends.last.byteLength);
    const format = formatOf(ends, size);
    if (typeof format !== 'string') return { readable: false, anomalies: [format] };
    return format === 'parquet'
      ? await loadParquetPart(engine, file, options.limits)
      : await loadCsvPart(engine, file, options);
  } finally {
    await handle.close();
  }
}

async function append(engine: Engine, columns: readonly string[], own: readonly string[]): Promise<void> {
  const position = new Map(own.map((name, index) => [name, index]));
  const select = columns.map((name) => rawColumn(position.get(name) ?? -1)).join(', ');
  await engine.run(`INSERT INTO raw SELECT ${select} FROM part`);
  await engine.run('DROP TABLE part');
}

function difference(columns: readonly string[], own: readonly string[], part: string): Anomaly | undefined {
  const missing = columns.filter((name) => !own.includes(name));
  const extra = own.filter((name) => !columns.includes(name));
  if (missing.length === 0 && extra.length === 0) return undefined;
  const lacks = missing.length > 0 ? ` lacks ${listed(missing)}` : '';
  const adds = extra.length > 0 ? ` has ${listed(extra)} on its own` : '';
  return fault(
    'PARTS_DIFFER',
    `Part ${quoted(part)} does not have the columns of the first part: it${lacks}${lacks && adds ? ' and' : ''}${adds}.`,
    'Write every part of a dataset with the same columns; their order does not matter.',
  );
}

const refused = (...anomalies: Anomaly[]): DatasetOutcome => ({ readable: false, anomalies });

const inPart = (anomalies: Anomaly[], part: string, parts: number) =>
  parts === 1
    ? anomalies
    : anomalies.map((anomaly) => ({ ...anomaly, reason: `In part ${quoted(part)}: ${anomaly.reason}` }));
