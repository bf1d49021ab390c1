import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url));
const json = (path: string) => JSON.parse(read(path).toString('utf8'));

/** `e_machine` of an ELF header, https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const AARCH64 = 183;

describe('layers', () => {
  test("hold DuckDB for the Lambdas' processor, whatever machine this is", () => {
    const binary = read('layers/data-engine/nodejs/node_modules/@duckdb/node-bindings-linux-arm64/duckdb.node');
    expect(binary.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(binary.readUInt16LE(18)).toBe(AARCH64);
  });

  test('hold the versions of the model runtime that the tests run with', () => {
    const root = json('package.json').devDependencies;
    for (const [name, version] of Object.entries(json('layers/model-runtime/nodejs/package.json').dependencies)) {
      expect([name, version]).toEqual([name, root[name]]);
    }
  });

  test('are locked by content, not by the address of one registry', () => {
    for (const layer of ['data-engine', 'model-runtime']) {
      const { packages } = json(`layers/${layer}/nodejs/package-lock.json`);
      for (const [path, entry] of Object.entries<{ integrity?: string; resolved?: string }>(packages)) {
        if (path === '') continue;
        expect(entry.integrity, path).toMatch(/^sha512-/);
        expect(entry.resolved, path).toBeUndefined();
      }
    }
  });
});
