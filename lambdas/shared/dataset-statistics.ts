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
    const { all, head } = queries(names.length, from);
    const [row = []] = await engine.rows(all);
    const [start = []] = await engine.rows(head);
    for (const [index, name] of names.entries()) {
      const counts = countsFrom(
        row.slice(index * COUNTS, (index + 1) * COUNTS),
        start.slice(index * HEAD_COUNTS, (index + 1) * HEAD_COUNTS),
        { name, rows: dataset.rows },
      );
      statistics.push(await completed(engine, rawColumn(from + index), { column: counts, asText: asText(name) }));
    }
  }
  return statistics;
}

/** What the beginning of a column holds is asked apart: four counts of so few rows cost nothing. */
const queries = (columns: number, from: number) => {
  const cells = Array.from({ length: columns }, (_, index) => rawColumn(from + index));
  const inner = cells.map((cell, i) => `${presentSql(cell)} AS t${i}, ${numberSql(cell)} AS d${i}`);
  // Lengths first: of most values nothing else has to be looked at.
  const word = (i: number) => `count_if(strlen(t${i}) <= 4 AND d${i} IS NULL AND ${missingWordSql(`t${i}`)})`;
  const boolean = (i: number) => `count_if(strlen(t${i}) IN (4, 5) AND lower(t${i}) IN ('true', 'false'))`;
  const counts = cells.map(
    (
      _,
      i,
    ) => `count(t${i}), ${word(i)}, count(f${i}), count_if(f${i} = trunc(f${i})), count_if(isnan(d${i})), count(d${i}),
      count_if(starts_with(t${i}, '0') AND regexp_full_match(t${i}, '0[0-9]+')), ${boolean(i)},
      approx_count_distinct(t${i}), min(f${i}), max(f${i}), avg(f${i}), max(strlen(t${i}))`,
  );
  const head = cells.map((_, i) => `count(t${i}), ${word(i)}, count(d${i}), ${boolean(i)}`);
  const finite = cells.map((_, i) => `t${i}, d${i}, CASE WHEN isfinite(d${i}) THEN d${i} END AS f${i}`);
  const read = `SELECT ${inner.join(', ')} FROM raw`;
  return {
    all: `SELECT ${counts.join(', ')} FROM (SELECT ${finite.join(', ')} FROM (${read}))`,
    head: `SELECT ${head.join(', ')} FROM (${read} WHERE rowid < ${HEAD_ROWS})`,
  };
};

const COUNTS = 13;
const HEAD_COUNTS = 4;

function countsFrom(
  cells: readonly Cell[],
  head: readonly Cell[],
  { name, rows }: { name: string; rows: number },
): ColumnStatistics {
  const count = (index: number) => Number(cells[index] ?? 0);
  const real = (index: number) => (cells[index] === null ? null : Number(cells[index]));
  const [values = 0, words = 0, numbers = 0, booleans = 0] = head.map(Number);
  const mean = real(11);
  return {
    name,
    values: count(0),
    missing: rows - count(0),
    words: count(1),
    numbers: count(2),
    integers: count(3),
    nan: count(4),
    infinite: count(5) - count(2) - count(4),
    commaNumbers: 0,
    codes: count(6),
    booleans: count(7),
    head: { values, words, numbers, booleans },
    distinct: Math.min(count(8), count(0)),
    unique: false,
    min: real(9),
    max: real(10),
    // A sum of doubles depends on the order in which threads meet: its last digits are noise.
    mean: mean !== null && Number.isFinite(mean) ? Number(mean.toPrecision(12)) : null,
    longest: count(12),
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
  // Equal texts are counted first: there are fewer of them to be spelled in one way.
  const texts = `(SELECT ${cell} AS t, count(*) AS n FROM raw WHERE ${presentSql(cell)} IS NOT NULL GROUP BY t)`;
  const [commas] = await engine.rows(
    `SELECT coalesce(sum(n) FILTER (regexp_full_match(trim(t), '[+-]?[0-9][0-9,]*,[0-9]+([.][0-9]+)?')), 0) FROM ${texts}`,
  );
  const levels = await engine.rows(
    `SELECT ${canonicalSql('t')} AS level, sum(n) AS count FROM ${texts}
     GROUP BY level ORDER BY count DESC, level LIMIT ${MAX_CATEGORIES + 1}`,
  );
  return {
    ...exact,
    commaNumbers: Number(commas?.[0]),
    levels: levels.slice(0, MAX_CATEGORIES).map(([value, n]) => ({ value: String(value), count: Number(n) })),
    levelsComplete: levels.length <= MAX_CATEGORIES,
  };
}
