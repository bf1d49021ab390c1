import {
  type ColumnType,
  type DataSchema,
  FALSE_SPELLINGS,
  featuresOf,
  idColumnOf,
  learnerColumn,
  MISSING_WORDS,
  TRUE_SPELLINGS,
} from '../../domain/data-schema.ts';
import { canonicalSql, missingWordSql, presentSql, VALUE_SQL } from './dataset-values.ts';
import { type Engine, sqlText, sqlTexts } from './duckdb.ts';

/**
 * Makes table `captures` out of table `items`; answers the values that are not of the type of their column.
 *
 * Values are kept as lists until the end and each step is a table of its own: a query that named them one by one would
 * be planned for seconds with hundreds of columns, and would look for a value once more wherever it is named.
 */
export async function readCells(
  engine: Engine,
  { schema, redact = [] }: { schema: DataSchema; redact?: readonly string[] },
): Promise<Record<string, number>> {
  const features = featuresOf(schema);
  const id = idColumnOf(schema)?.name;
  const cells = cellsOf(features, new Set(redact));
  const paths = (list: 'n' | 'c') =>
    `[${cells.flatMap((cell) => (cell.list === list ? [sqlText(pointer(cell.feature))] : [])).join(', ')}]::VARCHAR[]`;
  const hidden = `[${features.map(({ name }) => sqlText(name)).join(', ')}]`;
  await engine.run(`CREATE OR REPLACE TABLE texts AS SELECT * EXCLUDE (answer),
      ${id === undefined || redact.includes(id) ? 'NULL::VARCHAR' : `json_extract_string(instance, ${sqlText(pointer(id))})`} AS i,
      json_extract_string(answer, ['/score', '/label', '/value']) AS a, ${CONFIDENCE[schema.target.kind]} AS p,
      json_extract_string(instance, ${paths('n')}) AS n, json_extract_string(instance, ${paths('c')}) AS c
    FROM items`);
  await engine.run('DROP TABLE items');
  await engine.run(`CREATE OR REPLACE TABLE cells AS SELECT * EXCLUDE (instance) REPLACE (
      list_transform(n, lambda x: ${VALUE_SQL.numeric('x')}) AS n, list_transform(c, lambda x: ${canonicalSql('x')}) AS c),
      list_transform(n, lambda x: ${presentSql('x')} IS NOT NULL AND ${VALUE_SQL.numeric('x')} IS NULL
        AND NOT ${missingWordSql('x')}) AS wrong,
      CASE WHEN ${MAYBE_NESTED} THEN json_type(instance, ${paths('c')}) END AS kinds FROM texts`);
  await engine.run('DROP TABLE texts');
  await engine.run(`CREATE OR REPLACE TABLE captures AS SELECT inference_id, predicted_at, version,
      ${PREDICTION[schema.target.kind]} AS prediction, a[2] AS label, ${canonicalSql('i')} AS id,
      coalesce(NOT list_has_any(redacted, ${hidden}), true) AS complete,
      ${cells.map(({ column, value }) => `${value} AS ${column}`).join(', ')} FROM cells`);
  const [counts = []] = await engine.rows(
    `SELECT ${cells.map(({ wrong }) => `count_if(${wrong})`).join(', ')} FROM cells`,
  );
  await engine.run('DROP TABLE cells');
  return Object.fromEntries(
    cells.flatMap(({ feature }, index) => {
      const count = Number(counts[index] ?? 0);
      return count === 0 ? [] : [[feature, count]];
    }),
  );
}

interface Cell {
  readonly feature: string;
  readonly column: string;
  /** The list that it stands in: numbers and texts are read apart; redacted features are not read. */
  readonly list: 'n' | 'c' | null;
  readonly value: string;
  readonly wrong: string;
}

function cellsOf(features: readonly { name: string; type: ColumnType }[], redacted: ReadonlySet<string>): Cell[] {
  const places = { n: 0, c: 0 };
  return features.map(({ name, type }, index) => {
    const base = { feature: name, column: learnerColumn(index) };
    const { list, value, wrong } = READING[type];
    if (redacted.has(name))
      return { ...base, list: null, value: `NULL::${list === 'n' ? 'DOUBLE' : 'VARCHAR'}`, wrong: 'false' };
    places[list] += 1;
    return { ...base, list, value: value(places[list]), wrong: wrong(places[list]) };
  });
}

/** A text that looks like an object or a list: only then is it worth asking whether it is one. */
const MAYBE_NESTED = "list_bool_or(list_transform(c, lambda x: starts_with(x, '{') OR starts_with(x, '[')))";

const nested = (place: number) => `coalesce(kinds[${place}] IN ('OBJECT', 'ARRAY'), false)`;
const oneOf = (place: number, words: readonly string[]) => `lower(c[${place}]) IN ${sqlTexts(words)}`;

/** A value at its place of its list, and whether it is none of its type. */
const READING: Record<
  ColumnType,
  { list: 'n' | 'c'; value: (place: number) => string; wrong: (place: number) => string }
> = {
  numeric: { list: 'n', value: (place) => `n[${place}]`, wrong: (place) => `wrong[${place}]` },
  categorical: { list: 'c', value: (place) => `CASE WHEN NOT ${nested(place)} THEN c[${place}] END`, wrong: nested },
  boolean: {
    list: 'c',
    value: (place) =>
      `CASE WHEN ${oneOf(place, TRUE_SPELLINGS)} THEN 'true' WHEN ${oneOf(place, FALSE_SPELLINGS)} THEN 'false' END`,
    wrong: (place) => `NOT ${oneOf(place, [...TRUE_SPELLINGS, ...FALSE_SPELLINGS, ...MISSING_WORDS])}`,
  },
};

/** What a prediction is compared by: the score, the value, or how sure the model was of the class that it chose. */
const PREDICTION: Record<DataSchema['target']['kind'], string> = {
  binary: 'TRY_CAST(a[1] AS DOUBLE)',
  multiclass: 'TRY_CAST(p AS DOUBLE)',
  regression: 'TRY_CAST(a[3] AS DOUBLE)',
};

const CONFIDENCE: typeof PREDICTION = {
  binary: 'NULL',
  multiclass: `json_extract_string(answer, '/probabilities/' ||
    replace(replace(json_extract_string(answer, '/label'), '~', '~0'), '/', '~1'))`,
  regression: 'NULL',
};

/** A field's place as JSON Pointer (RFC 6901), which takes any name. */
export const pointer = (field: string) => `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
