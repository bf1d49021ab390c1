import { parse } from 'csv-parse/sync';
import type { DataSchema } from '../domain/data-schema.ts';
import { CliError } from './io.ts';

export type Instance = Record<string, string | number | boolean | null>;

/**
 * Reads rows to predict: JSON (`{"instances":[…]}`, a list, one object), JSON lines, or CSV with a header. CSV knows text
 * only, so the model's pinned schema, where there is one, tells which columns are numbers and booleans.
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

function readCsv(text: string, schema: DataSchema | null): Instance[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, { columns: true, bom: true, delimiter: [',', ';', '\t', '|'], skip_empty_lines: true });
  } catch (cause) {
    throw new CliError(2, `The input is neither JSON nor CSV with a header: ${(cause as Error).message}`, { cause });
  }
  const columns = new Map((schema?.columns ?? []).map((column) => [column.name, column]));
  return rows.map((row) => {
    const known = Object.entries(row).filter(([name]) => {
      const role = columns.get(name)?.role;
      return schema === null || role === 'feature' || role === 'id';
    });
    return Object.fromEntries(known.map(([name, cell]) => [name, typedCell(cell, columns.get(name)?.type)]));
  });
}

function typedCell(cell: string, type: string | undefined): Instance[string] {
  const text = cell.trim();
  if (text === '') return null;
  if (type !== 'categorical' && type !== 'boolean' && Number.isFinite(Number(text))) return Number(text);
  return cell;
}
