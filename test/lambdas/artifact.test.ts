import JSZip from 'jszip';
import { describe, expect, test } from 'vitest';
import type { Contract } from '../../domain/contract.ts';
import { contractFingerprint, incomparableBecause } from '../../domain/contract.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import { random } from '../../domain/statistics/random.ts';
import { type Artifact, packArtifact, unpackArtifact } from '../../lambdas/shared/artifact.ts';

const contract: Contract = {
  format: 1,
  kind: 'binary',
  model: 'churn',
  target: 'churned',
  ignored: ['id'],
  features: [
    { name: 'age', column: 'f0', type: 'numeric', required: true },
    { name: 'plan', column: 'f1', type: 'categorical', required: true },
  ],
  classes: ['no', 'yes'],
  positive: 'yes',
  threshold: 0.5,
};
const artifact: Artifact = {
  contract,
  metadata: {
    learner: 'random-forest',
    engine: 'x',
    trainRows: 1,
    trees: 1,
    nodes: 1,
    validationLoss: 0.5,
    importance: [],
  },
  files: new Map([
    ['nodes-00000-of-00001', Buffer.from('nodes')],
    ['done', Buffer.alloc(0)],
    ['header.pb', Buffer.from([1, 2, 3])],
  ]),
};

describe('packArtifact()', () => {
  test('gives back what was put in, whatever the order it was put in', () => {
    const bytes = packArtifact(artifact);
    const read = unpackArtifact(bytes);
    expect(read.contract).toEqual(artifact.contract);
    expect(read.metadata).toEqual(artifact.metadata);
    expect([...read.files].map(([name, content]) => [name, Buffer.from(content)])).toEqual([
      ['done', Buffer.alloc(0)],
      ['header.pb', Buffer.from([1, 2, 3])],
      ['nodes-00000-of-00001', Buffer.from('nodes')],
    ]);
    const reversed = { ...artifact, files: new Map([...artifact.files].reverse()) };
    expect(Buffer.from(packArtifact(reversed)).equals(Buffer.from(bytes))).toBe(true);
  });

  test('writes a zip that other readers take', async () => {
    const zip = await JSZip.loadAsync(packArtifact(artifact), { checkCRC32: true });
    expect(Object.keys(zip.files)).toEqual([
      'contract.json',
      'metadata.json',
      'model/done',
      'model/header.pb',
      'model/nodes-00000-of-00001',
    ]);
    expect(await zip.file('model/nodes-00000-of-00001')?.async('string')).toBe('nodes');
  });

  test.each(['../evil', 'a/b', '/etc/passwd', 'A', '..', 'a..b', 'ü'])('refuses to store %s', (name) => {
    expect(() => packArtifact({ ...artifact, files: new Map([[name, Buffer.from('x')]]) })).toThrow(InvalidArtifact);
  });
});

describe('unpackArtifact()', () => {
  test.each<[string, (zip: JSZip) => void]>([
    ['a path that leaves the folder', (zip) => zip.file('../evil.txt', 'x', { createFolders: false })],
    ['an absolute path', (zip) => zip.file('/etc/evil', 'x', { createFolders: false })],
    ['a folder', (zip) => zip.folder('model/sub')],
    ['a link', (zip) => zip.file('model/link', '/etc/passwd', { unixPermissions: 0o120777 })],
    ['a stored file of another writer', (zip) => zip.file('model/ok', 'x')],
  ])('refuses %s', async (_, add) => {
    const zip = new JSZip();
    add(zip);
    await expect(zip.generateAsync({ type: 'nodebuffer', platform: 'UNIX' }).then(unpackArtifact)).rejects.toThrow(
      InvalidArtifact,
    );
  });

  test('refuses a bomb without unfolding it', async () => {
    const zip = new JSZip().file('model/zeros', Buffer.alloc(50_000_000));
    const bomb = await zip.generateAsync({ type: 'nodebuffer', compression: 'DEFLATE' });
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => unpackArtifact(bomb)).toThrow(InvalidArtifact);
  });

  test('refuses every change of one byte, every cut and every addition', () => {
    const bytes = packArtifact(artifact);
    const source = random(7);
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ (1 + source.below(255));
      expect(() => unpackArtifact(altered), `byte ${at}`).toThrow(InvalidArtifact);
    }
    for (const length of [0, 10, 22, 100, bytes.length - 1])
      expect(() => unpackArtifact(bytes.subarray(0, length))).toThrow(InvalidArtifact);
    expect(() => unpackArtifact(Buffer.concat([bytes, Buffer.from('x')]))).toThrow(InvalidArtifact);
    expect(() => unpackArtifact(Buffer.concat([Buffer.from('x'), bytes]))).toThrow(InvalidArtifact);
  });

  test('refuses an artifact without contract or with one of another format', () => {
    const other = { ...contract, format: 2 } as unknown as Contract;
    expect(() => unpackArtifact(packArtifact({ ...artifact, contract: other }))).toThrow(
      'its contract.json does not fit',
    );
  });
});

describe('the contract', () => {
  test('has the same fingerprint as long as callers need not change anything', () => {
    const { features } = contract;
    const same = { ...contract, features: features.map((feature) => ({ ...feature, column: 'f9' })), ignored: [] };
    expect(contractFingerprint(same)).toBe(contractFingerprint(contract));
    for (const change of [
      { positive: 'no' },
      { features: features.slice(1) },
      { classes: ['no', 'maybe'] },
      { target: 'left' },
    ]) {
      expect(contractFingerprint({ ...contract, ...change } as Contract)).not.toBe(contractFingerprint(contract));
    }
  });

  test('tells why a champion cannot be scored on the rows of a challenger', () => {
    const [age, plan] = contract.features;
    if (!age || !plan) throw new Error('two features');
    const reason = (champion: object) => incomparableBecause(contract, { ...contract, ...champion } as Contract);
    expect(reason({})).toBeNull();
    expect(reason({ features: [age] })).toBeNull();
    expect(reason({ features: [age, plan, { ...plan, name: 'city' }] })).toBe(
      'it needs the column "city", which the data does not have',
    );
    expect(reason({ features: [{ ...age, type: 'categorical' }] })).toBe(
      'it reads "age" as categorical, the data holds it as numeric',
    );
    expect(reason({ target: 'left' })).toBe('it predicts "left", the data holds "churned"');
    expect(reason({ positive: 'no' })).toBe('its positive label is "no", that of the data is "yes"');
    expect(reason({ classes: ['never', 'yes'] })).toBe(
      'its labels are "never" and "yes", those of the data are "no" and "yes"',
    );
    expect(reason({ kind: 'regression', scale: { mean: 0, deviation: 1 } })).toBe(
      'it solves a regression problem, the data describes a binary one',
    );
  });
});
