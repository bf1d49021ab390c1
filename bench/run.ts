import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { table } from '../cli/io.ts';

/*
 * `npm run bench [-- NAME …]`: every benchmark but the long ones, or those that are named, one after the other, each in a
 * process of its own; then one table of what was measured. Exit 1 where one of them broke or missed its own target.
 */

interface Benchmark {
  readonly about: string;
  readonly file: string;
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  /** Runs only when it is named. */
  readonly long?: boolean;
  /** What to take out of the output, by the name it gets in the table. */
  readonly measures: Readonly<Record<string, RegExp>>;
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  story: {
    about: 'npm start: deploy, four uploads, predictions',
    file: '../examples/churn/story.ts',
    measures: { 'first champion': /([\d.]+ s) {2}outcome/, whole: /in ([\d.]+ s)/ },
  },
  synth: {
    about: 'the templates and bundles of the sample, warm',
    file: 'synth.ts',
    measures: {
      time: /synth: (.*)/,
      'largest control handler': /largest control handler: (.*)/,
      predict: /predict: (.*)/,
    },
  },
  coldstart: {
    about: 'loading each handler in the local cloud',
    file: 'cold-start.ts',
    measures: { median: /median: (.*)/, slowest: /slowest: (.*)/ },
  },
  predict: {
    about: 'one instance through the whole prediction handler',
    file: 'predict.ts',
    flags: ['--expose-gc'],
    measures: {
      p50: /p50 ([\d.]+ ms)/,
      p99: /p99 ([\d.]+ ms)/,
      'capture adds': /capture adds: (.*)/,
      'capture of a hundred adds': /capture of a hundred adds: (.*)/,
      memory: /memory: (.*)/,
    },
  },
  profile: {
    about: '1,000,000 rows × 20 columns',
    file: 'profile.ts',
    measures: {
      validate: /^validate: ([\d.]+ s)/m,
      'split and profile': /^split and profile: ([\d.]+ s)/m,
      'profile a window and compare': /^profile a window.*: ([\d.]+ s)/m,
      'peak memory': /peak memory (.*)/,
    },
  },
  drift: {
    about: 'profile and compare 10,000 to 10,000,000 rows, error rates in simulation; writes bench/drift/results.md',
    file: 'drift/run.ts',
    args: ['200', '1', '2000'],
    long: true,
    measures: {
      '1,000,000 × 20': /^1,000,000 × 20: (.*)/m,
      '1,000,000 × 200': /^1,000,000 × 200: (.*)/m,
      'false alarms in a quarter': /^false alarms in a quarter: (.*)/m,
      time: /^(\d+ s); written/m,
    },
  },
  rollout: {
    about: '10,000 simulated rollouts a scenario; writes bench/rollout/results.md',
    file: 'rollout/run.ts',
    args: ['10000', '1'],
    long: true,
    measures: { time: /^(\d+ s); written/m },
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !BENCHMARKS[name]);
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(BENCHMARKS).join(', ')}`);
  process.exit(2);
}

const rows: string[][] = [];
for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
  if (wanted.length > 0 ? !wanted.includes(name) : benchmark.long) continue;
  rows.push(...(await run(name, benchmark)));
}
console.log(`\n${table(['BENCHMARK', 'MEASURED', 'VALUE'], rows)}\n`);
console.log(`Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}`);

async function run(name: string, { about, file, flags = [], args = [], measures }: Benchmark): Promise<string[][]> {
  console.log(`\n# ${name}: ${about}\n`);
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [...flags, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    process.stdout.write(chunk);
    output += chunk.toString('utf8');
  });
  const [status] = await once(child, 'close');
  if (status !== 0) process.exitCode = 1;
  const found = Object.entries(measures).map(([measure, pattern]) => [measure, pattern.exec(output)?.[1] ?? 'nothing']);
  return [...found, ...(status === 0 ? [] : [['exit', String(status)]])].map(([measure = '', value = ''], index) => [
    index === 0 ? name : '',
    measure,
    value,
  ]);
}
