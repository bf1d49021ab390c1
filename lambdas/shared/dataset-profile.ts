import {
  type CategoricalProfile,
  type ColumnProfile,
  categoricalFrame,
  countCategories,
  EDGE_QUANTILES,
  HIGH_QUANTILE,
  LOW_QUANTILE,
  type NumericProfile,
  type Profile,
  unitOf,
} from '../../domain/profile.ts';
import { type Cell, type Engine, sqlNumber } from './duckdb.ts';

/** A column of a table in the engine, under the name it has in the data. */
export interface ProfiledColumn {
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
  /** Its value in SQL: DOUBLE or VARCHAR, NULL when missing. */
  readonly sql: string;
}

/** The rows to profile: a table or `table WHERE …`, its features and its target. */
export interface ProfiledTable {
  readonly from: string;
  readonly features: readonly ProfiledColumn[];
  readonly target: ProfiledColumn;
}

/** The profile that later ones are compared with: takes its frame from the rows themselves. */
export async function profileTraining(engine: Engine, table: ProfiledTable): Promise<Profile> {
  const framed = async (column: ProfiledColumn) => emptyInFrame(column, await frameOf(engine, table.from, column));
  const features: ColumnProfile[] = [];
  for (const column of table.features) features.push(await framed(column));
  return profileInFrame(engine, table, { format: 1, rows: 0, features, target: await framed(table.target) });
}

/** Counts rows in the frame of an earlier profile. */
export async function profileInFrame(engine: Engine, table: ProfiledTable, frame: Profile): Promise<Profile> {
  const [total] = await engine.rows(`SELECT count(*) FROM ${table.from}`);
  const columns = [...table.features, table.target];
  const frames = [...frame.features, frame.target];
  const profiles: ColumnProfile[] = [];
  for (let from = 0; from < columns.length; from += COLUMNS_AT_ONCE) {
    const batch = columns
      .slice(from, from + COLUMNS_AT_ONCE)
      .map((column, index) => ({ column, frame: frames[from + index] }));
    profiles.push(...(await profileColumns(engine, table.from, batch)));
  }
  const target = profiles.pop();
  if (target === undefined) throw new RangeError('a profile needs a target');
  return { format: 1, rows: Number(total?.[0]), features: profiles, target };
}

const COLUMNS_AT_ONCE = 64;

async function profileColumns(
  engine: Engine,
  from: string,
  batch: readonly { column: ProfiledColumn; frame: ColumnProfile | undefined }[],
): Promise<ColumnProfile[]> {
  const numeric = batch.flatMap(({ column, frame }) => (frame?.kind === 'numeric' ? [{ column, frame }] : []));
  const [row = []] =
    numeric.length === 0
      ? []
      : await engine.rows(
          `SELECT count(*), ${numeric.map(({ column, frame }) => numericSql(column.sql, frame)).join(', ')} FROM ${from}`,
        );
  const profiles: ColumnProfile[] = [];
  let at = 1;
  for (const { column, frame } of batch) {
    if (frame?.kind === 'numeric') {
      profiles.push(numericProfile(frame, Number(row[0]), row.slice(at, at + NUMERIC_CELLS)));
      at += NUMERIC_CELLS;
    } else if (frame?.kind === 'categorical') {
      profiles.push(countCategories(column.name, frame.frame, await levelsOf(engine, from, column.sql)));
    } else throw new RangeError(`no frame for column ${JSON.stringify(column.name)}`);
  }
  return profiles;
}

const NUMERIC_CELLS = 7;

/** One pass: the histogram counts everything that is an interval, the sums are of whole numbers and so exact. */
function numericSql(value: string, profile: NumericProfile): string {
  const finite = `CASE WHEN isfinite(${value}) THEN ${value} END`;
  // Inside the CASE: greatest() and least() pass over NULL and would make a number of it.
  const clamped = `round(greatest(least(${value} / ${sqlNumber(profile.frame.unit)}, ${LARGEST}), -${LARGEST}))`;
  const units = `CASE WHEN isfinite(${value}) THEN ${clamped}::BIGINT END`;
  const bounds = boundsOf(profile.frame).map(sqlNumber).join(', ');
  return `array_to_string(map_values(histogram(${finite}, [${bounds}])), ' '), count(${value}), count(${finite}),
    min(${finite}), max(${finite}), coalesce(sum(${units}), 0)::VARCHAR, coalesce(sum((${units})::HUGEINT * (${units})), 0)::VARCHAR`;
}

/** 2^48, as a double. */
const LARGEST = `${2 ** 48}::DOUBLE`;

function numericProfile(empty: NumericProfile, rows: number, cells: readonly Cell[]): NumericProfile {
  const { frame } = empty;
  const [histogram, present, finite, min, max, sum, sumSquares] = cells;
  const n = Number(finite);
  const bounds = boundsOf(frame);
  const within =
    histogram === null ? bounds.map(() => 0) : String(histogram).split(' ').slice(0, bounds.length).map(Number);
  // The bin beyond the last bound is only there when it holds something.
  const segments = [...within, n - within.reduce((total, value) => total + value, 0)];
  const counts = [...frame.edges.map(() => 0), 0];
  const tails = { below: 0, above: 0, topCount: 0 };
  for (const [index, size] of segments.entries()) {
    const upper = bounds[index] ?? Number.POSITIVE_INFINITY;
    const lower = bounds[index - 1] ?? Number.NEGATIVE_INFINITY;
    const edge = frame.edges.findIndex((bound) => upper <= bound);
    const bin = edge === -1 ? frame.edges.length : edge;
    counts[bin] = (counts[bin] ?? 0) + size;
    if (upper < frame.low) tails.below += size;
    if (lower >= frame.high) tails.above += size;
    if (upper === frame.top && lower === justBelow(frame.top)) tails.topCount += size;
  }
  const number = (cell: Cell | undefined) => (cell === null || cell === undefined ? null : Number(cell) || 0);
  return {
    ...empty,
    counts,
    missing: rows - Number(present),
    nan: Number(present) - n,
    ...tails,
    n,
    sum: String(sum),
    sumSquares: String(sumSquares),
    min: number(min),
    max: number(max),
  };
}

/**
 * Every bound that a counter needs, sorted: a histogram bin is (previous, bound], so the bound just below a value
 * separates "less than it" and "exactly it".
 */
function boundsOf({ edges, low, high, top }: NumericProfile['frame']): number[] {
  const bounds = new Set([...edges, justBelow(low), high, justBelow(top), top].map((bound) => bound || 0));
  return [...bounds].sort((a, b) => a - b);
}

/** The largest double that is smaller. */
export function justBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

const emptyInFrame = (
  column: ProfiledColumn,
  frame: NumericProfile['frame'] | CategoricalProfile['frame'],
): ColumnProfile =>
  'edges' in frame
    ? {
        kind: 'numeric',
        name: column.name,
        frame,
        counts: [...frame.edges.map(() => 0), 0],
        ...{
          missing: 0,
          nan: 0,
          below: 0,
          above: 0,
          topCount: 0,
          n: 0,
          sum: '0',
          sumSquares: '0',
          min: null,
          max: null,
        },
      }
    : countCategories(column.name, frame, { levels: [], missing: 0 });

async function frameOf(engine: Engine, from: string, column: ProfiledColumn) {
  if (column.kind === 'categorical') return categoricalFrame((await levelsOf(engine, from, column.sql)).levels);
  const finite = `CASE WHEN isfinite(${column.sql}) THEN ${column.sql} END`;
  const wanted = [LOW_QUANTILE, ...EDGE_QUANTILES, HIGH_QUANTILE];
  const [row] = await engine.rows(
    `SELECT array_to_string(quantile_disc(${finite}, [${wanted.join(', ')}]), ' ') FROM ${from}`,
  );
  if (row?.[0] === null || row?.[0] === undefined) return { edges: [], low: 0, high: 0, top: 0, unit: unitOf(0, 0) };
  const quantiles = String(row[0])
    .split(' ')
    .map((text) => Number(text) || 0);
  const [low = 0, high = 0] = [quantiles[0], quantiles.at(-1)];
  const [mode] = await engine.rows(
    `SELECT v FROM (SELECT ${finite} AS v FROM ${from}) WHERE v IS NOT NULL GROUP BY v ORDER BY count(*) DESC, v LIMIT 1`,
  );
  const edges = [...new Set(quantiles.slice(1, -1))];
  return { edges, low, high, top: Number(mode?.[0]) || 0, unit: unitOf(low, high) };
}

async function levelsOf(engine: Engine, from: string, value: string) {
  const rows = await engine.rows(
    `SELECT v, count(*) AS n FROM (SELECT ${value} AS v FROM ${from}) GROUP BY v ORDER BY n DESC, v`,
  );
  const levels = rows.flatMap(([level, n]) => (level === null ? [] : [{ value: String(level), count: Number(n) }]));
  return { levels, missing: Number(rows.find(([level]) => level === null)?.[1] ?? 0) };
}
