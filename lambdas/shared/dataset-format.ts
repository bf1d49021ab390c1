import { type Anomaly, fault } from '../../domain/anomaly.ts';

/** First bytes of what people upload by mistake, and what it is called. */
const FOREIGN: readonly (readonly [hex: string, name: string])[] = [
  ['1f8b', 'a gzip archive'],
  ['504b0304', 'a zip archive or an Excel workbook'],
  ['504b0506', 'an empty zip archive'],
  ['28b52ffd', 'a zstd archive'],
  ['425a68', 'a bzip2 archive'],
  ['fd377a585a00', 'an xz archive'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['d0cf11e0', 'an Excel 97 workbook'],
  ['4f5243', 'an ORC file'],
  ['4f626a01', 'an Avro file'],
  ['25504446', 'a PDF document'],
  ['50415245', 'an encrypted Parquet file'],
];

/** The same for files of text, by how they begin. */
const FOREIGN_TEXT: readonly (readonly [beginning: RegExp, name: string, advice: string])[] = [
  [/^(\{\s*"|\[\s*[{[])/, 'JSON', 'Write the records as CSV with a header, or as Parquet.'],
  [
    /^<(!doctype|html|\?xml|table)\b/i,
    'a web page or XML',
    'Download the data itself, and upload it as CSV or Parquet.',
  ],
  [/^sep=.\r?\n/i, 'CSV for Excel alone', 'Remove the first line, which names the separator: it is found without it.'],
];

/** Why a text file is no CSV, if its beginning tells. */
export function foreignText(text: string): Anomaly | undefined {
  const found = FOREIGN_TEXT.find(([beginning]) => beginning.test(text.trimStart()));
  return found && fault('NOT_CSV', `The file is ${found[1]}, whatever its name says.`, found[2]);
}

/** What a file is by its own bytes; its name and the upload's content type say nothing reliable. */
export function formatOf(ends: { first: Buffer; last: Buffer }, size: number): 'csv' | 'parquet' | Anomaly {
  if (size === 0)
    return fault('EMPTY', 'The file is empty.', 'Upload a CSV file with a header and rows, or a Parquet file.');
  const hex = ends.first.toString('hex');
  if (hex.startsWith('50415231')) {
    if (size >= 12 && ends.last.toString('latin1').endsWith('PAR1')) return 'parquet';
    return fault(
      'UNREADABLE',
      'The Parquet file is cut off: its footer is missing.',
      'Write the file again and upload all of it.',
    );
  }
  if (hex.startsWith('fffe') || hex.startsWith('feff'))
    return fault('NOT_UTF8', 'The file is UTF-16 text.', 'Save the file as CSV in UTF-8.');
  const foreign = FOREIGN.find(([magic]) => hex.startsWith(magic));
  if (foreign === undefined) return 'csv';
  return fault(
    'NOT_CSV',
    `The file is ${foreign[1]}, whatever its name says.`,
    'Upload plain CSV or Parquet, not compressed as a whole.',
  );
}
