import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from '@duckdb/node-api';
import { InvalidDataset } from '../../domain/errors.ts';

/** A value as it comes out of a query: 64-bit integers become numbers, 128-bit ones stay bigint. */
export type Cell = string | number | bigint | boolean | null;

export interface Engine {
  /** Folder that the engine may read and write; nothing else of the machine is open to it. */
  readonly folder: string;
  run(sql: string): Promise<void>;
  /** All rows of a small result, as arrays in the order of the select list. */
  rows(sql: string): Promise<Cell[][]>;
  /** Rows of a large result, a few thousand at a time. */
  stream(sql: string): AsyncIterable<Cell[][]>;
}

export interface EngineLimits {
  /** What DuckDB may hold before it spills to disk; Node itself and DuckDB's buffers come on top. */
  readonly memoryMb: number;
  readonly threads: number;
  /** Milliseconds after which the work is stopped as too much for this function. */
  readonly timeoutMs?: number;
}

/**
 * The limits of a Lambda invocation: half of the function's memory for DuckDB (Node and buffers take the rest), one
 * thread per vCPU (a vCPU comes with every 1769 MB, docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html),
 * and 15 s before the timeout an end that still can be told.
 */
export function engineLimits(context: { memoryLimitInMB: string; getRemainingTimeInMillis(): number }): EngineLimits {
  const memory = Number(context.memoryLimitInMB) || 2_048;
  return {
    memoryMb: Math.floor(memory / 2),
    threads: Math.max(2, Math.ceil(memory / 1_769)),
    timeoutMs: Math.max(1_000, context.getRemainingTimeInMillis() - 15_000),
  };
}

/**
 * Runs work with a database in a folder of its own, which is gone afterwards whatever happened. Extensions are never
 * fetched, the file system is closed beyond the folder, and no query can open it again.
 */
export async function withEngine<T>(limits: EngineLimits, work: (engine: Engine) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-data-'));
  let instance: DuckDBInstance | undefined;
  let connection: DuckDBConnection | undefined;
  const stop = { late: false, timer: undefined as NodeJS.Timeout | undefined };
  try {
    // In memory: a database file would be compressed and checkpointed, for three times the CPU. What does not fit spills.
    instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${limits.memoryMb}MB`,
      threads: String(limits.threads),
      temp_directory: join(folder, 'spill'),
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const open = await instance.connect();
    connection = open;
    await open.run(`SET allowed_directories = [${sqlText(`${folder}/`)}]`);
    await open.run('SET enable_external_access = false');
    await open.run('SET lock_configuration = true');
    if (limits.timeoutMs !== undefined)
      stop.timer = setTimeout(() => {
        stop.late = true;
        open.interrupt();
      }, limits.timeoutMs);
    return await work(engineOn(open, folder, () => stop.late));
  } catch (cause) {
    throw tooMuch(cause, stop.late) ?? cause;
  } finally {
    clearTimeout(stop.timer);
    connection?.closeSync();
    instance?.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

function engineOn(connection: DuckDBConnection, folder: string, late: () => boolean): Engine {
  const live = () => {
    if (late()) throw new Error('INTERRUPT: out of time');
  };
  return {
    folder,
    async run(sql) {
      live();
      await connection.run(sql);
    },
    async rows(sql) {
      live();
      return cellsOf(await (await connection.run(sql)).getRows());
    },
    async *stream(sql) {
      live();
      const result: DuckDBResult = await connection.stream(sql);
      for await (const rows of result.yieldRows()) {
        live();
        yield cellsOf(rows);
      }
    },
  };
}

/** Tables of more columns than this are better kept in a file. */
const WIDE = 250;

/**
 * Chooses where the tables to come are kept. A row group in memory cannot spill before it is full, and takes a block of
 * 256 KB per column: 2,000 columns would need a gigabyte to begin with. In a file, small blocks and short row groups do it.
 */
export async function prepareForColumns(engine: Engine, columns: number): Promise<void> {
  if (columns <= WIDE) return;
  const [attached] = await engine.rows("SELECT count(*) FROM duckdb_databases() WHERE database_name = 'wide'");
  if (attached?.[0] !== 0) return;
  const file = sqlText(join(engine.folder, 'wide.duckdb'));
  await engine.run(`ATTACH ${file} AS wide (BLOCK_SIZE 16384, ROW_GROUP_SIZE 2048)`);
  await engine.run('USE wide');
}

/** The two ways in which data is too much for the engine, told as such; anything else is not ours to explain. */
function tooMuch(cause: unknown, late: boolean): InvalidDataset | undefined {
  const message = cause instanceof Error ? cause.message : '';
  if (late)
    return new InvalidDataset(
      'The data takes longer to read than this function may run: upload fewer rows or columns.',
      {
        cause,
      },
    );
  if (/^Out of Memory Error/i.test(message))
    return new InvalidDataset('The data needs more memory than this function has: upload fewer rows or columns.', {
      cause,
    });
  return undefined;
}

/** An identifier; DuckDB's own names (`c0`, `f1`) need it as little as they are hurt by it. */
export const sqlName = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A text literal. DuckDB knows no backslash escapes in plain literals, and NUL cannot stand in one. */
export const sqlText = (text: string) => `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`;

/** A number literal that reads back as the same double. */
export const sqlNumber = (value: number) => {
  if (!Number.isFinite(value)) throw new RangeError(`not a finite number: ${value}`);
  return `'${value}'::DOUBLE`;
};

/** `('a', 'b')` for an `IN`. */
export const sqlTexts = (texts: readonly string[]) => `(${texts.map(sqlText).join(', ')})`;

const cellsOf = (rows: unknown[][]): Cell[][] => rows.map((row) => row.map(cellOf));

function cellOf(value: unknown): Cell {
  if (typeof value === 'bigint')
    return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER ? Number(value) : value;
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new TypeError(`a query returned a ${typeof value}; select plain values`);
}
