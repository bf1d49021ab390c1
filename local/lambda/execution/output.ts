import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Splits what a process writes into lines and tells when the output of an invocation has ended. */
export class OutputLines {
  #partial = '';
  #ended: string | undefined;
  #waiting: { requestId: string; resolve: () => void } | undefined;
  #closed = false;
  readonly #onLine: (line: string) => void;

  constructor(stream: Readable, onLine: (line: string) => void) {
    this.#onLine = onLine;
    const decoder = new StringDecoder('utf8');
    stream.on('data', (chunk: Buffer) => this.#take(decoder.write(chunk)));
    stream.on('close', () => {
      this.#take(decoder.end());
      if (this.#partial !== '') this.#line(this.#partial);
      this.#partial = '';
      this.#closed = true;
      this.#waiting?.resolve();
    });
  }

  /** Resolves when everything that the invocation wrote has come. */
  ended(requestId: string): Promise<void> {
    if (this.#closed || this.#ended === requestId) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = { requestId, resolve };
    });
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const mark = line.indexOf('\0end ');
    const own = mark < 0 ? line : line.slice(0, mark);
    if (own !== '') this.#onLine(own.replaceAll('\r', '\n').trimEnd());
    if (mark < 0) return;
    this.#ended = line.slice(mark + '\0end '.length);
    if (this.#waiting?.requestId === this.#ended) this.#waiting.resolve();
  }
}
