import { colours } from '../../cli/colours.ts';
import { Spinner } from '../../cli/spinner.ts';

/** Seconds, and what they stand before: `  12.3 s  `. */
const TIME_WIDTH = 10;
const LABEL_WIDTH = 10;
const WIDEST = 110;

/** Prints a story as chapters with what happens in them: when (seconds since the start), who, what. */
export class Timeline {
  readonly #out: NodeJS.WriteStream;
  readonly #spinner: Spinner;
  readonly #started = performance.now();

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    this.#spinner = new Spinner(out);
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000;
  }

  heading(title: string, lines: readonly string[]): void {
    this.#write('', colours.bold(title), ...lines.map((line) => colours.dim(line)), '');
  }

  chapter(title: string, about: string): void {
    this.#write(`${colours.cyan('●')} ${colours.bold(title)}  ${colours.dim(about)}`);
  }

  /** Something that happened now. */
  event(label: string, text: string): void {
    const time = `${this.seconds.toFixed(1).padStart(6)} s`;
    this.#gutter(`${colours.dim(time)}  ${label.padEnd(LABEL_WIDTH)}`, text);
  }

  /** Something that belongs to what happened. */
  detail(label: string, text: string): void {
    this.#gutter(`${' '.repeat(TIME_WIDTH)}${colours.dim(label.padEnd(LABEL_WIDTH))}`, text);
  }

  /** What is going on until the next line, on a terminal. */
  busy(text: string): void {
    this.#spinner.show(text);
  }

  endOfChapter(): void {
    this.#write(colours.dim('│'));
  }

  end(lines: readonly string[]): void {
    this.close();
    this.#write(...lines);
  }

  /** Leaves the terminal as it was found. */
  close(): void {
    this.#spinner.stop();
  }

  /** Long texts go on below where they began. */
  #gutter(head: string, text: string): void {
    const indent = ' '.repeat(TIME_WIDTH + LABEL_WIDTH);
    const room = Math.min(this.#out.columns ?? WIDEST, WIDEST) - indent.length - 3;
    for (const [index, line] of wrapped(text, Math.max(30, room)).entries()) {
      this.#write(`${colours.dim('│')} ${index === 0 ? head : indent}${line}`);
    }
  }

  #write(...lines: string[]): void {
    this.#spinner.above(() => this.#out.write(`${lines.join('\n')}\n`));
  }
}

const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
const width = (text: string) => text.replace(COLOURS, '').length;

/** Breaks a text between words. Two spaces are kept together: they hold columns apart. */
export function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<! ) (?! )/)) {
    if (line !== '' && width(line) + 1 + width(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const PLOT_WIDTH = 24;

/** An interval on the line from `low` to `high`: `┄┄┄├──●──┤┄┄┄`. */
export function plot(
  { value, lower, upper }: { value: number; lower: number; upper: number },
  [low, high]: [number, number],
): string {
  const at = (point: number) => Math.round(Math.min(1, Math.max(0, (point - low) / (high - low))) * (PLOT_WIDTH - 1));
  return Array.from({ length: PLOT_WIDTH }, (_, cell) => {
    if (cell === at(value)) return '●';
    if (cell === at(lower)) return '├';
    if (cell === at(upper)) return '┤';
    return cell > at(lower) && cell < at(upper) ? '─' : '┄';
  }).join('');
}

/** A share as a bar: `███░░░░░░░`. */
export function bar(share: number, cells = 10): string {
  const full = Math.round(share * cells);
  return '█'.repeat(full) + '░'.repeat(cells - full);
}
