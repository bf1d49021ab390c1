import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { type ColumnType, learnerColumn } from '../../domain/data-schema.ts';
import type { Cell, Engine } from '../shared/duckdb.ts';
import type { TypedRows } from './typed-rows.ts';

/** Writes rows as an evaluation reads them, one JSON object a line: the instance a caller would send, and the truth. */
export async function writeTestRows(
  engine: Engine,
  typed: TypedRows,
  { file, from }: { file: string; from: string },
): Promise<void> {
  const fields = [
    ...typed.features.map(({ name, type }, index) => ({ key: JSON.stringify(name), sql: learnerColumn(index), type })),
    ...typed.attributes.map(({ name, sql }) => ({ key: JSON.stringify(name), sql, type: 'categorical' as ColumnType })),
  ];
  const out = createWriteStream(file);
  for await (const rows of engine.stream(`SELECT ${fields.map(({ sql }) => sql).join(', ')}, label FROM ${from}`)) {
    const lines = rows.map((cells) => {
      // Written by hand and not from an object: a column may be called `__proto__`.
      const instance = fields.map(({ key, type }, index) => `${key}:${jsonValue(cells[index] ?? null, type)}`);
      return `{"instance":{${instance.join(',')}},"truth":${JSON.stringify(cells[fields.length])}}\n`;
    });
    if (!out.write(lines.join(''))) await once(out, 'drain');
  }
  out.end();
  await finished(out);
}

function jsonValue(cell: Cell, type: ColumnType): string {
  if (cell === null || (typeof cell === 'number' && !Number.isFinite(cell))) return 'null';
  return type === 'boolean' ? String(cell) : JSON.stringify(cell);
}
