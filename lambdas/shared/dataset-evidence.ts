import type { ColumnStatistics } from '../../domain/column-statistics.ts';
import { type ColumnSchema, canonicalText } from '../../domain/data-schema.ts';
import { type Evidence, MAX_LISTED_LABELS, type Violation } from '../../domain/evidence.ts';
import type { Problem } from '../../domain/model-config.ts';
import { declaredRule, missingValues } from '../../domain/schema-inference.ts';
import type { Dataset } from './dataset.ts';
import { rawColumn } from './dataset-columns.ts';
import { findLeaks } from './dataset-leaks.ts';
import { booleanSql, canonicalSql, labelSql, missingWordSql, numberSql, presentSql } from './dataset-values.ts';
import { type Engine, sqlNumber, sqlTexts } from './duckdb.ts';

export interface TypedColumns {
  readonly problem: Problem;
  readonly columns: readonly ColumnSchema[];
  readonly statistics: readonly ColumnStatistics[];
}

/** Looks for what contradicts the types, the rules and the idea of a fair training set, and keeps examples of it. */
export async function gatherEvidence(engine: Engine, dataset: Dataset, typed: TypedColumns): Promise<Evidence> {
  const { problem, columns, statistics } = typed;
  const cellOf = (name: string | undefined) => {
    const index = name === undefined ? -1 : dataset.columns.indexOf(name);
    return index === -1 ? undefined : rawColumn(index);
  };
  const features = columns.flatMap((column) => {
    const cell = cellOf(column.name);
    const counts = statistics.find(({ name }) => name === column.name);
    return column.role === 'feature' && cell && counts ? [{ column, cell, counts }] : [];
  });
  const violations = async (
    applies: (feature: (typeof features)[number]) => string | undefined,
  ): Promise<Violation[]> => {
    const found: Violation[] = [];
    for (const feature of features) {
      const condition = applies(feature);
      const violation =
        condition && (await violationOf(engine, { name: feature.column.name, cell: feature.cell, condition }));
      if (violation) found.push(violation);
    }
    return found;
  };
  const target = cellOf(problem.target);
  const id = cellOf(problem.id);
  const labels = target ? await labelEvidence(engine, target, problem) : NO_LABELS;
  return {
    rows: dataset.rows,
    labels,
    mistyped: await violations(({ column, cell, counts }) => mistypedSql(column, cell, counts)),
    infinite: await violations(({ column, cell, counts }) =>
      column.type === 'numeric' && counts.infinite > 0 ? `isinf(${numberSql(cell)})` : undefined,
    ),
    belowMinimum: await violations(({ column, cell, counts }) => {
      const min = declaredRule(problem, column.name)?.min;
      return min !== undefined && counts.min !== null && counts.min < min
        ? `${numberSql(cell)} < ${sqlNumber(min)}`
        : undefined;
    }),
    aboveMaximum: await violations(({ column, cell, counts }) => {
      const max = declaredRule(problem, column.name)?.max;
      return max !== undefined && counts.max !== null && counts.max > max
        ? `${numberSql(cell)} > ${sqlNumber(max)} AND isfinite(${numberSql(cell)})`
        : undefined;
    }),
    undeclaredCategories: await violations(({ column, cell }) => {
      const categories = declaredRule(problem, column.name)?.categories?.flatMap((text) => canonicalText(text) ?? []);
      return categories ? `${canonicalSql(cell)} NOT IN ${sqlTexts(categories)}` : undefined;
    }),
    ids: id ? await idEvidence(engine, id) : null,
    repeatedRows: target ? await repeatedRows(engine, [target, ...features.map(({ cell }) => cell)]) : 0,
    leaks:
      target && labels.missing.count < dataset.rows
        ? await findLeaks(engine, { problem, target, features, rows: dataset.rows })
        : [],
  };
}

/** Where values are that do not read as the type; undefined when the counts already say that there are none. */
function mistypedSql(column: ColumnSchema, cell: string, counts: ColumnStatistics): string | undefined {
  if (column.type === 'categorical') return undefined;
  if (column.type === 'boolean')
    return counts.booleans === counts.values
      ? undefined
      : `${presentSql(cell)} IS NOT NULL AND ${booleanSql(cell)} IS NULL AND NOT ${missingWordSql(cell)}`;
  if (counts.numbers + counts.infinite + missingValues(counts, 'numeric') === counts.values + counts.missing)
    return undefined;
  return `${presentSql(cell)} IS NOT NULL AND ${numberSql(cell)} IS NULL AND NOT ${missingWordSql(cell)}`;
}

const EXAMPLES = 3;

async function violationOf(
  engine: Engine,
  { name, cell, condition }: { name: string; cell: string; condition: string },
): Promise<Violation | null> {
  const [row] = await engine.rows(`SELECT count(*) FROM raw WHERE ${condition}`);
  const count = Number(row?.[0]);
  if (count === 0) return null;
  const examples = await engine.rows(
    `SELECT rowid + 1, left(${cell}, 200) FROM raw WHERE ${condition} ORDER BY rowid LIMIT ${EXAMPLES}`,
  );
  return { column: name, count, examples: examples.map(([at, value]) => ({ row: Number(at), value: String(value) })) };
}

async function labelEvidence(engine: Engine, cell: string, problem: Problem): Promise<Evidence['labels']> {
  const regression = problem.kind === 'regression';
  const label = regression ? numberSql(cell) : labelSql(cell);
  const missing = regression ? `(${presentSql(cell)} IS NULL OR ${missingWordSql(cell)})` : `${label} IS NULL`;
  // Equal texts are counted first: of labels there are few.
  const texts = `(SELECT ${cell}, count(*) AS n FROM raw GROUP BY ${cell})`;
  const [row] = await engine.rows(`SELECT coalesce(sum(n), 0) FROM ${texts} WHERE ${missing}`);
  const count = Number(row?.[0]);
  const at = count === 0 ? [] : await engine.rows(`SELECT rowid + 1 FROM raw WHERE ${missing} ORDER BY rowid LIMIT 5`);
  const base = { missing: { count, rows: at.map(([number]) => Number(number)) } };
  if (regression) {
    const violation = (condition: string) => violationOf(engine, { name: problem.target, cell, condition });
    const [spread] = await engine.rows(`SELECT min(${label}) = max(${label}) FROM raw`);
    return {
      ...base,
      classes: [],
      complete: true,
      notNumeric: await violation(`NOT ${missing} AND ${label} IS NULL`),
      // The square of an error has to stay a number, and so do the sums of it.
      notFinite: await violation(`NOT isfinite(${label}) OR abs(${label}) > 1e100`),
      constant: spread?.[0] === true,
    };
  }
  const classes = await engine.rows(
    `SELECT ${label} AS label, sum(n) AS size FROM ${texts} WHERE NOT (${missing})
     GROUP BY label ORDER BY size DESC, label LIMIT ${MAX_LISTED_LABELS}`,
  );
  return {
    ...base,
    classes: classes.map(([name, size]) => ({ label: String(name), count: Number(size) })),
    complete: classes.length < MAX_LISTED_LABELS,
    notNumeric: null,
    notFinite: null,
    constant: classes.length === 1,
  };
}

async function idEvidence(engine: Engine, cell: string): Promise<Evidence['ids']> {
  await engine.run(
    `CREATE TEMP TABLE repeated AS SELECT id, count(*) AS n, list_sort(min(r, ${EXAMPLES})) AS seen
     FROM (SELECT ${canonicalSql(cell)} AS id, rowid + 1 AS r FROM raw) WHERE id IS NOT NULL GROUP BY id HAVING n > 1`,
  );
  const [missing] = await engine.rows(`SELECT count(*) FROM raw WHERE ${presentSql(cell)} IS NULL`);
  const [total] = await engine.rows('SELECT coalesce(sum(n), 0) FROM repeated');
  const examples = await engine.rows(
    `SELECT left(id, 200), array_to_string(seen, ' ') FROM repeated ORDER BY seen[1], id LIMIT ${EXAMPLES}`,
  );
  await engine.run('DROP TABLE repeated');
  return {
    missing: Number(missing?.[0]),
    duplicateRows: Number(total?.[0]),
    examples: examples.map(([id, at]) => ({ id: String(id), rows: String(at).split(' ').map(Number) })),
  };
}

async function repeatedRows(engine: Engine, cells: readonly string[]): Promise<number> {
  const [row] = await engine.rows(`SELECT count(*) - count(DISTINCT hash(${cells.join(', ')})) FROM raw`);
  return Number(row?.[0]);
}

const NO_LABELS: Evidence['labels'] = {
  missing: { count: 0, rows: [] },
  classes: [],
  complete: true,
  notNumeric: null,
  notFinite: null,
  constant: false,
};
