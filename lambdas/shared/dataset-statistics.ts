import { type ColumnStatistics, HEAD_ROWS } from '../../domain/column-statistics.ts';
import { MAX_CATEGORIES } from '../../domain/data-schema.ts';
import type { Dataset } from './dataset.ts';
import { rawColumn } from './dataset-columns.ts';
import { canonicalSql, missingWordSql, numberSql, presentSql } from './dataset-values.ts';
import type { Cell, Engine } from './duckdb.ts';

/** Columns per query: wide tables would make one query's plan larger than its data. */
const COLUMNS_AT_ONCE = 40;

/**
 * Counts every column of table `raw`, all rows of it: nothing is inferred from a sample. The levels of a column of
 * numbers are listed only where `asText` says that they are codes.
 */
export async function columnStatistics(
  engine: Engine,
  dataset: Dataset,
  { asText }: { asText: (column: string) => boolean },
): Promise<ColumnStatistics[]> {
  const statistics: ColumnStatistics[] = [];
  for (let from = 0; from < dataset.columns.length; from += COLUMNS_AT_ONCE) {
    const names = dataset.columns.slice(from, from + COLUMNS_AT_ONCE);
    const [row = []] = await engine.rows(countsQuery(names.length, from));
    for (const [index, name] of names.entries()) {
      const counts = countsFrom(row.slice(index * COUNTS, (index + 1) * COUNTS), name, dataset.rows);
      statistics.push(await completed(engine, rawColumn(from + index), { column: counts, asText: asText(name) }));
    }
  }
  return statistics;
}

const COUNTS = 18;

function countsQuery(columns: number, from: number): string {
  const cells = Array.from({ length: columns }, (_, index) => rawColumn(from + index));
  const inner = cells.map(
    (cell, i) =>
      `${presentSql(cell)} AS t${i}, ${numberSql(cell)} AS d${i}, ${missingWordSql(cell)} AS w${i},
       (lower(${presentSql(cell)}) IN ('true', 'false')) AS b${i}`,
  );
  const outer = cells.map(
    (
      _,
      i,
    ) => `count(t${i}), count_if(w${i}), count_if(isfinite(d${i})), count_if(d${i} = trunc(d${i}) AND isfinite(d${i})),
      count_if(isnan(d${i})), count_if(isinf(d${i})), count_if(regexp_full_match(t${i}, '[+-]?0[0-9]+')), count_if(b${i}),
      count_if(head AND t${i} IS NOT NULL), count_if(head AND w${i}), count_if(head AND d${i} IS NOT NULL), count_if(head AND b${i}),
      approx_count_distinct(t${i}), min(d${i}) FILTER (isfinite(d${i})), max(d${i}) FILTER (isfinite(d${i})),
      avg(d${i}) FILTER (abs(d${i}) < 1e150), stddev_samp(d${i}) FILTER (abs(d${i}) < 1e150), max(strlen(t${i}))`,
  );
  return `SELECT ${outer.join(', ')} FROM (SELECT rowid < ${HEAD_ROWS} AS head, ${inner.join(', ')} FROM raw)`;
}

function countsFrom(cells: readonly Cell[], name: string, rows: number): ColumnStatistics {
  const count = (index: number) => Number(cells[index] ?? 0);
  const real = (index: number) => (cells[index] === null ? null : Number(Number(cells[index]).toPrecision(12)));
  const exact = (index: number) => (cells[index] === null ? null : Number(cells[index]));
  return {
    name,
    values: count(0),
    missing: rows - count(0),
    words: count(1),
    numbers: count(2),
    integers: count(3),
    nan: count(4),
    infinite: count(5),
    commaNumbers: 0,
    codes: count(6),
    booleans: count(7),
    head: { values: count(8), words: count(9), numbers: count(10), booleans: count(11) },
    distinct: Math.min(count(12), count(0)),
    unique: false,
    min: exact(13),
    max: exact(14),
    // Sums of doubles depend on the order in which threads meet: the last digits are noise.
    mean: real(15),
    deviation: real(16),
    longest: count(17),
    levels: [],
    levelsComplete: false,
  };
}

async function completed(
  engine: Engine,
  cell: string,
  { column, asText }: { column: ColumnStatistics; asText: boolean },
): Promise<ColumnStatistics> {
  const exact = { ...column };
  // The estimate of distinct values is off by a few percent at most: only a column near "all different" needs the count.
  if (column.values > 0 && column.distinct >= 0.8 * column.values) {
    const [row] = await engine.rows(`SELECT count(DISTINCT ${presentSql(cell)}) FROM raw`);
    exact.distinct = Number(row?.[0]);
    exact.unique = exact.distinct === column.values;
  }
  if (column.numbers === column.values - column.words && column.codes === 0 && !asText) return exact;
  const [commas] = await engine.rows(
    `SELECT count_if(regexp_full_match(${presentSql(cell)}, '[+-]?[0-9][0-9,]*,[0-9]+([.][0-9]+)?')) FROM raw`,
  );
  const levels = await engine.rows(
    `SELECT ${canonicalSql(cell)} AS level, count(*) AS n FROM raw WHERE ${presentSql(cell)} IS NOT NULL
     GROUP BY level ORDER BY n DESC, level LIMIT ${MAX_CATEGORIES + 1}`,
  );
  return {
    ...exact,
    commaNumbers: Number(commas?.[0]),
    levels: levels.slice(0, MAX_CATEGORIES).map(([value, n]) => ({ value: String(value), count: Number(n) })),
    levelsComplete: levels.length <= MAX_CATEGORIES,
  };
}
