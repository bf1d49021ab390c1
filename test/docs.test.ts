import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** What the documents say of the repository is looked up in it. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

function markdown(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name));
}
const DOCUMENTS = ['README.md', ...markdown('docs'), ...markdown('local')];

test.each(DOCUMENTS)('%s links to files that there are', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, target = '']) => target);
  const broken = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(ROOT, dirname(document), link)));
  expect(broken).toEqual([]);
});

describe('README.md', () => {
  const readme = read('README.md');

  test('shows the configuration as it is', () => {
    expect(readme).toContain(`\`\`\`ts\n${read('sluice.config.ts')}\`\`\``);
  });

  test('names files, folders and scripts that there are', () => {
    const paths = [...readme.matchAll(/`([a-z]+\/[\w./-]*|sluice\.config\.ts)`/g)].map(([, path = '']) => path);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm run (\w+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !scripts[script])).toEqual([]);
  });
});

test('the index of decisions has every decision under its title', () => {
  const files = readdirSync(join(ROOT, 'docs/decisions')).filter((name) => name !== 'README.md');
  const expected = files.map((name) => `- [${/^# (.*)/.exec(read(`docs/decisions/${name}`))?.[1]}](${name})`);
  const index = read('docs/decisions/README.md').split('\n');
  expect(index.filter((line) => line.startsWith('- ')).sort()).toEqual(expected.sort());
});

test('docs/local-cloud.md leads to what every service says of itself', () => {
  const table = read('docs/local-cloud.md');
  const missing = markdown('local').filter((file) => !table.includes(`](${relative('docs', file)})`));
  expect(missing).toEqual([]);
});
