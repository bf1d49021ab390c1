import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { type Anomaly, counted, fault, quoted } from '../../domain/anomaly.ts';
import type { Delimiter } from './dataset-csv-parser.ts';
import { notUtf8, nulByte, wholeCharacters } from './dataset-utf8.ts';

export interface CsvShape {
  readonly delimiter: Delimiter;
  readonly header: readonly string[];
  readonly maxCellBytes: number;
}

export interface CsvScan {
  readonly rows: number;
  readonly longestRecord: number;
  /** One kind of line end, quotes only around cells: nothing that readers of CSV disagree about. */
  readonly plain: boolean;
  readonly faults: Anomaly[];
}

const ORDINARY = 0;
const DELIMITER = 1;
const QUOTE = 2;
const NEWLINE = 3;
const RETURN = 4;
const NUL = 5;
const RAGGED_EXAMPLES = 3;

/**
 * Reads every byte of a CSV file once, in bounded memory, and says where it is not what it should be: with the row and
 * the column, which no CSV reader tells reliably. What passes here is read by DuckDB, which must find the same rows.
 */
export async function scanCsv(file: string, shape: CsvShape): Promise<CsvScan> {
  const scan = new Scan(shape);
  let carry: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 ** 2 }) as AsyncIterable<Buffer>) {
    const data = carry.byteLength === 0 ? chunk : Buffer.concat([carry, chunk]);
    const whole = wholeCharacters(data);
    carry = data.subarray(whole);
    if (!scan.push(data.subarray(0, whole))) return scan.result();
  }
  if (carry.byteLength > 0) scan.push(carry);
  scan.end();
  return scan.result();
}

class Scan {
  readonly #shape: CsvShape;
  readonly #kinds = new Uint8Array(256);
  #faults: Anomaly[] = [];
  #state: 'start' | 'plain' | 'quoted' | 'closing' = 'start';
  #afterReturn = false;
  /** -1 until the header has passed. */
  #rows = -1;
  #line = 1;
  #cells = 0;
  #recordBytes = 0;
  #cellBytes = 0;
  #longest = 0;
  #ragged = 0;
  #ends = { newline: 0, return: 0, both: 0 };
  #strayQuotes = false;
  #openedAt = { line: 1, row: 0, column: '' };

  constructor(shape: CsvShape) {
    this.#shape = shape;
    this.#kinds[shape.delimiter.charCodeAt(0)] = DELIMITER;
    this.#kinds[0x22] = QUOTE;
    this.#kinds[0x0a] = NEWLINE;
    this.#kinds[0x0d] = RETURN;
    this.#kinds[0] = NUL;
  }

  /** False when there is no point in reading on. */
  push(data: Buffer): boolean {
    if (!isUtf8(data)) return this.#stop(notUtf8(data, this.#line));
    const kinds = this.#kinds;
    const { length } = data;
    let at = 0;
    while (at < length) {
      const from = at;
      if (this.#state === 'quoted') {
        while (at < length && data[at] !== 0x22) {
          if (data[at] === 0x0a) this.#line += 1;
          if (data[at] === 0) return this.#stop(nulByte(this.#line));
          at += 1;
        }
      } else while (at < length && kinds[data[at] ?? 0] === ORDINARY) at += 1;
      const plain = at - from;
      this.#cellBytes += plain;
      this.#recordBytes += plain;
      if (this.#cellBytes > this.#shape.maxCellBytes) return this.#stop(this.#cellTooLarge());
      if (plain > 0 && this.#state !== 'quoted') {
        if (this.#state === 'closing') return this.#stop(this.#afterQuote());
        this.#state = 'plain';
        this.#afterReturn = false;
      }
      if (at >= length) break;
      const kind = kinds[data[at] ?? 0] ?? ORDINARY;
      at += 1;
      this.#recordBytes += 1;
      if (kind === NUL) return this.#stop(nulByte(this.#line));
      if (kind === QUOTE) this.#quote();
      else if (kind === DELIMITER) {
        this.#afterReturn = false;
        this.#endCell();
      } else this.#lineEnd(kind === RETURN);
    }
    return true;
  }

  end(): void {
    if (this.#state === 'quoted') {
      const { line, row, column } = this.#openedAt;
      this.#stop(
        fault(
          'UNCLOSED_QUOTE',
          `The quote that opens at line ${line}${row > 0 ? ` (row ${row}, column ${quoted(column)})` : ''} is never closed.`,
          'Close the quote, or double it ("") where it is part of the text.',
          row > 0 ? { row, column } : {},
        ),
      );
      return;
    }
    this.#endRecord();
    if (this.#ragged > RAGGED_EXAMPLES)
      this.#faults.push(
        fault(
          'RAGGED_ROW',
          `In all, ${counted(this.#ragged, 'row')} have another number of values than the header has columns.`,
          'Quote values that hold the delimiter, and fill missing values with nothing between two delimiters.',
        ),
      );
  }

  result(): CsvScan {
    const { newline, return: returns, both } = this.#ends;
    const kinds = [newline, returns, both].filter((count) => count > 0).length;
    return {
      rows: Math.max(0, this.#rows),
      longestRecord: this.#longest,
      plain: kinds <= 1 && returns === 0 && !this.#strayQuotes,
      faults: this.#faults,
    };
  }

  #quote() {
    this.#afterReturn = false;
    this.#cellBytes += 1;
    if (this.#state === 'plain') this.#strayQuotes = true;
    else if (this.#state === 'quoted') this.#state = 'closing';
    else {
      if (this.#state === 'start')
        this.#openedAt = { line: this.#line, row: this.#rows + 1, column: this.#columnName() };
      this.#state = 'quoted';
    }
  }

  #lineEnd(isReturn: boolean) {
    if (!isReturn && this.#afterReturn) {
      this.#afterReturn = false;
      this.#ends.return -= 1;
      this.#ends.both += 1;
      this.#recordBytes = 0;
      return;
    }
    this.#afterReturn = isReturn;
    if (isReturn) this.#ends.return += 1;
    else this.#ends.newline += 1;
    this.#endRecord();
    this.#line += 1;
  }

  #endCell() {
    this.#cells += 1;
    this.#cellBytes = 0;
    this.#state = 'start';
  }

  #endRecord() {
    const blank = this.#cells === 0 && this.#cellBytes === 0 && this.#state === 'start';
    if (!blank) {
      this.#endCell();
      this.#rows += 1;
      if (this.#recordBytes > this.#longest) this.#longest = this.#recordBytes;
      if (this.#rows > 0 && this.#cells !== this.#shape.header.length) this.#raggedRow();
    }
    this.#cells = 0;
    this.#recordBytes = 0;
  }

  #raggedRow() {
    this.#ragged += 1;
    if (this.#ragged > RAGGED_EXAMPLES) return;
    this.#faults.push(
      fault(
        'RAGGED_ROW',
        `Row ${this.#rows} (line ${this.#line}) has ${counted(this.#cells, 'value')}; the header has ${counted(this.#shape.header.length, 'column')}.`,
        'Quote values that hold the delimiter, and fill missing values with nothing between two delimiters.',
        { row: this.#rows },
      ),
    );
  }

  #cellTooLarge() {
    const open =
      this.#state === 'quoted' ? `; its quote opens at line ${this.#openedAt.line}, and may not be closed` : '';
    return fault(
      'CELL_TOO_LARGE',
      `Row ${this.#rows + 1}, column ${quoted(this.#columnName())} holds a value of more than ${this.#shape.maxCellBytes / 1024} KiB${open}.`,
      'Leave long texts and embedded files out of the training data, and close every quote.',
      { row: Math.max(1, this.#rows + 1), column: this.#columnName() },
    );
  }

  #afterQuote() {
    return fault(
      'NOT_CSV',
      `Line ${this.#line} (row ${this.#rows + 1}, column ${quoted(this.#columnName())}) has text after a closing quote.`,
      'Double a quote ("") where it is part of the text.',
      { row: Math.max(1, this.#rows + 1), column: this.#columnName() },
    );
  }

  #columnName = () => this.#shape.header[this.#cells] ?? '';

  #stop(problem: Anomaly): false {
    this.#faults = [problem, ...this.#faults];
    return false;
  }
}
