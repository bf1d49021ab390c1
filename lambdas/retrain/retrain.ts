import { createReadStream, createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { counted, listed } from '../../domain/anomaly.ts';
import { type DataSchema, featuresOf, idColumnOf, learnerColumn } from '../../domain/data-schema.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { retrainKey } from '../../domain/names.ts';
import type { RetrainInput, RetrainOutput } from '../../domain/retrain.ts';
import { loadDataset } from '../shared/dataset.ts';
import { rawColumn } from '../shared/dataset-columns.ts';
import { csvLine } from '../shared/dataset-csv-parser.ts';
import { canonicalSql } from '../shared/dataset-values.ts';
import { type Engine, type EngineLimits, sqlText, withEngine } from '../shared/duckdb.ts';
import type { ObjectListing } from '../shared/object-listing.ts';
import type { ObjectLocation, ObjectStore } from '../shared/objects.ts';
import type { Registry } from '../shared/registry.ts';
import { gatherFresh, schemaOf } from './fresh-rows.ts';

export interface RetrainPorts {
  readonly model: string;
  readonly config: NamedModelConfig;
  /** Fields that are not captured. */
  readonly redact: readonly string[];
  readonly dataBucket: string;
  readonly artifactBucket: string;
  readonly registry: Pick<Registry, 'head' | 'version'>;
  readonly objects: ObjectStore;
  readonly listing: ObjectListing;
  readonly results: RetrainResults;
  readonly engine: EngineLimits;
  now(): string;
}

/** Where datasets are put, each once. */
export interface RetrainResults {
  /** The metadata of what is there; null where nothing is. */
  find(at: ObjectLocation): Promise<Readonly<Record<string, string>> | null>;
  /** False when something is there already: that stays. */
  putOnce(file: string, to: ObjectLocation, metadata: Readonly<Record<string, string>>): Promise<boolean>;
}

/**
 * Composes the next dataset: the one that the champion was trained on, and what was predicted since and has a label now.
 * It is put where datasets are uploaded, so that from there on it is checked, trained on and judged as any other.
 */
export async function retrain({ incident, since }: RetrainInput, ports: RetrainPorts): Promise<RetrainOutput> {
  const needed = ports.config.reactions.minLabels;
  const refuse = (status: RetrainOutput['status'], because: string, labelled = 0): RetrainOutput => ({
    status,
    rows: 0,
    labelled,
    needed,
    key: null,
    because,
  });
  const to = { bucket: ports.dataBucket, key: retrainKey(ports.model, incident) };
  const before = await ports.results.find(to);
  if (before) return { ...countsOf(before), status: 'REPEATED', needed, key: to.key, because: null };

  const { champion: number } = await ports.registry.head();
  const champion = number === null ? null : await ports.registry.version(number);
  if (!champion) return refuse('NO_CHAMPION', `"${ports.model}" has no champion whose data could be added to`);
  const schema = await schemaOf(champion, ports);
  const hidden = featuresOf(schema).flatMap(({ name }) => (ports.redact.includes(name) ? [name] : []));
  if (hidden.length > 0) {
    const fields = `${listed(hidden)} ${hidden.length === 1 ? 'is' : 'are'}`;
    return refuse(
      'REDACTED',
      `${fields} redacted in captures and the model learns from ${hidden.length === 1 ? 'it' : 'them'}: predictions cannot be trained on`,
    );
  }
  const { dataset } = champion.lineage;
  return withEngine(ports.engine, async (engine) => {
    const from = new Date(since ?? dataset.uploadedAt).toISOString();
    const fresh = await gatherFresh(engine, { since: from, until: ports.now(), schema }, ports);
    if (fresh.rows < needed) {
      const hiddenRows = fresh.incomplete > 0 ? ` (${fresh.incomplete} more were captured without all features)` : '';
      const because = `${counted(fresh.rows, 'labelled prediction')} since ${from} can be used${hiddenRows}; ${needed} are needed`;
      return refuse('NOT_ENOUGH_LABELS', because, fresh.rows);
    }
    const base = await loadBase(engine, dataset, schema, ports);
    if (base === null)
      return refuse(
        'NO_DATASET',
        `s3://${dataset.bucket}/${dataset.key}, which the champion was trained on, is gone`,
        fresh.rows,
      );
    const { file, rows } = await compose(engine, base, schema);
    const metadata = {
      incident,
      since: from,
      rows: String(rows),
      labelled: String(fresh.rows),
      champion: String(number),
    };
    const first = await ports.results.putOnce(file, to, metadata);
    return { status: first ? 'COMPOSED' : 'REPEATED', rows, labelled: fresh.rows, needed, key: to.key, because: null };
  });
}

const countsOf = (metadata: Readonly<Record<string, string>>) => ({
  rows: Number(metadata.rows ?? 0),
  labelled: Number(metadata.labelled ?? 0),
});

/** The columns of the champion's dataset, in table `raw`; null when it is gone. */
async function loadBase(
  engine: Engine,
  dataset: DatasetRef,
  schema: DataSchema,
  { objects, config }: RetrainPorts,
): Promise<readonly string[] | null> {
  const numeric = new Set(schema.columns.flatMap(({ name, type }) => (type === 'numeric' ? [name] : [])));
  try {
    const loaded = await loadDataset(engine, dataset, {
      objects,
      limits: config.validation,
      isText: (name) => !numeric.has(name),
    });
    if (loaded.readable) return loaded.dataset.columns;
    throw new InvalidArtifact(`The champion's dataset cannot be read any more: ${loaded.anomalies[0]?.reason}`);
  } catch (error) {
    if (error instanceof InvalidArtifact && error.message.endsWith('does not exist')) return null;
    throw error;
  }
}

/**
 * The columns of the old dataset under their names, filled for new rows by what was captured; the others stay empty
 * there. Of rows with one id the newest counts: the last labelled prediction, and an old row only without one.
 */
async function compose(engine: Engine, columns: readonly string[], schema: DataSchema) {
  const features = new Map(featuresOf(schema).map(({ name }, index) => [name, learnerColumn(index)]));
  const id = idColumnOf(schema)?.name;
  const idCell = id === undefined ? undefined : rawColumn(columns.indexOf(id));
  const fresh = (name: string) => {
    if (name === schema.target.name) return 'label';
    // A prediction that was asked for without an id is a row of its own.
    if (name === id) return 'coalesce(id, inference_id)';
    return features.get(name) ?? 'NULL::VARCHAR';
  };
  if (idCell !== undefined) {
    await engine.run(`DELETE FROM fresh WHERE id IS NOT NULL AND rowid NOT IN
      (SELECT max({ t: labelled_at, place: rowid }).place FROM fresh WHERE id IS NOT NULL GROUP BY id)`);
    await engine.run(`DELETE FROM raw WHERE ${canonicalSql(idCell)} IN (SELECT id FROM fresh WHERE id IS NOT NULL)`);
  }
  const [file, body] = [join(engine.folder, 'retrain.csv'), join(engine.folder, 'body.csv')];
  const old = columns.map((_, index) => rawColumn(index)).join(', ');
  await engine.run(`COPY (SELECT ${old} FROM raw UNION ALL SELECT ${columns.map(fresh).join(', ')} FROM fresh)
    TO ${sqlText(body)} (FORMAT csv, HEADER false)`);
  // Written apart: DuckDB takes "Age" and "age" for one name, and would give one of them another.
  await writeFile(file, csvLine(columns));
  await pipeline(createReadStream(body), createWriteStream(file, { flags: 'a' }));
  const [[rows] = []] = await engine.rows('SELECT (SELECT count(*) FROM raw) + (SELECT count(*) FROM fresh)');
  return { file, rows: Number(rows) };
}
