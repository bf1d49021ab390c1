import { closeSync, openSync, readSync } from 'node:fs';
import { LEARNER_LABEL } from '../../domain/data-schema.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import { CsvParser } from '../shared/dataset-csv-parser.ts';
import { inFloat32 } from '../shared/serving-instances.ts';

/** Text values by number; 0 is the missing value. */
export interface TextColumn {
  readonly texts: readonly string[];
  readonly codes: Uint32Array;
}
export type Column = Float32Array | TextColumn;

export interface TrainTable {
  readonly features: readonly Column[];
  /** Text for a classification; for a regression double precision, as it is scaled before the learner rounds it. */
  readonly label: Float64Array | TextColumn;
}

export interface TableShape {
  readonly rows: number;
  readonly numeric: readonly boolean[];
  readonly numericLabel: boolean;
}

/**
 * Reads a train split column by column: 4 bytes a cell, whatever the file's size. The learners' own CSV reader would guess
 * types from the first rows, and takes a column of zeros and ones for a boolean one.
 */
export function readTrainTable(file: string, { rows, numeric, numericLabel }: TableShape): TrainTable {
  const features = numeric.map((is) => (is ? new Float32Array(rows) : textColumn(rows)));
  const label = numericLabel ? new Float64Array(rows) : textColumn(rows);
  const header = [...numeric.map((_, index) => `f${index}`), LEARNER_LABEL].join();
  let row = -1;
  for (const record of readRecords(file)) {
    if (row === -1 && record.join() !== header)
      throw new InvalidArtifact(`The train split has other columns than its schema: expected ${header.slice(0, 200)}`);
    if (row >= 0) {
      if (record.length !== features.length + 1 || row >= rows)
        throw new InvalidArtifact(`The train split has more than ${rows} rows, or row ${row + 1} is damaged`);
      features.forEach((column, index) => {
        put(column, row, record[index] ?? '');
      });
      put(label, row, record.at(-1) ?? '');
    }
    row += 1;
  }
  if (row !== rows) throw new InvalidArtifact(`The train split has ${Math.max(0, row)} rows; expected ${rows}`);
  return {
    features: features.map((column) => (column instanceof Float32Array ? column : withoutIndex(column))),
    label: label instanceof Float64Array ? label : withoutIndex(label),
  };
}

type GrowingTextColumn = TextColumn & { texts: string[]; index: Map<string, number> };

const textColumn = (rows: number): GrowingTextColumn => ({
  texts: [''],
  codes: new Uint32Array(rows),
  index: new Map([['', 0]]),
});

const withoutIndex = ({ texts, codes }: GrowingTextColumn): TextColumn => ({ texts, codes });

function put(column: Float32Array | Float64Array | GrowingTextColumn, row: number, cell: string) {
  if (column instanceof Float64Array) column[row] = cell === '' ? Number.NaN : Number(cell);
  else if (column instanceof Float32Array) column[row] = cell === '' ? Number.NaN : inFloat32(Number(cell));
  else {
    let code = column.index.get(cell);
    if (code === undefined) {
      code = column.texts.push(cell) - 1;
      column.index.set(cell, code);
    }
    column.codes[row] = code;
  }
}

function* readRecords(file: string): Generator<string[]> {
  const parser = new CsvParser(',');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const chunk = Buffer.alloc(1024 ** 2);
  const descriptor = openSync(file, 'r');
  try {
    for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk))
      yield* parser.push(decoder.decode(chunk.subarray(0, bytes), { stream: true }));
    yield* parser.end();
  } finally {
    closeSync(descriptor);
  }
}
