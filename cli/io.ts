import { colours } from './colours.ts';
import { Panel } from './panel.ts';
import { Spinner } from './spinner.ts';

/** Ends a command with an exit code and a sentence: 1 our fault, 2 usage, 3 "ran, and the answer is no". */
export class CliError extends Error {
  readonly exitCode: 1 | 2 | 3;
  /** What to do about it, on a line of its own. */
  readonly hint: string | undefined;
  /** What `--json` tells besides. */
  readonly details: object | undefined;

  constructor(
    exitCode: 1 | 2 | 3,
    message: string,
    options: { hint?: string; details?: object; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.hint = options.hint;
    this.details = options.details;
  }
}

/** Where commands write. With `--json`, standard output is one JSON document and everything else goes to standard error. */
export interface Io {
  readonly json: boolean;
  /** A line for people; dropped with `--json`. */
  say(line?: string): void;
  /** A line about progress, on standard error. */
  progress(line: string): void;
  /** Several lines that stand for what is so now: on a terminal they replace those before, elsewhere they follow them. */
  live(view: string): void;
  /** What is going on until the next line or {@link idle}; shown on a terminal only. */
  busy(text: string): void;
  idle(): void;
  /** The result: printed with `--json`, else rendered by `text`. */
  result(value: unknown, text: () => string): void;
}

export function consoleIo({ json }: { json: boolean }): Io {
  const spinner = new Spinner();
  const panel = new Panel();
  const print = (stream: NodeJS.WriteStream, line: string) => spinner.above(() => stream.write(`${line}\n`));
  return {
    json,
    say(line = '') {
      if (!json) print(process.stdout, line);
    },
    progress: (line) => print(process.stderr, line),
    live: (view) => panel.show(view),
    busy(text) {
      if (!json) spinner.show(text);
    },
    idle: () => spinner.stop(),
    result(value, text) {
      spinner.stop();
      panel.clear();
      print(process.stdout, json ? JSON.stringify(value) : text());
    },
  };
}

/** Columns padded to their widest cell; the last one is left as it is. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => visible(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - visible(cell)),
      )
      .join('  ')
      .trimEnd();
  return [colours.dim(line(header)), ...rows.map(line)].join('\n');
}

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
const visible = (text: string) => text.replace(COLOURS, '').length;

const STATUS_COLOURS: Record<string, (text: string) => string> = {
  CHAMPION: colours.green,
  REGISTERED: colours.green,
  PASS: colours.green,
  RUNNING: colours.cyan,
  PENDING: colours.cyan,
  LABELLED: colours.green,
  CLOSED: colours.green,
  OPEN: colours.red,
  ALERT: colours.red,
  ALERT_SINGLE: colours.yellow,
  SUSPECT: colours.yellow,
  DRIFT: colours.red,
  LOSS: colours.red,
  STOPPED: colours.red,
  AWAITING_APPROVAL: colours.yellow,
  WARN: colours.yellow,
  INSUFFICIENT: colours.yellow,
  SUPERSEDED: colours.yellow,
  DUPLICATE: colours.yellow,
  REJECTED: colours.red,
  QUARANTINED: colours.red,
  FAILED: colours.red,
  FAIL: colours.red,
};

export const coloured = (status: string) => (STATUS_COLOURS[status] ?? ((text: string) => text))(status);

/** Four decimals, or four digits of what would be nothing but zeros: an error in nanometres has a size too. */
export const decimals = (value: number) =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toPrecision(4) : value.toFixed(4);

/** `2026-11-23T10:00:00.000Z` -> `2026-11-23 10:00:00` */
export const shortTime = (iso: string | null) => (iso === null ? '' : iso.slice(0, 19).replace('T', ' '));
