const ESCAPE = String.fromCharCode(27);

/** The last lines of a terminal, drawn anew in their place; where nobody watches a terminal they are written one after the other. */
export class Panel {
  readonly #stream: NodeJS.WriteStream;
  #shown = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  show(view: string): void {
    this.clear();
    // A line that wraps would be counted as one.
    const room = this.#inPlace ? (this.#stream.columns ?? 80) : Number.POSITIVE_INFINITY;
    const lines = view.split('\n').map((line) => line.slice(0, room));
    this.#stream.write(`${lines.join('\n')}\n`);
    if (this.#inPlace) this.#shown = lines.length;
  }

  clear(): void {
    if (this.#shown > 0) this.#stream.write(`${ESCAPE}[${this.#shown}A${ESCAPE}[J`);
    this.#shown = 0;
  }

  get #inPlace(): boolean {
    return this.#stream.isTTY === true && process.env.TERM !== 'dumb';
  }
}
