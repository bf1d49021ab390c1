import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSchema, featuresOf } from '../../domain/data-schema.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import { pointer, readCells } from './captures-cells.ts';
import { MAX_LINE, unpackLines } from './captures-file.ts';
import { timeSql } from './dataset-values.ts';
import { type Engine, prepareForColumns, sqlText } from './duckdb.ts';
import type { ObjectStore } from './objects.ts';

export interface LoadCapturesOptions {
  readonly objects: Pick<ObjectStore, 'download'>;
  readonly bucket: string;
  /** That of the version whose captures they are: which columns there are, and of which type. */
  readonly schema: DataSchema;
  /** Captures of another version are left aside. @default all are of one version */
  readonly version?: number;
  /** Fields whose values are not read, also where captures from before the redaction hold them. */
  readonly redact?: readonly string[];
  /** Most bytes of one object, unpacked. */
  readonly maxBytes?: number;
}

export interface CaptureReading {
  /** Predictions in the table. */
  readonly rows: number;
  /** Lines that are no captures, and instances that are no objects. */
  readonly brokenLines: number;
  /** Objects that are gone, cut off or not readable; what could be read of them is in the table. */
  readonly brokenObjects: readonly string[];
  /** Predictions that were delivered more than once; the first one counts. */
  readonly duplicates: number;
  readonly otherVersions: number;
  /** Instances of captured requests that were not captured themselves. */
  readonly leftOut: number;
  /** Rows by name of a field that the schema does not have. */
  readonly newColumns: Readonly<Record<string, number>>;
  /** Rows by feature whose value is not of its type; it counts as missing. */
  readonly wrongTypes: Readonly<Record<string, number>>;
  /** Rows in which a feature was redacted when they were captured: what is missing there, says nothing. */
  readonly redacted: number;
  /** Rows by feature in which the field is absent; null is a value. */
  readonly absent: Readonly<Record<string, number>>;
}

/**
 * Reads captures into table `captures`, one row per prediction: `inference_id`, `predicted_at` (UTC), `version`, `prediction` (the
 * score or the value; of several classes the probability of the one predicted), `label` (the class predicted), `id` (where
 * the data has one), `complete` (whether no feature was redacted) and the features as `f0…fn` in the order and the types of the schema. Nothing in an object can make
 * it fail; whatever is not as expected is counted.
 */
export async function loadCaptures(
  engine: Engine,
  keys: readonly string[],
  options: LoadCapturesOptions,
): Promise<CaptureReading> {
  await prepareForColumns(engine, featuresOf(options.schema).length);
  const { oversized, brokenObjects } = await gatherLines(engine, keys, options);
  const lines = await readLines(engine, options.version);
  const brokenInstances = await readInstances(engine);
  const duplicates = await dropDuplicates(engine);
  const { newColumns, absent } = await countFields(engine, options.schema);
  const wrongTypes = await readCells(engine, options);
  const [[rows = 0, redacted = 0] = []] = await engine.rows('SELECT count(*), count_if(NOT complete) FROM captures');
  return {
    rows: Number(rows),
    brokenLines: oversized + lines.broken + brokenInstances,
    brokenObjects,
    duplicates,
    otherVersions: lines.otherVersions,
    leftOut: lines.leftOut,
    newColumns,
    wrongTypes,
    redacted: Number(redacted),
    absent,
  };
}

/** Firehose collects 64 MB of lines for an object; far beyond that it is none of Firehose's. */
const MAX_UNPACKED = 1024 ** 3;

async function gatherLines(engine: Engine, keys: readonly string[], options: LoadCapturesOptions) {
  const lines = join(engine.folder, 'lines.ndjson');
  const packed = join(engine.folder, 'object');
  const brokenObjects: string[] = [];
  let oversized = 0;
  await writeFile(lines, '');
  for (const key of keys) {
    try {
      await options.objects.download({ bucket: options.bucket, key }, packed);
    } catch (error) {
      if (!(error instanceof InvalidArtifact)) throw error;
      brokenObjects.push(key);
      continue;
    }
    const unpacked = await unpackLines(packed, lines, { maxBytes: options.maxBytes ?? MAX_UNPACKED });
    oversized += unpacked.oversized;
    if (unpacked.truncated) brokenObjects.push(key);
    await rm(packed, { force: true });
  }
  // A delimiter that no line holds, and no quotes: every line is one value, whatever it is.
  await engine.run(`CREATE OR REPLACE TABLE lines AS SELECT line FROM read_csv(${sqlText(lines)}, auto_detect = false,
    header = false, delim = E'\\x01', quote = '', escape = '', columns = {'line': 'VARCHAR'}, compression = 'none',
    max_line_size = ${4 * MAX_LINE})`);
  await rm(lines, { force: true });
  return { oversized, brokenObjects };
}

const WHOLE = "'[0-9]{1,9}'";

/** Table `heads`: the lines that are captures, and of the version asked for. */
async function readLines(engine: Engine, version: number | undefined) {
  const fields = [
    'message',
    'request_id',
    'version',
    'first',
    'left_out',
    'at',
    'instances',
    'predictions',
    'redacted',
  ];
  const paths = `[${fields.map((field) => sqlText(pointer(field))).join(', ')}]`;
  const text = (index: number) => `h[${index}]::VARCHAR`;
  await engine.run(`CREATE OR REPLACE TABLE parsed AS
    SELECT TRY(json_extract(line, ${paths})) AS h FROM lines`);
  await engine.run('DROP TABLE lines');
  await engine.run(`CREATE OR REPLACE TABLE heads AS
    SELECT *, coalesce(named AND predicted_at IS NOT NULL AND version >= 1 AND first >= 0 AND left_out >= 0
      AND json_type(instances) = 'ARRAY' AND json_type(predictions) = 'ARRAY'
      AND json_array_length(instances) = json_array_length(predictions), false) AS valid
    FROM (SELECT ${text(1)} = '"capture"' AND starts_with(${text(2)}, '"') AND ${text(2)} <> '""' AS named,
      json_extract_string(h[2], '$') AS request_id,
      ${[3, 4, 5].map((index) => `CASE WHEN regexp_full_match(${text(index)}, ${WHOLE}) THEN ${text(index)}::INTEGER END AS ${fields[index - 1]}`).join(', ')},
      ${timeSql("json_extract_string(h[6], '$')")} AS predicted_at, h[7] AS instances, h[8] AS predictions,
      json_extract_string(h[9], '$[*]') AS redacted
      FROM parsed)`);
  await engine.run('DROP TABLE parsed');
  const other = version === undefined ? 'false' : `version <> ${version}`;
  const [[broken = 0, otherVersions = 0] = []] = await engine.rows(`SELECT count_if(NOT valid),
    coalesce(sum(json_array_length(instances)) FILTER (WHERE valid AND ${other}), 0)::BIGINT FROM heads`);
  await engine.run(`DELETE FROM heads WHERE NOT valid OR ${other}`);
  const [[leftOut = 0] = []] = await engine.rows(
    'SELECT coalesce(sum(n), 0)::BIGINT FROM (SELECT max(left_out) AS n FROM heads GROUP BY request_id, first)',
  );
  return { broken: Number(broken), otherVersions: Number(otherVersions), leftOut: Number(leftOut) };
}

/** Table `items`: an instance and its prediction each; answers how many were no objects. */
async function readInstances(engine: Engine): Promise<number> {
  await engine.run(`CREATE OR REPLACE TABLE items AS
    SELECT request_id || '-' || (first + place)::VARCHAR AS inference_id, predicted_at, version, redacted, instance, answer,
      json_type(instance) = 'OBJECT' AND json_type(answer) = 'OBJECT' AS whole
    FROM (SELECT request_id, predicted_at, version, redacted, first, unnest(json_extract(instances, '$[*]')) AS instance,
      unnest(json_extract(predictions, '$[*]')) AS answer, unnest(range(json_array_length(instances)::BIGINT)) AS place FROM heads)`);
  await engine.run('DROP TABLE heads');
  const [[broken = 0] = []] = await engine.rows('SELECT count_if(NOT whole) FROM items');
  if (broken !== 0) await engine.run('DELETE FROM items WHERE NOT whole');
  return Number(broken);
}

/** Nearly all instances have the same fields, so that counting lists of them is counting once. */
async function countFields(engine: Engine, schema: DataSchema) {
  const known = new Set(schema.columns.map(({ name }) => name));
  const features = featuresOf(schema).map(({ name }) => name);
  const newColumns = new Map<string, number>();
  const absent = new Map<string, number>();
  const add = (to: Map<string, number>, name: string, n: unknown) => to.set(name, (to.get(name) ?? 0) + Number(n));
  const lists = engine.stream(
    'SELECT to_json(k)::VARCHAR, n FROM (SELECT json_keys(instance) AS k, count(*) AS n FROM items GROUP BY k)',
  );
  for await (const rows of lists) {
    for (const [list, n] of rows) {
      const fields = new Set(JSON.parse(String(list)) as string[]);
      for (const name of fields) if (!known.has(name)) add(newColumns, name, n);
      for (const name of features) if (!fields.has(name)) add(absent, name, n);
    }
  }
  return { newColumns: Object.fromEntries(newColumns), absent: Object.fromEntries(absent) };
}

/** At least once is how Firehose delivers. */
async function dropDuplicates(engine: Engine): Promise<number> {
  const [[all = 0, different = 0] = []] = await engine.rows('SELECT count(*), count(DISTINCT inference_id) FROM items');
  if (all === different) return 0;
  await engine.run('DELETE FROM items WHERE rowid NOT IN (SELECT min(rowid) FROM items GROUP BY inference_id)');
  return Number(all) - Number(different);
}
