import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { labelsPrefix } from '../../domain/names.ts';
import { type Engine, sqlText } from './duckdb.ts';
import type { ListedObject, ObjectListing } from './object-listing.ts';
import type { ObjectStore } from './objects.ts';

/** A file of labels as `lambdas/truth` writes it: inference_id, label, at (or NULL), received_at. */
export interface LabelObject extends ListedObject {
  /** Day of receipt, `2026-11-23`, UTC. */
  readonly day: string;
  readonly sha256: string;
}

/** `<model>/labels/day=2026-11-23/<sha256>.parquet`. */
export const labelsKey = (model: string, day: string, sha256: string) =>
  `${labelsPrefix(model)}day=${day}/${sha256}.parquet`;

/** The files of labels received from a day on, oldest first. A label cannot be received before its prediction was made. */
export async function listLabels(
  listing: ObjectListing,
  range: { bucket: string; model: string; since: string },
): Promise<LabelObject[]> {
  const prefix = labelsPrefix(range.model);
  const found: LabelObject[] = [];
  const after = `${prefix}day=${range.since.slice(0, 10)}/`;
  for await (const object of listing.objects({ bucket: range.bucket, prefix, after })) {
    const [, day, sha256] = LABELS.exec(object.key) ?? [];
    if (day !== undefined && sha256 !== undefined) found.push({ ...object, day, sha256 });
  }
  return found;
}

const LABELS = /\/day=(\d{4}-\d\d-\d\d)\/([0-9a-f]{64})\.parquet$/;

/**
 * Reads files of labels into table `labels`, one row per prediction: `inference_id`, `label` and `labelled_at`, when it is
 * known to be true: its own time, or else that of its receipt. Of several labels the last one counts, by that time, by
 * receipt and then by the hash of its file, so that the order of files means nothing.
 */
export async function loadLabels(
  engine: Engine,
  keys: readonly string[],
  { objects, bucket }: { objects: Pick<ObjectStore, 'download'>; bucket: string },
): Promise<{ labels: number }> {
  await engine.run(
    `CREATE OR REPLACE TABLE labels (inference_id VARCHAR, label VARCHAR, labelled_at TIMESTAMP,
      received_at TIMESTAMP, source VARCHAR, place BIGINT)`,
  );
  for (const key of keys) {
    const file = join(engine.folder, basename(key));
    await objects.download({ bucket, key }, file);
    await engine.run(`INSERT INTO labels SELECT inference_id, label, coalesce("at", received_at), received_at,
      ${sqlText(basename(key))}, file_row_number FROM read_parquet(${sqlText(file)}, file_row_number = true)`);
    await rm(file, { force: true });
  }
  await engine.run(`CREATE OR REPLACE TABLE labels AS SELECT inference_id, last.label AS label, last.labelled_at AS labelled_at
    FROM (SELECT inference_id, max({ labelled_at: labelled_at, received_at: received_at, source: source, place: place,
      label: label }) AS last FROM labels GROUP BY inference_id)`);
  const [[labels = 0] = []] = await engine.rows('SELECT count(*) FROM labels');
  return { labels: Number(labels) };
}

/**
 * Joins tables `captures` and `labels` into table `labelled`: every capture, with `truth` and `labelled_at` where there is
 * a label. Labels of predictions that were never made, or not captured, match nothing.
 */
export async function joinLabels(engine: Engine): Promise<{ rows: number; labelled: number }> {
  await engine.run(`CREATE OR REPLACE TABLE labelled AS SELECT captures.*, labels.label AS truth, labels.labelled_at
    FROM captures LEFT JOIN labels USING (inference_id)`);
  const [[rows = 0, labelled = 0] = []] = await engine.rows('SELECT count(*), count(truth) FROM labelled');
  return { rows: Number(rows), labelled: Number(labelled) };
}
