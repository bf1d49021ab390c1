import { type Anomaly, counted, fault, listed, quoted } from '../../domain/anomaly.ts';

/** The column of table `raw` that holds the `index`-th column of the data: names from the data never reach SQL. */
export const rawColumn = (index: number) => `c${index}`;

export interface DatasetLimits {
  readonly maxBytes: number;
  readonly maxColumns: number;
}

export interface LoadOptions {
  readonly limits: DatasetLimits;
  /** Whether a column is known to hold text, in which a decimal comma is just a comma. */
  readonly isText: (column: string) => boolean;
}

/** What a part loader leaves behind: table `part` with `c0…` in the order of `columns`, or the reasons why not. */
export type PartOutcome =
  | { readonly readable: true; readonly columns: readonly string[]; readonly rows: number }
  | { readonly readable: false; readonly anomalies: Anomaly[] };

/** Column names fit to be told apart; shared by the loaders. */
export function nameFaults(names: readonly string[], limits: DatasetLimits): Anomaly[] {
  if (names.length > limits.maxColumns)
    return [
      fault(
        'TOO_MANY_COLUMNS',
        `The data has ${counted(names.length, 'column')}; at most ${limits.maxColumns.toLocaleString('en-US')} are read.`,
        'Leave columns out, or raise validation.maxColumns of this model.',
      ),
    ];
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const name of names) (seen.has(name) ? twice : seen).add(name);
  twice.delete('');
  const unnamed = names.flatMap((name, index) => (name === '' ? [index + 1] : []));
  const long = names.find((name) => name.length > LONGEST_NAME);
  return [
    ...(twice.size === 0
      ? []
      : [
          fault(
            'DUPLICATE_COLUMN',
            `The header holds ${listed([...twice])} more than once.`,
            'Give every column a name of its own.',
          ),
        ]),
    ...(unnamed.length === 0
      ? []
      : [
          fault(
            'UNNAMED_COLUMN',
            `The header has no name for column ${unnamed.slice(0, 5).join(', ')}${unnamed.length > 5 ? ' and more' : ''}.`,
            'Name every column; a delimiter at the end of the header makes a column without a name.',
          ),
        ]),
    ...(long === undefined
      ? []
      : [
          fault(
            'NOT_CSV',
            `A column name has ${long.length.toLocaleString('en-US')} characters, beginning ${quoted(long, 40)}.`,
            'Put the column names into the first line; this one looks like data.',
          ),
        ]),
  ];
}

const LONGEST_NAME = 1_024;

/** Data that is more than the model's settings let in. */
export const tooLarge = (bytes: number, maxBytes: number) =>
  fault(
    'TOO_LARGE',
    `The data takes ${megabytes(bytes)}; at most ${megabytes(maxBytes)} are read.`,
    'Upload fewer rows, or raise validation.maxBytes of this model.',
  );

const megabytes = (bytes: number) => `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`;
