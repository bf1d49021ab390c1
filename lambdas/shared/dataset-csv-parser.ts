/** The delimiters that people use, the usual one first. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** Whole CSV records out of text that arrives in pieces: RFC 4180, any line end, quotes inside plain cells taken as text. */
export class CsvParser {
  readonly #delimiter: Delimiter;
  #record: string[] = [];
  #cell = '';
  #state: 'start' | 'plain' | 'quoted' | 'closing' = 'start';
  #afterReturn = false;

  constructor(delimiter: Delimiter) {
    this.#delimiter = delimiter;
  }

  /** Records that are complete with this piece; blank lines are none. */
  push(text: string): string[][] {
    const records: string[][] = [];
    for (let at = 0; at < text.length; at += 1) {
      const char = text.charAt(at);
      const returned = this.#afterReturn;
      this.#afterReturn = false;
      if (this.#state === 'quoted') {
        if (char === '"') this.#state = 'closing';
        else this.#cell += char;
      } else if (char === '"' && this.#state !== 'plain') {
        if (this.#state === 'closing') this.#cell += char;
        this.#state = 'quoted';
      } else if (char === this.#delimiter) {
        this.#endCell();
      } else if (char === '\n' || char === '\r') {
        this.#afterReturn = char === '\r';
        if (!(returned && char === '\n')) this.#endRecord(records);
      } else {
        this.#cell += char;
        this.#state = 'plain';
      }
    }
    return records;
  }

  /** The record that no line end closed, if there is one. */
  end(): string[][] {
    const records: string[][] = [];
    this.#endRecord(records);
    return records;
  }

  #endCell() {
    this.#record.push(this.#cell);
    this.#cell = '';
    this.#state = 'start';
  }

  #endRecord(records: string[][]) {
    if (this.#record.length === 0 && this.#cell === '' && this.#state === 'start') return;
    this.#endCell();
    records.push(this.#record);
    this.#record = [];
  }
}

/** The delimiter by which most of the first records have as many cells as the header, and more than one. */
export function sniffDelimiter(sample: string): Delimiter {
  const scored = DELIMITERS.map((delimiter) => {
    const [header = [], ...rows] = new CsvParser(delimiter).push(sample).slice(0, 100);
    const width = header.length;
    const fitting = rows.filter((row) => row.length === width).length;
    return { delimiter, width, score: width < 2 ? 0 : (fitting + 1) / (rows.length + 1) };
  });
  const best = scored.reduce((a, b) => (b.score > a.score || (b.score === a.score && b.width > a.width) ? b : a));
  return best.delimiter;
}

/** A record in the one spelling that every reader takes alike. */
export const csvLine = (cells: readonly string[]) =>
  `${cells.map((cell) => (/[",\r\n]/.test(cell) || cell === '' ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;
