import type { CategoricalProfile, NumericProfile, Profile, TrainingProfile } from '../../domain/profile.ts';
import { LEAST_SUB_WINDOWS, overdispersion } from '../../domain/statistics/overdispersion.ts';
import type { ProfiledColumn, ProfiledTable } from './dataset-profile.ts';
import { type Engine, sqlNumber } from './duckdb.ts';

type Overdispersion = NonNullable<TrainingProfile['overdispersion']>;

/** Twice as many as are needed, so that one odd stretch says less. */
const SUB_WINDOWS = 2 * LEAST_SUB_WINDOWS;
/** Longer stretches would say the same of clusters, and more of slow change, which is none. */
const LONGEST = 2_500;

/**
 * φ of every feature from stretches of consecutive rows, spread evenly over the data. `position` is the number of a row in
 * the file, of which there are `rows`; rows of other parts of the split may be missing between.
 */
export async function overdispersionOf(
  engine: Engine,
  table: Omit<ProfiledTable, 'target'> & { readonly position: string; readonly rows: number },
  profile: Profile,
): Promise<Overdispersion> {
  const stretches = table.rows >= SUB_WINDOWS * 400 ? SUB_WINDOWS : LEAST_SUB_WINDOWS;
  const stride = Math.floor(table.rows / stretches);
  if (stride === 0) return [];
  await engine.run(`CREATE OR REPLACE TEMP TABLE stretches AS SELECT ${table.position} // ${stride} AS stretch,
    ${table.features.map(({ sql }, index) => `${sql} AS c${index}`).join(', ')} FROM (FROM ${table.from})
    WHERE ${table.position} % ${stride} < ${Math.min(stride, LONGEST)} AND ${table.position} < ${stretches * stride}`);
  const columns = table.features.flatMap((column, index) => {
    const frame = profile.features[index];
    return frame ? [{ column, cell: `c${index}`, frame }] : [];
  });
  const found = [...(await countNumbers(engine, columns)), ...(await countLevels(engine, columns))];
  await engine.run('DROP TABLE stretches');
  const named = new Map(found.map((one) => [one.column, one]));
  return columns.flatMap(({ column }) => {
    const counted = named.get(column.name);
    if (!counted) return [];
    const { values, missing } = counted;
    return [{ column: column.name, values: overdispersion(values), missing: overdispersion(missing) }];
  });
}

interface Counted {
  readonly column: string;
  /** Bins of each stretch; and rows without and with a value. */
  readonly values: number[][];
  readonly missing: number[][];
}
interface Cells<F> {
  readonly column: ProfiledColumn;
  readonly cell: string;
  readonly frame: F;
}

const COLUMNS_AT_ONCE = 64;

async function countNumbers(engine: Engine, all: readonly Cells<Profile['features'][number]>[]): Promise<Counted[]> {
  const columns = all.flatMap(({ frame, ...rest }): Cells<NumericProfile>[] =>
    frame.kind === 'numeric' && frame.frame.edges.length > 0 ? [{ ...rest, frame }] : [],
  );
  const counted: Counted[] = [];
  for (let from = 0; from < columns.length; from += COLUMNS_AT_ONCE) {
    const batch = columns.slice(from, from + COLUMNS_AT_ONCE);
    const rows = await engine.rows(
      `SELECT count(*), ${batch.map(numberSql).join(', ')} FROM stretches GROUP BY stretch ORDER BY stretch`,
    );
    for (const [index, { column, frame }] of batch.entries()) {
      const bins = frame.frame.edges.length;
      const values: number[][] = [];
      const missing: number[][] = [];
      for (const row of rows) {
        const n = Number(row[2 + 2 * index]);
        const cell = row[1 + 2 * index];
        const within = cell === null ? [] : String(cell).split(' ').slice(0, bins).map(Number);
        const counts = Array.from({ length: bins }, (_, bin) => within[bin] ?? 0);
        values.push([...counts, n - counts.reduce((sum, count) => sum + count, 0)]);
        missing.push([Number(row[0]) - n, n]);
      }
      counted.push({ column: column.name, values, missing });
    }
  }
  return counted;
}

function numberSql({ cell, frame }: Cells<NumericProfile>): string {
  const finite = `CASE WHEN isfinite(${cell}) THEN ${cell} END`;
  const edges = frame.frame.edges.map(sqlNumber).join(', ');
  return `array_to_string(map_values(histogram(${finite}, [${edges}])), ' '), count(${finite})`;
}

async function countLevels(engine: Engine, all: readonly Cells<Profile['features'][number]>[]): Promise<Counted[]> {
  const columns = all.flatMap(({ frame, ...rest }): Cells<CategoricalProfile>[] =>
    frame.kind === 'categorical' ? [{ ...rest, frame }] : [],
  );
  const counted: Counted[] = [];
  for (const { column, cell, frame } of columns) {
    const place = new Map(frame.frame.levels.map((level, index) => [level, index]));
    const other = frame.frame.levels.length;
    const stretches = new Map<number, { values: number[]; missing: number[] }>();
    const rows = await engine.rows(
      `SELECT stretch, ${cell} AS v, count(*) AS n FROM stretches GROUP BY stretch, v ORDER BY stretch`,
    );
    for (const [stretch, level, n] of rows) {
      const counts = stretches.get(Number(stretch)) ?? {
        values: new Array<number>(other + 1).fill(0),
        missing: [0, 0],
      };
      stretches.set(Number(stretch), counts);
      const [into, at] = level === null ? [counts.missing, 0] : [counts.values, place.get(String(level)) ?? other];
      into[at] = (into[at] ?? 0) + Number(n);
      if (level !== null) counts.missing[1] = (counts.missing[1] ?? 0) + Number(n);
    }
    const parts = [...stretches.values()];
    counted.push({
      column: column.name,
      values: parts.map(({ values }) => values),
      missing: parts.map(({ missing }) => missing),
    });
  }
  return counted;
}
