import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { type Anomaly, fault, quoted } from '../../domain/anomaly.ts';
import { type LoadOptions, nameFaults, type PartOutcome, rawColumn } from './dataset-columns.ts';
import { CsvParser, csvLine, type Delimiter, sniffDelimiter } from './dataset-csv-parser.ts';
import { type CsvScan, scanCsv } from './dataset-csv-scan.ts';
import { readDecimalCommas } from './dataset-decimals.ts';
import { foreignText } from './dataset-format.ts';
import { notUtf8, nulByte, wholeCharacters } from './dataset-utf8.ts';
import { type Engine, prepareForColumns, sqlText } from './duckdb.ts';

const MAX_HEADER_BYTES = 4 * 1024 ** 2;
const MAX_CELL_BYTES = 1024 ** 2;
/** DuckDB's buffers take sixteen of the longest line. */
const MAX_RECORD_BYTES = 8 * 1024 ** 2;

/** Reads a CSV file into table `part`, every cell as text. */
export async function loadCsvPart(engine: Engine, file: string, options: LoadOptions): Promise<PartOutcome> {
  const head = await readHead(file);
  if (!('header' in head)) return { readable: false, anomalies: [head] };
  const { delimiter, header } = head;
  const names = nameFaults(header, options.limits);
  if (names.length > 0) return { readable: false, anomalies: names };
  if (header.length < 2) return { readable: false, anomalies: [singleColumn(header[0] ?? '')] };
  const scan = await scanCsv(file, { delimiter, header, maxCellBytes: MAX_CELL_BYTES });
  if (scan.faults.length > 0) return { readable: false, anomalies: scan.faults };
  if (scan.longestRecord > MAX_RECORD_BYTES) return { readable: false, anomalies: [recordTooLarge()] };
  const found = await readCells(engine, file, { delimiter, header, scan });
  if (found !== scan.rows) return { readable: false, anomalies: [disagreement(scan.rows, found)] };
  if (delimiter !== ',') await readDecimalCommas(engine, header, options.isText);
  return { readable: true, columns: header, rows: scan.rows };
}

async function readCells(
  engine: Engine,
  file: string,
  { delimiter, header, scan }: { delimiter: Delimiter; header: readonly string[]; scan: CsvScan },
): Promise<number | Error> {
  const { longestRecord } = scan;
  if (scan.plain && (await tryRead(engine, file, { delimiter, header, longestRecord })) === scan.rows) return scan.rows;
  // Readers disagree about mixed line ends and quotes inside plain cells; DuckDB drops bytes there. One spelling settles it.
  const rewritten = `${file}.csv`;
  await rewrite(file, rewritten, delimiter);
  const rows = await tryRead(engine, rewritten, { delimiter: ',', header, longestRecord: 2 * longestRecord });
  await rm(rewritten, { force: true });
  return rows;
}

/** Rows that DuckDB found, or why it found none. */
async function tryRead(
  engine: Engine,
  file: string,
  { delimiter, header, longestRecord }: { delimiter: Delimiter; header: readonly string[]; longestRecord: number },
): Promise<number | Error> {
  const columns = header.map((_, index) => `'${rawColumn(index)}': 'VARCHAR'`).join(', ');
  await prepareForColumns(engine, header.length);
  await engine.run('DROP TABLE IF EXISTS part');
  try {
    await engine.run(
      `CREATE TABLE part AS SELECT * FROM read_csv(${sqlText(file)}, auto_detect = false, header = true,
        delim = ${sqlText(delimiter)}, quote = '"', escape = '"', columns = {${columns}}, compression = 'none',
        max_line_size = ${Math.max(65_536, longestRecord + 1024)})`,
    );
  } catch (error) {
    if (error instanceof Error && /^(Invalid Input|Conversion)/.test(error.message)) return error;
    throw error;
  }
  const [row] = await engine.rows('SELECT count(*) FROM part');
  return Number(row?.[0]);
}

async function readHead(file: string): Promise<{ delimiter: Delimiter; header: string[] } | Anomaly> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_HEADER_BYTES), 0, MAX_HEADER_BYTES, 0);
    const { size } = await handle.stat();
    const bytes = buffer.subarray(0, bytesRead);
    const whole = bytes.subarray(0, size > bytesRead ? wholeCharacters(bytes) : bytesRead);
    if (whole.includes(0))
      return nulByte(whole.subarray(0, whole.indexOf(0)).filter((byte) => byte === 0x0a).length + 1);
    if (!isUtf8(whole)) return notUtf8(whole, 1);
    const text = whole.toString('utf8').replace(/^\uFEFF/, '');
    if (text.trim() === '' && size === bytesRead)
      return fault('EMPTY', 'The file holds nothing but blanks.', 'Upload a CSV file with a header and rows.');
    const foreign = foreignText(text);
    if (foreign) return foreign;
    const sample = text.slice(0, 65_536);
    const delimiter = sniffDelimiter(/[\r\n]/.test(sample.trim()) ? sample : `${text}\n`);
    const parser = new CsvParser(delimiter);
    const firstLines = parser.push(text);
    if (firstLines.length === 0 && (size > bytesRead || /[\r\n]/.test(text.trim())))
      return headerNeverEnds(size > bytesRead);
    const [header = []] = firstLines.length > 0 ? firstLines : parser.end();
    return { delimiter, header: header.map((name) => name.trim()) };
  } finally {
    await handle.close();
  }
}

async function rewrite(file: string, to: string, delimiter: Delimiter): Promise<void> {
  const parser = new CsvParser(delimiter);
  const out = createWriteStream(to);
  const write = async (records: string[][]) => {
    if (records.length > 0 && !out.write(records.map(csvLine).join(''))) await once(out, 'drain');
  };
  let first = true;
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1024 ** 2 })) {
    const text = String(chunk);
    await write(parser.push(first ? text.replace(/^\uFEFF/, '') : text));
    first = false;
  }
  await write(parser.end());
  out.end();
  await finished(out);
}

const singleColumn = (name: string) =>
  fault(
    'NOT_CSV',
    `The first line, ${quoted(name)}, holds a single column; columns are told apart by comma, semicolon, tab or |.`,
    'Put the names of all columns into the first line, with the same delimiter as in the rows.',
  );

const recordTooLarge = () =>
  fault(
    'CELL_TOO_LARGE',
    `A row takes more than ${MAX_RECORD_BYTES / 1024 ** 2} MiB.`,
    'Leave long texts and embedded files out of the training data, and close every quote.',
  );

const headerNeverEnds = (long: boolean) =>
  fault(
    long ? 'NOT_CSV' : 'UNCLOSED_QUOTE',
    long
      ? `The first line does not end within ${MAX_HEADER_BYTES / 1024 ** 2} MiB.`
      : 'A quote that opens in the first line is never closed.',
    'Put the column names into the first line, and close every quote.',
  );

const disagreement = (expected: number, found: number | Error) =>
  fault(
    'UNREADABLE',
    `The file has ${expected} rows, but they cannot be read as CSV${
      found instanceof Error ? `: ${quoted(found.message.split('\n')[0] ?? '', 120)}` : ` (${found} came out)`
    }.`,
    'Write the file again with a common CSV writer: comma, double quotes, UTF-8.',
  );
