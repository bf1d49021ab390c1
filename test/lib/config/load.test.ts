import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../lib/config/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const CONFIG = `
  import { defineSluice } from 'sluice';
  import { target } from './target.EXTENSION';
  export default defineSluice({ environments: { dev: {} }, models: { churn: { problem: { kind: 'binary', target } } } });
`;
const message = (path: string): string => {
  try {
    loadConfig(path);
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '<folder>');
  }
  throw new Error('the file was accepted');
};

test.each(['ts', 'mts', 'js', 'mjs'])('a .%s file in any folder imports "sluice" and its own files', (extension) => {
  const type = extension.endsWith('ts') ? ': string' : '';
  write(`target.${extension}`, `export const target${type} = 'churned';`);
  const file = write(`team.${extension}`, CONFIG.replace('EXTENSION', extension));
  expect(loadConfig(file).models.churn?.problem.target).toBe('churned');
});

test('a file is read as a module even where package.json says CommonJS', () => {
  write('package.json', '{ "type": "commonjs" }');
  write('target.mts', "export const target = 'churned';");
  expect(loadConfig(write('team.ts', CONFIG.replace('EXTENSION', 'mts'))).models.churn?.problem.target).toBe('churned');
});

test('SLUICE_CONFIG names the file', () => {
  const config = {
    environments: { dev: {} },
    models: { prices: { problem: { kind: 'regression', target: 'price' } } },
  };
  vi.stubEnv('SLUICE_CONFIG', write('sluice.json', JSON.stringify(config)));
  expect(Object.keys(loadConfig().models)).toEqual(['prices']);
});

test('without it, the file of this project is read', () => {
  expect(Object.keys(loadConfig().models)).toContain('churn');
});

test('says what is wrong with a file that cannot be used', () => {
  expect(message(join(folder, 'nowhere.ts'))).toMatchInlineSnapshot(
    `"There is no configuration at "<folder>/nowhere.ts"; SLUICE_CONFIG may name another file"`,
  );
  expect(message(write('config.yaml', 'models: {}'))).toMatchInlineSnapshot(
    `"Cannot read "<folder>/config.yaml" as a configuration; allowed: .ts, .mts, .js, .mjs, .json"`,
  );
  expect(message(write('named.ts', 'export const config = {};'))).toMatchInlineSnapshot(
    `""<folder>/named.ts" has no default export; expected: export default defineSluice({ … })"`,
  );
  expect(message(write('broken.json', '{ "models": '))).toMatchInlineSnapshot(
    `"Cannot load "<folder>/broken.json": <folder>/broken.json: Unexpected end of JSON input"`,
  );
  expect(message(write('throws.ts', "throw new Error('no such team');"))).toMatchInlineSnapshot(
    `"Cannot load "<folder>/throws.ts": no such team"`,
  );
});
