import { colours } from './colours.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
/** Back to the first column, and erase what is there. */
const ERASE = `\r${String.fromCharCode(27)}[K`;

/** The last line of a terminal, that says what is going on; nothing at all where nobody watches a terminal. */
export class Spinner {
  readonly #stream: NodeJS.WriteStream;
  #text = '';
  #frame = 0;
  #shown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Says what is going on from now on. */
  show(text: string): void {
    if (!this.#stream.isTTY || process.env.TERM === 'dumb') return;
    this.#text = text;
    this.#timer ??= setInterval(() => this.#draw(), FRAME_MS).unref();
    this.#draw();
  }

  /** Writes lines above; what is going on is told again below them. */
  above(write: () => void): void {
    this.#erase();
    write();
  }

  /** Nothing is going on any more. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  #draw(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length] ?? '';
    const room = Math.max(20, (this.#stream.columns ?? 80) - 4);
    this.#stream.write(`${ERASE}${colours.cyan(frame)} ${colours.dim(this.#text.slice(0, room))}`);
    this.#shown = true;
  }

  #erase(): void {
    if (this.#shown) this.#stream.write(ERASE);
    this.#shown = false;
  }
}
