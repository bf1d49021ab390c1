import type { DataSchema } from '../domain/data-schema.ts';
import { withDecimalPoint } from '../domain/decimal-comma.ts';
import { CsvParser, sniffDelimiter } from '../lambdas/shared/dataset-csv-parser.ts';
import { CliError } from './io.ts';

export type Instance = Record<string, string | number | boolean | null>;

/**
 * Reads rows to predict: JSON (`{"instances":[…]}`, a list, one object), JSON lines, or CSV with a header. CSV knows text
 * only, and so the model reads it; its pinned schema, where there is one, tells which columns are its fields.
 */
export function readRows(text: string, schema: DataSchema | null): Instance[] {
  const trimmed = text.trim();
  if (trimmed === '') throw new CliError(2, 'There is nothing to predict: the input is empty');
  const rows = trimmed.startsWith('{') || trimmed.startsWith('[') ? readJson(trimmed) : readCsv(text, schema);
  if (rows.length === 0) throw new CliError(2, 'There is nothing to predict: the input has no rows');
  return rows;
}

function readJson(text: string): Instance[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw new CliError(2, `The input is not JSON: ${(cause as Error).message}`, { cause });
    return lines.map((line, index) => {
      try {
        return JSON.parse(line) as Instance;
      } catch (error) {
        throw new CliError(2, `Line ${index + 1} of the input is not JSON: ${(error as Error).message}`, {
          cause: error,
        });
      }
    });
  }
  if (Array.isArray(value)) return value as Instance[];
  const { instances } = value as { instances?: unknown };
  return Array.isArray(instances) ? (instances as Instance[]) : [value as Instance];
}

/** In the dialects of the training data, so that the rows of an upload can be predicted as they are. */
function readCsv(text: string, schema: DataSchema | null): Instance[] {
  const delimiter = sniffDelimiter(text.slice(0, 65_536));
  const parser = new CsvParser(delimiter);
  const [header = [], ...rows] = [...parser.push(text.replace(/^\uFEFF/, '')), ...parser.end()];
  const columns = new Map((schema?.columns ?? []).map((column) => [column.name, column]));
  const fields = header.flatMap((cell, index) => {
    const name = cell.trim();
    const column = columns.get(name);
    const isField = schema === null || column?.role === 'feature' || column?.role === 'id';
    return isField ? [{ name, index, numeric: column?.type === 'numeric' }] : [];
  });
  if (fields.length === 0)
    throw new CliError(2, 'The input is neither JSON nor CSV: its first line names no column that the model knows', {
      hint: 'Put the column names of the training data into the first line.',
    });
  return rows.map((row, number) => {
    if (row.length !== header.length)
      throw new CliError(2, `Row ${number + 1} has ${row.length} values; the header has ${header.length} columns`);
    return Object.fromEntries(
      fields.map(({ name, index, numeric }) => {
        const cell = row[index] ?? '';
        if (cell.trim() === '') return [name, null];
        return [name, (numeric && delimiter !== ',' ? withDecimalPoint(cell) : null) ?? cell];
      }),
    );
  });
}
