import { type ColumnSchema, type DataSchema, featuresOf, idColumnOf, learnerColumn } from '../../domain/data-schema.ts';
import { InvalidDataset } from '../../domain/errors.ts';
import type { Dataset } from '../shared/dataset.ts';
import { rawColumn } from '../shared/dataset-columns.ts';
import { canonicalSql, labelSql, numberSql, VALUE_SQL } from '../shared/dataset-values.ts';
import { type Engine, sqlText } from '../shared/duckdb.ts';

/** A column beside the features that an evaluation groups by. */
export interface AttributeColumn {
  readonly name: string;
  /** Its column in table `data`. */
  readonly sql: string;
}

/** Table `data`: `f0…` by the order of the schema, `label`, `a0…`, the row number `r` and the place `h` in the split. */
export interface TypedRows {
  readonly features: readonly ColumnSchema[];
  readonly attributes: readonly AttributeColumn[];
  readonly rows: number;
  /** Rows without a label: in no part of the split. */
  readonly rejected: number;
}

/** Types every value by the schema and gives each row its place in the split; drops the text it came from. */
export async function typeRows(
  engine: Engine,
  dataset: Dataset,
  { schema, attributes, salt }: { schema: DataSchema; attributes: readonly string[]; salt: string },
): Promise<TypedRows> {
  const cellOf = (name: string) => {
    const index = dataset.columns.indexOf(name);
    if (index === -1)
      throw new InvalidDataset(`Column ${JSON.stringify(name)} is not in the data that was validated with it`);
    return rawColumn(index);
  };
  const features = featuresOf(schema);
  const known = new Set(features.map(({ name }) => name));
  const beside = attributes
    .filter((name) => !known.has(name) && name !== schema.target.name)
    .map((name, index) => ({ name, sql: `a${index}` }));
  const target = cellOf(schema.target.name);
  const label = schema.target.kind === 'regression' ? numberSql(target) : labelSql(target);
  const select = [
    // NaN stays: a profile counts it apart from a missing value.
    ...features.map(
      ({ name, type }, index) =>
        `${type === 'numeric' ? numberSql(cellOf(name)) : VALUE_SQL[type](cellOf(name))} AS ${learnerColumn(index)}`,
    ),
    ...beside.map(({ name, sql }) => `${canonicalSql(cellOf(name))} AS ${sql}`),
    ...identity(schema, cellOf),
    `${label} AS label`,
    'rowid AS r',
  ];
  await engine.run(`CREATE TABLE typed AS SELECT ${select.join(', ')} FROM raw`);
  await engine.run('DROP TABLE raw');
  // MD5 and not DuckDB's hash(): that one may change with its version, and a row must stay on its side for good.
  const place = `md5_number_upper(${sqlText(`${salt}\u001f`)} || coalesce(id, ${contentSql(features)}))`;
  await engine.run(`CREATE TABLE data AS SELECT * EXCLUDE (id), ${place} AS h FROM typed WHERE label IS NOT NULL`);
  await engine.run('DROP TABLE typed');
  const [row] = await engine.rows('SELECT count(*) FROM data');
  const rows = Number(row?.[0]);
  return { features, attributes: beside, rows, rejected: dataset.rows - rows };
}

function identity(schema: DataSchema, cellOf: (name: string) => string): string[] {
  const id = idColumnOf(schema);
  return [`${id ? `${sqlText('id\u001f')} || ${canonicalSql(cellOf(id.name))}` : 'NULL::VARCHAR'} AS id`];
}

/** What identifies a row that has no id: its values by name of column, so that the order of columns does not matter. */
function contentSql(features: readonly ColumnSchema[]): string {
  const values = features
    .map(({ name }, index) => ({ name, sql: `coalesce(${learnerColumn(index)}::VARCHAR, ${sqlText('\u001e')})` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ sql }) => sql);
  return `concat_ws(${sqlText('\u001f')}, ${[...values, 'label::VARCHAR'].join(', ')})`;
}
