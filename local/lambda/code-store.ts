import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import JSZip from 'jszip';
import { lambdaError } from './errors.ts';
import type { CodeSnapshot } from './state.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const UNPACKED_LIMIT = 262_144_000;

/** Keeps every piece of code once, under its digest. What is in it never changes, so a version stays what it was. */
export class CodeStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  folder({ sha256 }: CodeSnapshot): string {
    return join(this.#root, Buffer.from(sha256, 'base64').toString('hex'));
  }

  /** From an asset: a folder, or a zip file. */
  async fromPath(path: string): Promise<CodeSnapshot> {
    return (await stat(path)).isDirectory() ? this.#fromFolder(path) : this.fromZip(await readFile(path));
  }

  /** From source text in a template, which becomes index.js. */
  async fromText(source: string): Promise<CodeSnapshot> {
    return this.#keep(digest(source), source.length, (folder) => writeFile(join(folder, 'index.js'), source));
  }

  async fromZip(bytes: Uint8Array): Promise<CodeSnapshot> {
    const archive = await JSZip.loadAsync(bytes).catch(() => {
      throw lambdaError.invalid('Could not unzip uploaded file. Please check your file, then try to upload again.');
    });
    return this.#keep(digest(bytes), bytes.length, async (folder) => {
      for (const entry of Object.values(archive.files)) {
        if (entry.dir) continue;
        const target = join(folder, entry.name);
        if (relative(folder, target).startsWith('..'))
          throw lambdaError.invalid('Could not unzip uploaded file: it leaves its folder.');
        await mkdir(dirname(target), { recursive: true });
        const mode = typeof entry.unixPermissions === 'number' ? entry.unixPermissions & 0o777 : 0o644;
        await writeFile(target, await entry.async('nodebuffer'), { mode });
      }
    });
  }

  async #fromFolder(path: string): Promise<CodeSnapshot> {
    const hash = createHash('sha256');
    let size = 0;
    for (const file of await filesOf(path)) {
      const bytes = await readFile(file);
      size += bytes.length;
      hash.update(`${relative(path, file).split(sep).join('/')}\0${bytes.length}\0`).update(bytes);
    }
    return this.#keep(hash.digest('base64'), size, (folder) =>
      cp(path, folder, { recursive: true, dereference: true, mode: constants.COPYFILE_FICLONE }),
    );
  }

  /** Unpacks beside, then renames: a crash leaves no half folder under a digest. */
  async #keep(sha256: string, size: number, fill: (folder: string) => Promise<unknown>): Promise<CodeSnapshot> {
    const target = this.folder({ sha256, size, unpackedSize: 0 });
    if (!existsSync(target)) {
      await mkdir(this.#root, { recursive: true });
      const folder = await mkdtemp(join(this.#root, 'unpacking-'));
      await fill(folder);
      await rename(folder, target).catch(async (error: NodeJS.ErrnoException) => {
        await rm(folder, { recursive: true, force: true });
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      });
    }
    const sizes = await Promise.all((await filesOf(target)).map(async (file) => (await stat(file)).size));
    return { sha256, size, unpackedSize: sizes.reduce((sum, one) => sum + one, 0) };
  }
}

const digest = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('base64');

/** Every file below a folder, in an order that depends on names only. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return files.sort();
}
