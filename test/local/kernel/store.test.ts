import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diskStore } from '../../../local/kernel/store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const journal = () => join(folder, 'journal', 'things.jsonl');

test('a store finds after a restart what was set, without what was deleted', () => {
  const before = diskStore(folder).collection<{ n: number }>('things');
  before.set('a', { n: 1 });
  before.set('b', { n: 2 });
  before.set('a', { n: 3 });
  before.delete('b');
  const after = diskStore(folder).collection<{ n: number }>('things');
  expect([...after.entries()]).toEqual([['a', { n: 3 }]]);
});

test('a last line that a crash tore is forgotten, and later writes are kept', () => {
  diskStore(folder).collection<number>('things').set('a', 1);
  appendFileSync(journal(), '["b",{"half');
  const after = diskStore(folder).collection<number>('things');
  expect([...after.keys()]).toEqual(['a']);
  after.set('c', 3);
  expect([...diskStore(folder).collection<number>('things').keys()]).toEqual(['a', 'c']);
});

test('a journal does not grow with the number of changes', () => {
  const things = diskStore(folder).collection<number>('things');
  for (let n = 0; n < 5_000; n++) things.set('counter', n);
  expect(readFileSync(journal(), 'utf8').split('\n').length).toBeLessThan(2_100);
  expect(diskStore(folder).collection<number>('things').get('counter')).toBe(4_999);
});

test('the same name gives the same collection, and folders stay', () => {
  const store = diskStore(folder);
  store.collection<number>('things').set('a', 1);
  expect(store.collection<number>('things').get('a')).toBe(1);
  expect(store.folder('bodies')).toBe(join(folder, 'bodies'));
});
