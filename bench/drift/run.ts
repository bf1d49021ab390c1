import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { showCount } from '../../domain/wording.ts';
import { detections, falseAlarms } from './rates.ts';
import { RULES } from './rules.ts';
import { throughput } from './throughput.ts';

/*
 * `node bench/drift/run.ts [runs] [seed] [million cells]`: throughput from Parquet to a verdict, false alarms while nothing moves, power and
 * delay when something does, beside the rules that others use. Writes bench/drift/results.md.
 */

const [runs = 200, seed = 1, millionCells = 200] = process.argv.slice(2).map(Number);
const started = performance.now();

const sizes = [10_000, 100_000, 1_000_000, 10_000_000]
  .flatMap((rows) => [20, 200].map((columns) => [rows, columns] as const))
  .filter(([rows, columns]) => rows * columns <= millionCells * 1e6);
const measured = await throughput(sizes);
for (const { rows, columns, profileMs, compareMs, cpuMs, peakMb } of measured)
  console.log(
    `${showCount(rows)} × ${columns}: ${seconds(profileMs + compareMs)}, of which compare ${Math.round(compareMs)} ms; CPU ${seconds(cpuMs)}; peak ${Math.round(peakMb)} MB`,
  );
const alarms = falseAlarms(seed);
console.log(`false alarms in a quarter: ${alarms.map(({ alerts }) => alerts).join(' ')}`);
const found = detections(seed, runs);
const took = Math.round((performance.now() - started) / 1e3);
await writeFile(new URL('results.md', import.meta.url), `${report().join('\n')}\n`);
console.log(`\n${took} s; written to bench/drift/results.md`);

function report(): string[] {
  return [
    '# Watching, simulated',
    '',
    `\`node bench/drift/run.ts ${runs} ${seed} ${millionCells}\`, ${took} s on ${cpus().length} × ${cpus()[0]?.model ?? 'an unknown processor'}, which other work shared.`,
    '',
    '## From rows to a verdict',
    '',
    'Parquet objects of at most 1,000,000 rows (a third of the columns are categories), DuckDB with 1 GB and two threads; profiles',
    'are merged and compared. Memory is the peak of the process, Node and the engine included.',
    '',
    '| rows | columns | profile | compare | CPU time | cells a second of CPU | peak memory |',
    '| --: | --: | --: | --: | --: | --: | --: |',
    ...measured.map(({ rows, columns, profileMs, compareMs, cpuMs, peakMb }) =>
      row([
        showCount(rows),
        String(columns),
        seconds(profileMs),
        `${Math.round(compareMs)} ms`,
        seconds(cpuMs),
        `${((rows * columns) / cpuMs / 1e3).toFixed(1)} M`,
        `${Math.round(peakMb)} MB`,
      ]),
    ),
    '',
    '## False alarms while nothing moves',
    '',
    'Normal features, 10,000 training rows, hourly windows. Sluice: windows with an alert in a quarter (2,184 windows; the budget is',
    'one), in brackets those of the accumulator, without which nothing is done by itself. Suspects are listed a window and do',
    'nothing. The other rules: share of windows in which any feature alerts.',
    '',
    `| features | rows | **Sluice**, a quarter | suspects a window | ${RULES.map(({ name }) => name).join(' | ')} |`,
    `| --: | --: | --: | --: |${RULES.map(() => ' --: |').join('')}`,
    ...alarms.map(({ features, rows, alerts, accumulated, suspects, rules }) =>
      row([
        String(features),
        showCount(rows),
        `${alerts} (${accumulated})`,
        suspects.toFixed(3),
        ...RULES.map(({ name }) => percent(rules[name] ?? 0)),
      ]),
    ),
    '',
    '## What moved, and when it is seen',
    '',
    `One of 20 features has moved in every window from the first on; ${runs} runs. Share of runs with an alert in the first window, and`,
    'the median of windows until one; – means that most runs had none (Sluice: in a week, the rules: in ten windows).',
    '',
    `| change | rows | **Sluice** | ${RULES.map(({ name }) => name).join(' | ')} |`,
    `| --- | --: | --: |${RULES.map(() => ' --: |').join('')}`,
    ...found.map(({ what, rows, rules, ...own }) =>
      row([what, showCount(rows), seen(own), ...RULES.map(({ name }) => seen(rules[name]))]),
    ),
    '',
    'What the fixed rules see early they also see when nothing moved: the table before this one is the price.',
  ];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
function seconds(ms: number): string {
  return `${(ms / 1e3).toFixed(2)} s`;
}
function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
function seen(of: { first: number; delay: number } | undefined): string {
  return of === undefined ? '' : `${percent(of.first)}, ${Number.isFinite(of.delay) ? of.delay : '–'}`;
}
