import { InvalidArtifact } from '../../domain/errors.ts';

type Scalar = string | number | boolean | null;

export interface TestRow {
  /** The features, and columns beside them that slices or fairness look at. */
  readonly instance: Readonly<Record<string, Scalar>>;
  /** Canonical text of a label, or the number of a regression. */
  readonly truth: string | number;
}

/** The rows of a test split, one at a time: a large split as one text would outgrow what a string holds. */
export function* readTestRows(bytes: Uint8Array): Generator<TestRow> {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let number = 0;
  for (let from = 0; from < content.length; ) {
    const end = content.indexOf('\n', from);
    const to = end < 0 ? content.length : end;
    number += 1;
    if (to > from) yield parseRow(content.toString('utf8', from, to), number);
    from = to + 1;
  }
}

/** Not by a schema: a column may be called `__proto__`, and there are millions of cells. */
function parseRow(line: string, number: number): TestRow {
  try {
    const row = JSON.parse(line) as TestRow;
    if (typeof row.instance === 'object' && row.instance && ['string', 'number'].includes(typeof row.truth)) return row;
  } catch (cause) {
    throw new InvalidArtifact(`Line ${number} of the test split is not JSON`, { cause });
  }
  throw new InvalidArtifact(`Line ${number} of the test split has no instance or no truth`);
}

/** A value by a name that comes from data. */
export const cellOf = (cells: Readonly<Record<string, Scalar>>, name: string): Scalar =>
  Object.hasOwn(cells, name) ? (cells[name] ?? null) : null;
