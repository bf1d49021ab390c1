import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSchema, featuresOf, idColumnOf, learnerColumn } from '../../domain/data-schema.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import { MAX_LINE, unpackLines } from './captures-file.ts';
import { canonicalSql, missingWordSql, presentSql, VALUE_SQL } from './dataset-values.ts';
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
  /** Rows by feature in which the field is absent; null is a value. */
  readonly absent: Readonly<Record<string, number>>;
}

/**
 * Reads captures into table `captures`, one row per prediction: `inference_id`, `predicted_at` (UTC), `version`, `prediction` (the
 * score or the value; of several classes the probability of the one predicted), `label` (the class predicted), `id` (where
 * the data has one) and the features as `f0…fn` in the order and the types of the schema. Nothing in an object can make
 * it fail; whatever is not as expected is counted.
 */
export async function loadCaptures(
  engine: Engine,
  keys: readonly string[],
  options: LoadCapturesOptions,
): Promise<CaptureReading> {
  const features = featureCells(options.schema, new Set(options.redact));
  await prepareForColumns(engine, features.length);
  const { oversized, brokenObjects } = await gatherLines(engine, keys, options);
  const lines = await readLines(engine, options.version);
  const brokenInstances = await readInstances(engine);
  const { newColumns, absent } = await countFields(engine, options.schema);
  const wrongTypes = await readCells(engine, features, options);
  const duplicates = await dropDuplicates(engine);
  const [[rows = 0] = []] = await engine.rows('SELECT count(*) FROM captures');
  return {
    rows: Number(rows),
    brokenLines: oversized + lines.broken + brokenInstances,
    brokenObjects,
    duplicates,
    otherVersions: lines.otherVersions,
    leftOut: lines.leftOut,
    newColumns,
    wrongTypes,
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
  const fields = ['message', 'request_id', 'version', 'first', 'left_out', 'at', 'instances', 'predictions'];
  const paths = `[${fields.map((field) => sqlText(pointer(field))).join(', ')}]`;
  const text = (index: number) => `h[${index}]::VARCHAR`;
  await engine.run(`CREATE OR REPLACE TABLE heads AS
    SELECT *, coalesce(named AND predicted_at IS NOT NULL AND version >= 1 AND first >= 0 AND left_out >= 0
      AND json_type(instances) = 'ARRAY' AND json_type(predictions) = 'ARRAY'
      AND json_array_length(instances) = json_array_length(predictions), false) AS valid
    FROM (SELECT ${text(1)} = '"capture"' AND starts_with(${text(2)}, '"') AND ${text(2)} <> '""' AS named,
      json_extract_string(h[2], '$') AS request_id,
      ${[3, 4, 5].map((index) => `CASE WHEN regexp_full_match(${text(index)}, ${WHOLE}) THEN ${text(index)}::INTEGER END AS ${fields[index - 1]}`).join(', ')},
      TRY_CAST(json_extract_string(h[6], '$') AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS predicted_at, h[7] AS instances, h[8] AS predictions
      FROM (SELECT CASE WHEN json_valid(line) THEN json_extract(line, ${paths}) END AS h FROM lines))`);
  await engine.run('DROP TABLE lines');
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
    SELECT request_id || '-' || (first + place)::VARCHAR AS inference_id, predicted_at, version, instance, answer,
      json_type(instance) = 'OBJECT' AND json_type(answer) = 'OBJECT' AS whole
    FROM (SELECT request_id, predicted_at, version, first, unnest(json_extract(instances, '$[*]')) AS instance,
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
  const newColumns: Record<string, number> = {};
  const absent: Record<string, number> = {};
  const lists = engine.stream(
    'SELECT to_json(k)::VARCHAR, n FROM (SELECT json_keys(instance) AS k, count(*) AS n FROM items GROUP BY k)',
  );
  for await (const rows of lists) {
    for (const [list, n] of rows) {
      const fields = new Set(JSON.parse(String(list)) as string[]);
      for (const name of fields) if (!known.has(name)) newColumns[name] = (newColumns[name] ?? 0) + Number(n);
      for (const name of features) if (!fields.has(name)) absent[name] = (absent[name] ?? 0) + Number(n);
    }
  }
  return { newColumns, absent };
}

interface FeatureCell {
  readonly feature: string;
  readonly column: string;
  readonly path: string;
  readonly redacted: boolean;
  /** Its value by its type, and whether it has none of that type, of the text in column `t<index>` of table `cells`. */
  readonly value: string;
  readonly wrong: string;
}

function featureCells(schema: DataSchema, redacted: ReadonlySet<string>): FeatureCell[] {
  return featuresOf(schema).map(({ name, type }, index) => {
    const [text, nested] = [`t${index}`, `n${index}`];
    const value = `CASE WHEN NOT ${nested} THEN ${VALUE_SQL[type](text)} END`;
    const unreadable = `${presentSql(text)} IS NOT NULL AND (${VALUE_SQL[type](text)}) IS NULL AND NOT ${missingWordSql(text)}`;
    return {
      feature: name,
      column: learnerColumn(index),
      path: sqlText(pointer(name)),
      redacted: redacted.has(name),
      value,
      wrong: type === 'categorical' ? nested : `${nested} OR (${unreadable})`,
    };
  });
}

/** Table `captures`; answers the values that are not of the type of their column. */
async function readCells(
  engine: Engine,
  features: readonly FeatureCell[],
  { schema, redact = [] }: LoadCapturesOptions,
) {
  const id = idColumnOf(schema)?.name;
  const paths = `[${[...features.map(({ path }) => path), sqlText(pointer(id ?? ''))].join(', ')}]`;
  const cells = features.map(({ path, redacted }, index) =>
    redacted
      ? `NULL::VARCHAR AS t${index}, false AS n${index}`
      : `t[${index + 1}] AS t${index}, coalesce(CASE WHEN starts_with(t[${index + 1}], '{') OR starts_with(t[${index + 1}], '[')
          THEN json_type(instance, ${path}) IN ('OBJECT', 'ARRAY') END, false) AS n${index}`,
  );
  const withId = id !== undefined && !redact.includes(id);
  await engine.run(`CREATE OR REPLACE TABLE cells AS SELECT inference_id, predicted_at, version,
      ${predictionSql(schema)} AS prediction, a[2] AS label, ${withId ? canonicalSql('i') : 'NULL::VARCHAR'} AS id,
      ${cells.join(', ')}
    FROM (SELECT *, t[${features.length + 1}] AS i FROM (SELECT inference_id, predicted_at, version, instance, answer,
      json_extract_string(instance, ${paths}) AS t, json_extract_string(answer, ['/score', '/label', '/value']) AS a FROM items))`);
  await engine.run('DROP TABLE items');
  await engine.run(`CREATE OR REPLACE TABLE captures AS SELECT inference_id, predicted_at, version, prediction, label, id,
    ${features.map(({ column, value }) => `${value} AS ${column}`).join(', ')} FROM cells`);
  const wrong: Record<string, number> = {};
  const [counts = []] = await engine.rows(
    `SELECT ${features.map((cell) => `count_if(${cell.wrong})`).join(', ')} FROM cells`,
  );
  for (const [index, { feature }] of features.entries())
    if (counts[index] !== 0) wrong[feature] = Number(counts[index]);
  await engine.run('DROP TABLE cells');
  return wrong;
}

/** What a prediction is compared by: the score, the value, or how sure the model was of the class that it chose. */
function predictionSql({ target }: DataSchema): string {
  if (target.kind === 'regression') return 'TRY_CAST(a[3] AS DOUBLE)';
  if (target.kind === 'binary') return 'TRY_CAST(a[1] AS DOUBLE)';
  const escaped = `replace(replace(a[2], '~', '~0'), '/', '~1')`;
  return `TRY_CAST(json_extract_string(answer, '/probabilities/' || ${escaped}) AS DOUBLE)`;
}

/** At least once is how Firehose delivers. */
async function dropDuplicates(engine: Engine): Promise<number> {
  const [[all = 0, different = 0] = []] = await engine.rows(
    'SELECT count(*), count(DISTINCT inference_id) FROM captures',
  );
  if (all === different) return 0;
  await engine.run('DELETE FROM captures WHERE rowid NOT IN (SELECT min(rowid) FROM captures GROUP BY inference_id)');
  return Number(all) - Number(different);
}

/** A field's place as JSON Pointer (RFC 6901), which takes any name. */
const pointer = (field: string) => `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
