import { type Anomaly, counted, fault, quoted } from '../../domain/anomaly.ts';
import { type DatasetLimits, nameFaults, type PartOutcome, rawColumn, tooLarge } from './dataset-columns.ts';
import { type Engine, prepareForColumns, sqlName, sqlText } from './duckdb.ts';

/** A Parquet file may unfold to this many times what may be stored: columns compress well, bombs better. */
const UNFOLDING = 4;

/** Text is what DuckDB makes of these; everything else has no single value to learn from. */
const PLAIN_TYPE =
  /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN|VARCHAR|ENUM\(.*\)|DATE|TIME.*|UUID)$/;

/** Reads a Parquet file into table `part` as text, after its footer has told that it fits. */
export async function loadParquetPart(engine: Engine, file: string, limits: DatasetLimits): Promise<PartOutcome> {
  try {
    return await load(engine, file, limits);
  } catch (error) {
    if (!(error instanceof Error) || /^(Out of Memory|INTERRUPT)/i.test(error.message)) throw error;
    return refused(
      fault(
        'UNREADABLE',
        `The Parquet file cannot be read: ${quoted((error.message.split('\n')[0] ?? '').replaceAll(file, 'it'), 160)}.`,
        'Write the file again and upload all of it.',
      ),
    );
  }
}

async function load(engine: Engine, file: string, limits: DatasetLimits): Promise<PartOutcome> {
  const source = sqlText(file);
  const schema = await engine.rows(`SELECT name, coalesce(num_children, 0) FROM parquet_schema(${source})`);
  const width = Number(schema[0]?.[1] ?? 0);
  if (width > limits.maxColumns) return refused(...nameFaults(Array(width).fill(''), limits));
  const names = topLevelNames(schema.map(([name, children]) => ({ name: String(name), children: Number(children) })));
  const badNames = nameFaults(
    names.map((name) => name.trim()),
    limits,
  );
  if (badNames.length > 0) return refused(...badNames);
  const [size] = await engine.rows(
    `SELECT (SELECT num_rows FROM parquet_file_metadata(${source})),
            (SELECT coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata(${source}))`,
  );
  const rows = Number(size?.[0]);
  // A cell takes at least a digit and a delimiter as text; run-length encoding hides a billion of them in a few bytes.
  const unfolded = Math.max(Number(size?.[1]), rows * names.length * 2);
  if (unfolded > limits.maxBytes * UNFOLDING) return refused(tooLarge(unfolded, limits.maxBytes * UNFOLDING));
  const described = await engine.rows(`DESCRIBE SELECT * FROM read_parquet(${source})`);
  const columns = described.map((row, index) => ({
    sql: sqlName(String(row[0])),
    type: String(row[1]),
    name: names[index] ?? '',
  }));
  const foreign = columns.filter((column) => !PLAIN_TYPE.test(column.type));
  if (foreign.length > 0) return refused(...foreign.slice(0, 5).map((column) => unsupported(column.name, column.type)));
  const texts = columns.filter((column) => column.type === 'VARCHAR');
  const textBytes = await longest(engine, source, texts);
  if (textBytes.total > limits.maxBytes * UNFOLDING)
    return refused(tooLarge(textBytes.total, limits.maxBytes * UNFOLDING));
  if (textBytes.longest > MAX_CELL_BYTES) return refused(cellTooLarge(textBytes.column));
  await prepareForColumns(engine, names.length);
  await engine.run('DROP TABLE IF EXISTS part');
  const select = columns.map((column, index) => `${column.sql}::VARCHAR AS ${rawColumn(index)}`).join(', ');
  await engine.run(`CREATE TABLE part AS SELECT ${select} FROM read_parquet(${source})`);
  const [loaded] = await engine.rows('SELECT count(*) FROM part');
  if (Number(loaded?.[0]) !== rows)
    return refused(
      fault(
        'UNREADABLE',
        `The Parquet file announces ${counted(rows, 'row')} and holds ${loaded?.[0]}.`,
        'Write the file again and upload all of it.',
      ),
    );
  return { readable: true, columns: names.map((name) => name.trim()), rows };
}

const MAX_CELL_BYTES = 1024 ** 2;

async function longest(engine: Engine, source: string, columns: readonly { sql: string; name: string }[]) {
  if (columns.length === 0) return { total: 0, longest: 0, column: '' };
  const select = columns.map(({ sql }) => `coalesce(sum(strlen(${sql})), 0)::DOUBLE, coalesce(max(strlen(${sql})), 0)`);
  const [row = []] = await engine.rows(`SELECT ${select.join(', ')} FROM read_parquet(${source})`);
  const sizes = columns.map(({ name }, index) => ({
    name,
    sum: Number(row[index * 2]),
    max: Number(row[index * 2 + 1]),
  }));
  const worst = sizes.reduce((a, b) => (b.max > a.max ? b : a));
  return { total: sizes.reduce((sum, size) => sum + size.sum, 0), longest: worst.max, column: worst.name };
}

/** The schema is a tree in depth-first order; its root's children are the columns. */
function topLevelNames(nodes: readonly { name: string; children: number }[]): string[] {
  const names: string[] = [];
  let at = 1;
  const skip = () => {
    const node = nodes[at];
    at += 1;
    for (let child = 0; child < (node?.children ?? 0) && at < nodes.length; child += 1) skip();
  };
  while (at < nodes.length) {
    names.push(nodes[at]?.name ?? '');
    skip();
  }
  return names;
}

const refused = (...anomalies: Anomaly[]): PartOutcome => ({ readable: false, anomalies });

const unsupported = (column: string, type: string) =>
  fault(
    'UNSUPPORTED_TYPE',
    `Column ${quoted(column)} has the type ${quoted(type)}, which is not one value a row.`,
    'Write numbers, text, booleans or dates, one value a row; leave other columns out.',
    { column },
  );

const cellTooLarge = (column: string) =>
  fault(
    'CELL_TOO_LARGE',
    `Column ${quoted(column)} holds a value of more than ${MAX_CELL_BYTES / 1024} KiB.`,
    'Leave long texts and embedded files out of the training data.',
    { column },
  );
