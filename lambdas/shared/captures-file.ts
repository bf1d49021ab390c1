import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** A line beyond this is none of ours: the prediction function writes a fifth of it at most. */
export const MAX_LINE = 1_000_000;

export interface UnpackedLines {
  /** Lines left out because no capture is so long. */
  readonly oversized: number;
  /** Whether the object ends in the middle, or is not what its first bytes say. */
  readonly truncated: boolean;
}

/**
 * Adds the lines of a capture object, packed or not, to a file that DuckDB reads without a fault: UTF-8, no control
 * characters, no endless lines. What a broken object still gives is kept.
 */
export async function unpackLines(file: string, to: string, limits: { maxBytes: number }): Promise<UnpackedLines> {
  const lines = new CleanLines(limits.maxBytes);
  const packed = await startsAsGzip(file);
  let truncated = false;
  const source: Readable = createReadStream(file, { highWaterMark: 1024 ** 2 });
  const through = packed ? createGunzip() : new PassThrough();
  // A fault of the archive ends the lines; it does not undo those that were read.
  through.on('error', () => {
    truncated = true;
    lines.end();
  });
  source.pipe(through).pipe(lines);
  await pipeline(lines, createWriteStream(to, { flags: 'a' }));
  source.destroy();
  return { oversized: lines.oversized, truncated: truncated || lines.tooMuch };
}

async function startsAsGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

class CleanLines extends Transform {
  oversized = 0;
  tooMuch = false;
  readonly #decoder = new TextDecoder('utf-8');
  #left: number;
  #rest = '';
  /** Within a line that is too long already. */
  #skipping = false;

  constructor(maxBytes: number) {
    super();
    this.#left = maxBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#left -= chunk.byteLength;
    if (this.#left < 0) this.tooMuch = true;
    else this.#take(this.#decoder.decode(chunk, { stream: true }));
    done();
  }

  override _flush(done: () => void): void {
    this.#take(`${this.#decoder.decode()}\n`);
    done();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const clean = lines.filter((line) => this.#fits(line)).map((line) => line.replace(CONTROL, ' '));
    if (clean.length > 0) this.push(`${clean.join('\n')}\n`);
    if (this.#rest.length <= MAX_LINE) return;
    this.#rest = '';
    if (!this.#skipping) this.oversized += 1;
    this.#skipping = true;
  }

  /** Blank lines are none. */
  #fits(line: string): boolean {
    if (this.#skipping) {
      this.#skipping = false;
      return false;
    }
    if (line.length > MAX_LINE) {
      this.oversized += 1;
      return false;
    }
    return line.trim() !== '';
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is about
const CONTROL = /[\u0000-\u001f]/g;
