import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { copyFile, link, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

/** One file that holds a body or a piece of it. Files are written once and never changed. */
export interface Segment {
  readonly file: string;
  readonly size: number;
}

/** Bytes `start` to `end`, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Anything that looks at the bytes that pass: a checksum, a counter. */
export interface Observer {
  update(bytes: Uint8Array): void;
}

const READ_SIZE = 256 * 1024;

/** The bodies of objects and parts in a folder. Streams both ways; what breaks off while it is received leaves nothing. */
export class Bodies {
  readonly #incoming: string;
  readonly #data: string;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(folder: string) {
    this.#incoming = join(folder, 'incoming');
    this.#data = join(folder, 'data');
    rmSync(this.#incoming, { recursive: true, force: true });
    mkdirSync(this.#incoming, { recursive: true });
    mkdirSync(this.#data, { recursive: true });
  }

  /** Writes a stream to a file of its own, showing every byte to the observers; `check` may refuse it at the end. */
  async receive(
    source: AsyncIterable<Buffer>,
    observers: readonly Observer[],
    check?: (size: number) => void,
  ): Promise<Segment> {
    const file = randomUUID();
    const incoming = join(this.#incoming, file);
    try {
      const size = await write(incoming, source, observers);
      check?.(size);
      await rename(incoming, this.#path(file));
      return { file, size };
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  /** The bytes of some segments one after the other, or a range of them. They stay readable until the stream ends. */
  read(segments: readonly Segment[], range?: ByteRange): Readable {
    this.#hold(segments);
    const stream = Readable.from(this.#chunks(segments, range), { objectMode: false, highWaterMark: READ_SIZE });
    stream.once('close', () => this.#release(segments));
    return stream;
  }

  /** The same bytes under new names, so that either may be removed without the other. */
  async share(segments: readonly Segment[]): Promise<Segment[]> {
    this.#hold(segments);
    try {
      return await Promise.all(
        segments.map(async ({ file, size }) => {
          const copy = randomUUID();
          await link(this.#path(file), this.#path(copy)).catch(() => copyFile(this.#path(file), this.#path(copy)));
          return { file: copy, size };
        }),
      );
    } finally {
      this.#release(segments);
    }
  }

  /** Runs the step that records new segments; they go again when it refuses. */
  adopt<T>(segments: readonly Segment[], record: () => T): T {
    try {
      return record();
    } catch (error) {
      this.discard(segments);
      throw error;
    }
  }

  /** Removes files, those that are being read as soon as they no longer are. */
  discard(segments: readonly Segment[]): void {
    for (const { file } of segments) {
      if (this.#readers.has(file)) this.#doomed.add(file);
      else rmSync(this.#path(file), { force: true });
    }
  }

  /** Removes every file that nothing refers to: what a process left that ended between a file and its record. */
  sweep(referenced: Iterable<Segment>): void {
    const known = new Set<string>();
    for (const { file } of referenced) known.add(file);
    for (const shard of readdirSync(this.#data)) {
      for (const file of readdirSync(join(this.#data, shard))) {
        if (!known.has(file)) rmSync(join(this.#data, shard, file), { force: true });
      }
    }
  }

  async *#chunks(segments: readonly Segment[], range?: ByteRange): AsyncGenerator<Buffer> {
    let offset = 0;
    for (const { file, size } of segments) {
      const start = Math.max(0, (range?.start ?? 0) - offset);
      const end = Math.min(size - 1, (range?.end ?? Number.POSITIVE_INFINITY) - offset);
      if (start <= end) yield* createReadStream(this.#path(file), { start, end, highWaterMark: READ_SIZE });
      offset += size;
    }
  }

  #hold(segments: readonly Segment[]): void {
    for (const { file } of segments) this.#readers.set(file, (this.#readers.get(file) ?? 0) + 1);
  }

  #release(segments: readonly Segment[]): void {
    for (const { file } of segments) {
      const left = (this.#readers.get(file) ?? 1) - 1;
      if (left > 0) {
        this.#readers.set(file, left);
        continue;
      }
      this.#readers.delete(file);
      if (this.#doomed.delete(file)) rmSync(this.#path(file), { force: true });
    }
  }

  #path(file: string): string {
    const shard = join(this.#data, file.slice(0, 2));
    if (!existsSync(shard)) mkdirSync(shard, { recursive: true });
    return join(shard, file);
  }
}

async function write(path: string, source: AsyncIterable<Buffer>, observers: readonly Observer[]): Promise<number> {
  const handle = await open(path, 'wx');
  let size = 0;
  try {
    for await (const chunk of source) {
      const written = handle.appendFile(chunk);
      for (const observer of observers) observer.update(chunk);
      size += chunk.length;
      await written;
    }
  } finally {
    await handle.close();
  }
  return size;
}
