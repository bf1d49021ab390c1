import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** `npm run bench [-- NAME …]`: every benchmark, or those that are named, each in a process of its own. */

const BENCHMARKS: Readonly<Record<string, { file: string; flags?: readonly string[]; args?: readonly string[] }>> = {
  predict: { file: 'predict.ts', flags: ['--expose-gc'] },
  profile: { file: 'profile.ts' },
  rollout: { file: 'rollout/run.ts', args: ['10000', '1'] },
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !BENCHMARKS[name]);
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}
for (const [name, { file, flags = [], args = [] }] of Object.entries(BENCHMARKS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n# ${name}\n`);
  const path = fileURLToPath(new URL(file, import.meta.url));
  const { status } = spawnSync(process.execPath, [...flags, path, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
