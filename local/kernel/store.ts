import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** Where a service keeps what must outlive a restart. Values are JSON; what is read is a copy of nobody's object: do not mutate, `set` again. */
export interface Collection<T> {
  get(key: string): T | undefined;
  has(key: string): boolean;
  set(key: string, value: T): void;
  delete(key: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<T>;
  entries(): IterableIterator<[string, T]>;
  readonly size: number;
}

export interface Store {
  /** A collection by name, e.g. `sqs.queues`; the same name gives the same collection. */
  collection<T>(name: string): Collection<T>;
  /** A folder for bulk data (object bodies, unpacked assets), which lives as long as the state does. */
  folder(name: string): string;
  /** Writes what is buffered; nothing may be written afterwards. */
  close(): void;
}

/** A store in memory whose bulk data is in `scratch`, a temporary folder that the owner removes. */
export function memoryStore(scratch: string): Store {
  const collections = new Map<string, Map<string, unknown>>();
  return {
    collection<T>(name: string) {
      const known = collections.get(name) ?? new Map<string, unknown>();
      collections.set(name, known);
      return known as Map<string, T>;
    },
    folder: (name) => ensureFolder(scratch, name),
    close: () => undefined,
  };
}

/**
 * A store in a folder: one journal file a collection, a line a change. A journal is read back at the start, tolerating a
 * torn last line, and rewritten (to a new file, then renamed) when it holds far more changes than entries.
 */
export function diskStore(root: string): Store {
  mkdirSync(join(root, 'journal'), { recursive: true });
  const collections = new Map<string, JournalCollection<unknown>>();
  return {
    collection<T>(name: string) {
      const known = collections.get(name) ?? new JournalCollection<unknown>(join(root, 'journal', `${name}.jsonl`));
      collections.set(name, known);
      return known as unknown as Collection<T>;
    },
    folder: (name) => ensureFolder(root, name),
    close: () => undefined,
  };
}

/** Rewriting pays when the journal is this many times longer than what it says. */
const COMPACT_RATIO = 8;
const COMPACT_FLOOR = 2_000;

class JournalCollection<T> implements Collection<T> {
  readonly #file: string;
  readonly #entries = new Map<string, T>();
  #lines = 0;

  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    const lines = readFileSync(file, 'utf8').split('\n');
    const torn = lines.pop() ?? '';
    for (const line of lines) this.#replay(line);
    if (torn !== '') this.#compact();
  }

  get size() {
    return this.#entries.size;
  }
  get(key: string) {
    return this.#entries.get(key);
  }
  has(key: string) {
    return this.#entries.has(key);
  }
  keys() {
    return this.#entries.keys();
  }
  values() {
    return this.#entries.values();
  }
  entries() {
    return this.#entries.entries();
  }

  set(key: string, value: T): void {
    this.#entries.set(key, value);
    this.#append(JSON.stringify([key, value]));
  }

  delete(key: string): boolean {
    const known = this.#entries.delete(key);
    if (known) this.#append(JSON.stringify([key]));
    return known;
  }

  #replay(line: string): void {
    const [key, ...value] = JSON.parse(line) as [string, T?];
    this.#lines++;
    if (value.length === 0) this.#entries.delete(key);
    else this.#entries.set(key, value[0] as T);
  }

  #append(line: string): void {
    appendFileSync(this.#file, `${line}\n`);
    this.#lines++;
    if (this.#lines > COMPACT_FLOOR && this.#lines > COMPACT_RATIO * this.#entries.size) this.#compact();
  }

  #compact(): void {
    const next = `${this.#file}.next`;
    const descriptor = openSync(next, 'w');
    for (const [key, value] of this.#entries) writeSync(descriptor, `${JSON.stringify([key, value])}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(next, this.#file);
    this.#lines = this.#entries.size;
  }
}

function ensureFolder(root: string, name: string): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
