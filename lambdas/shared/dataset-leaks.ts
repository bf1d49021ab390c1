import type { ColumnSchema } from '../../domain/data-schema.ts';
import type { Leak } from '../../domain/evidence.ts';
import type { Problem } from '../../domain/model-config.ts';
import { labelSql, numberSql, VALUE_SQL } from './dataset-values.ts';
import type { Engine } from './duckdb.ts';

export interface LeakQuestion {
  readonly problem: Problem;
  /** Cell of table `raw` that holds the label. */
  readonly target: string;
  readonly features: readonly { readonly column: ColumnSchema; readonly cell: string }[];
  readonly rows: number;
}

/** Rows that are looked at: enough to tell .995 from .99, and bounded in time whatever the dataset's size. */
const MAX_ROWS = 100_000;
/** A level must stand for at least this many rows on average, or small groups explain the label by chance. */
const ROWS_PER_LEVEL = 20;
const MIN_CLASS_ROWS = 10;

/** How well every feature alone tells the label. Which value is too good to be true is the domain's to say. */
export async function findLeaks(engine: Engine, question: LeakQuestion): Promise<Leak[]> {
  const leaks: Leak[] = [];
  const step = Math.max(1, Math.ceil(question.rows / MAX_ROWS));
  const label = question.problem.kind === 'regression' ? numberSql(question.target) : labelSql(question.target);
  // A multiplicative hash of the row number spreads the sample over the file, whatever order it is in.
  const sample = (cell: string) =>
    `(SELECT rowid AS r, ${cell} FROM raw WHERE (rowid * 2654435761 % 4294967296) % ${step} = 0)`;
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE labels AS SELECT * FROM (SELECT r, ${label} AS y FROM ${sample(question.target)}) WHERE y IS NOT NULL`,
  );
  for (const feature of question.features) {
    await engine.run(
      `CREATE OR REPLACE TEMP TABLE pair AS SELECT x, y FROM labels
       JOIN (SELECT r, ${VALUE_SQL[feature.column.type](feature.cell)} AS x FROM ${sample(feature.cell)}) USING (r)`,
    );
    const found =
      question.problem.kind === 'regression' ? await numberLeak(engine, feature) : await classLeak(engine, feature);
    leaks.push(...found.map((leak) => ({ column: feature.column.name, ...leak })));
  }
  for (const table of ['labels', 'pair']) await engine.run(`DROP TABLE IF EXISTS ${table}`);
  return leaks;
}

type Found = Omit<Leak, 'column'>;

async function numberLeak(engine: Engine, { column }: { column: ColumnSchema }): Promise<Found[]> {
  const found: Found[] = [];
  if (column.type === 'numeric') {
    const [row] = await engine.rows(
      'SELECT corr(x, y), count(*) FROM pair WHERE x IS NOT NULL AND abs(x) < 1e150 AND abs(y) < 1e150',
    );
    const correlation = Number(row?.[0] ?? 0);
    if (Number.isFinite(correlation) && Number(row?.[1]) >= ROWS_PER_LEVEL)
      found.push({ measure: 'r2', value: correlation ** 2 });
  }
  const [row] = await engine.rows(
    `WITH levels AS (SELECT count(*) AS n, avg(y) AS m FROM pair WHERE abs(y) < 1e150 GROUP BY x)
     SELECT count(*), sum(n), (SELECT var_pop(y) * count(y) FROM pair WHERE abs(y) < 1e150),
            sum(n * (m - (SELECT avg(y) FROM pair WHERE abs(y) < 1e150)) ** 2) FROM levels`,
  );
  const [levels, rows, total, between] = (row ?? []).map(Number);
  if (levels && rows && total && between && levels >= 2 && rows >= levels * ROWS_PER_LEVEL)
    found.push({ measure: 'explained', value: Math.min(1, between / total) });
  return found;
}

async function classLeak(engine: Engine, { column }: { column: ColumnSchema }): Promise<Found[]> {
  const explained = await explainedVariety(engine, 'x');
  const found: Found[] = explained === null ? [] : [{ measure: 'explained', value: explained }];
  if (column.type !== 'numeric') return found;
  // A column that is only filled in after the outcome gives itself away by where it is empty.
  const filled = await explainedVariety(engine, 'x IS NULL');
  if (filled !== null) found.push({ measure: 'explained', value: filled });
  const [classes] = await engine.rows('SELECT count(DISTINCT y), count(*) FROM pair');
  if (Number(classes?.[0]) === 2) {
    const auc = await singleFeatureAuc(engine);
    if (auc !== null) found.push({ measure: 'auc', value: auc });
  } else if (explained === null) {
    // Neighbours two by two: groups so small cannot be all of one label by chance, however many there are.
    const rows = Number(classes?.[1]);
    const pairs = `floor((rank() OVER (ORDER BY x) - 1) * ${Math.floor(rows / 2)} / ${rows})`;
    const binned = await explainedVariety(engine, pairs, { rowsPerGroup: 1 });
    if (binned !== null) found.push({ measure: 'explained', value: binned });
  }
  return found;
}

/**
 * How much better than "always the most frequent label" one does by knowing the group: 0 not at all, 1 without a miss.
 * Null when there are so many groups that chance alone would do it.
 */
async function explainedVariety(
  engine: Engine,
  group: string,
  { rowsPerGroup = ROWS_PER_LEVEL }: { rowsPerGroup?: number } = {},
): Promise<number | null> {
  const [row] = await engine.rows(
    `WITH counts AS (SELECT g, y, count(*) AS n FROM (SELECT ${group} AS g, y FROM pair) GROUP BY g, y),
          best AS (SELECT g, max(n) AS hits FROM counts GROUP BY g)
     SELECT (SELECT sum(hits) FROM best), (SELECT count(*) FROM best), (SELECT sum(n) FROM counts),
            (SELECT max(n) FROM (SELECT y, sum(n) AS n FROM counts GROUP BY y))`,
  );
  const [hits = 0, groups = 0, rows = 0, majority = 0] = (row ?? []).map(Number);
  if (groups < 2 || rows < groups * rowsPerGroup || rows - majority < MIN_CLASS_ROWS) return null;
  return (hits - majority) / (rows - majority);
}

/** AUC of a number among the rows that have it, in whichever direction is better; ties count half. */
async function singleFeatureAuc(engine: Engine): Promise<number | null> {
  const [row] = await engine.rows(
    `WITH levels AS (SELECT x, count(*) AS n, count_if(y = (SELECT min(y) FROM pair)) AS k FROM pair WHERE x IS NOT NULL GROUP BY x),
          ranked AS (SELECT k, (sum(n) OVER (ORDER BY x)) - (n - 1) / 2 AS rank FROM levels)
     SELECT (SELECT sum(k * rank) FROM ranked), sum(k), sum(n - k) FROM levels`,
  );
  const [ranks = 0, own = 0, other = 0] = (row ?? []).map(Number);
  if (own < MIN_CLASS_ROWS || other < MIN_CLASS_ROWS) return null;
  const auc = (ranks - (own * (own + 1)) / 2) / (own * other);
  return Math.max(auc, 1 - auc);
}
