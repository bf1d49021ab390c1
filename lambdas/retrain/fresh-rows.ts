import { type DataSchema, dataSchema, featuresOf, learnerColumn } from '../../domain/data-schema.ts';
import type { Version } from '../../domain/registry-items.ts';
import { listCaptures } from '../shared/captures.ts';
import { loadCaptures } from '../shared/captures-table.ts';
import { type Engine, sqlText } from '../shared/duckdb.ts';
import { joinLabels, listLabels, loadLabels } from '../shared/labels.ts';
import type { RetrainPorts } from './retrain.ts';

/** Packed bytes of captures that are read at a time: about ten times that is in the engine at once. */
const BATCH_BYTES = 32 * 1024 ** 2;

export interface FreshRows {
  /** Predictions with a label and all features, in table `fresh`. */
  readonly rows: number;
  /** Labelled predictions whose features were not all captured. */
  readonly incomplete: number;
}

/**
 * Gathers labelled predictions since a time into table `fresh`: `id`, `label` and the features of `schema` as `f0…fn`,
 * all as text, and `labelled_at`. Predictions of every version count: the features of a request do not depend on who
 * answered it.
 */
export async function gatherFresh(
  engine: Engine,
  range: { since: string; until: string; schema: DataSchema },
  ports: RetrainPorts,
): Promise<FreshRows> {
  const { model, dataBucket, artifactBucket, objects, listing } = ports;
  const columns = featuresOf(range.schema).map((_, index) => `${learnerColumn(index)} VARCHAR`);
  await engine.run(`CREATE TABLE fresh (id VARCHAR, inference_id VARCHAR, label VARCHAR, labelled_at TIMESTAMP,
    ${columns.join(', ')})`);
  const files = await listLabels(listing, { bucket: artifactBucket, model, since: range.since });
  const { labels } = await loadLabels(
    engine,
    files.map(({ key }) => key),
    { objects, bucket: artifactBucket },
  );
  if (labels === 0) return { rows: 0, incomplete: 0 };
  const hours = { from: range.since, to: range.until };
  const captures = await listCaptures(listing, { bucket: dataBucket, model, hours });
  let incomplete = 0;
  for (const [number, objectsOf] of Map.groupBy(captures, ({ version }) => version)) {
    const version = await ports.registry.version(number);
    if (!version) continue;
    const own = await schemaOf(version, ports);
    for (const batch of batches(objectsOf)) {
      const keys = batch.map(({ key }) => key);
      await loadCaptures(engine, keys, {
        objects,
        bucket: dataBucket,
        schema: own,
        version: number,
        redact: ports.redact,
      });
      await joinLabels(engine);
      incomplete += await takeRows(engine, own, range);
    }
  }
  // Firehose may have delivered one capture into two objects.
  await engine.run('DELETE FROM fresh WHERE rowid NOT IN (SELECT min(rowid) FROM fresh GROUP BY inference_id)');
  const [[rows] = []] = await engine.rows('SELECT count(*) FROM fresh');
  return { rows: Number(rows), incomplete };
}

export const schemaOf = ({ artifact, files }: Version, { objects }: Pick<RetrainPorts, 'objects'>) =>
  objects.getJson({ bucket: artifact.bucket, key: files.schema }, dataSchema);

function* batches<T extends { bytes: number }>(all: readonly T[]): Generator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const one of all) {
    if (batch.length > 0 && bytes + one.bytes > BATCH_BYTES) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(one);
    bytes += one.bytes;
  }
  if (batch.length > 0) yield batch;
}

/** Adds what is labelled of one batch to `fresh`; answers how many labelled rows lack a feature that was hidden. */
async function takeRows(
  engine: Engine,
  own: DataSchema,
  { since, schema }: { since: string; schema: DataSchema },
): Promise<number> {
  const places = new Map(featuresOf(own).map(({ name }, index) => [name, learnerColumn(index)]));
  const features = featuresOf(schema).map(({ name }) => places.get(name));
  // A required feature can only be missing where it was not captured: without it a request is refused.
  const hidden = featuresOf(schema).flatMap(({ name, required }) =>
    required && places.get(name) === undefined ? [name] : [],
  );
  const usable = hidden.length > 0 ? 'false' : 'complete';
  const wanted = `truth IS NOT NULL AND predicted_at >= ${sqlText(since)}::TIMESTAMP`;
  await engine.run(`INSERT INTO fresh SELECT id, inference_id, truth, labelled_at,
    ${features.map((column) => (column === undefined ? 'NULL' : `${column}::VARCHAR`)).join(', ')}
    FROM labelled WHERE ${wanted} AND ${usable}`);
  const [[missing] = []] = await engine.rows(`SELECT count(*) FROM labelled WHERE ${wanted} AND NOT (${usable})`);
  return Number(missing);
}
