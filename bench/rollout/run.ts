import { writeFile } from 'node:fs/promises';
import { guardrailsOf } from '../../domain/rollout/guardrail.ts';
import { canary, plan, strategySchema } from '../../domain/rollout/strategy.ts';
import type { Random } from '../../domain/statistics/random.ts';
import { counted, showCount } from '../../domain/wording.ts';
import { fixedThreshold, mannWhitney } from './judges.ts';
import { byJudge, byMinutes, byRequests, type Ending, type Setting } from './simulate.ts';
import { bursty, diurnal, sourceOf, steady, type Traffic } from './traffic.ts';

/*
 * What becomes of equal, worse and slower versions under three rules, in many simulated rollouts:
 * `node bench/rollout/run.ts [rollouts a scenario] [seed]`. The table is printed and written beside this file.
 */

const rollouts = Number(process.argv[2] ?? 10_000);
const seed = Number(process.argv[3] ?? 1);

const strategy = strategySchema.parse(
  canary({
    steps: [10, 25, 50],
    bake: '2 minutes',
    guardrails: { predictions: false, quality: false },
    // Held for as long as the simulation lasts, so that "undecided" shows as what it is.
    limit: { time: '30 days', end: 'hold' },
  }),
);
const rollout = { plan: plan(strategy), guardrails: guardrailsOf(strategy, { predictions: null }) };

const usual: Traffic = { rps: steady(10), errorRate: () => 0.005 };

interface Scenario {
  readonly name: string;
  readonly traffic: Partial<Traffic>;
  /** How long the simulation waits for a decision. @default 240 */
  readonly minutes?: number;
  readonly everyRequest?: boolean;
}

const incident = (minute: number) => (minute >= 6 && minute < 16 ? 0.2 : 0.005);

const SCENARIOS: readonly Scenario[] = [
  { name: 'Equal (A/A)', traffic: {}, everyRequest: true },
  { name: 'Errors +0.5 points', traffic: { extraErrors: 0.005 } },
  { name: 'Errors +1 point', traffic: { extraErrors: 0.01 }, everyRequest: true },
  { name: 'Errors +3 points', traffic: { extraErrors: 0.03 } },
  { name: 'Errors +5 points', traffic: { extraErrors: 0.05 } },
  { name: 'Latency +10 %', traffic: { slowdown: 1.1 } },
  { name: 'Latency +50 %', traffic: { slowdown: 1.5 } },
  { name: 'Equal, 1 rps', traffic: { rps: steady(1) }, minutes: 480 },
  { name: 'Errors +1 point, 1 rps', traffic: { rps: steady(1), extraErrors: 0.01 }, minutes: 480 },
  { name: 'Equal, 0.1 rps, a day', traffic: { rps: steady(0.1) }, minutes: 1440 },
  { name: 'Errors +5 points, 0.1 rps, a day', traffic: { rps: steady(0.1), extraErrors: 0.05 }, minutes: 1440 },
  { name: 'Equal, bursty', traffic: { rps: bursty(10) } },
  { name: 'Errors +1 point, bursty', traffic: { rps: bursty(10), extraErrors: 0.01 } },
  { name: 'Equal, diurnal', traffic: { rps: diurnal(5) }, minutes: 480 },
  { name: 'Errors +1 point, diurnal', traffic: { rps: diurnal(5), extraErrors: 0.01 }, minutes: 480 },
  { name: 'Equal, incident on both', traffic: { errorRate: incident } },
  { name: 'Errors +1 point, incident on both', traffic: { errorRate: incident, extraErrors: 0.01 } },
  { name: 'Errors +1 point, base 0.2 %', traffic: { errorRate: () => 0.002, extraErrors: 0.01 } },
  { name: 'Errors +1 point, base 10 %', traffic: { errorRate: () => 0.1, extraErrors: 0.01 } },
  { name: 'No traffic', traffic: { rps: steady(0) }, minutes: 60 },
];

type Rule = (setting: Setting, source: Random) => Ending;

const RULES: readonly [name: string, rule: Rule, wanted: (scenario: Scenario) => boolean][] = [
  ['**Sluice**, every minute', byMinutes, () => true],
  ['**Sluice**, every request', byRequests, (scenario) => scenario.everyRequest === true],
  [fixedThreshold.name, (setting, source) => byJudge(setting, fixedThreshold, source), () => true],
  [mannWhitney.name, (setting, source) => byJudge(setting, mannWhitney, source), () => true],
];

const started = performance.now();
const table = [
  '| scenario | rule | promoted | rolled back | held | minutes to promote | to roll back | requests exposed |',
  '| --- | --- | --: | --: | --: | --: | --: | --: |',
  ...SCENARIOS.flatMap((scenario) =>
    RULES.filter(([, , wanted]) => wanted(scenario)).map(([name, rule]) => row(scenario, name, rule)),
  ),
];
const seconds = Math.round((performance.now() - started) / 1e3);
await writeFile(new URL('results.md', import.meta.url), `${report().join('\n')}\n`);
console.log(`\n${seconds} s; written to bench/rollout/results.md`);

function row(scenario: Scenario, name: string, rule: Rule): string {
  const setting = { ...rollout, traffic: { ...usual, ...scenario.traffic }, minutes: scenario.minutes ?? 240 };
  const endings = Array.from({ length: rollouts }, (_, index) => rule(setting, sourceOf(seed, index)));
  const of = (action: Ending['action']) => endings.filter((ending) => ending.action === action);
  const cells = [
    ...(['PROMOTE', 'ROLLBACK', 'HOLD'] as const).map((action) => percent(of(action).length)),
    ...(['PROMOTE', 'ROLLBACK'] as const).map((action) => times(of(action))),
    showCount(Math.round(quantile(endings, ({ exposed }) => exposed, 0.5))),
  ];
  const line = `| ${scenario.name} | ${name} | ${cells.join(' | ')} |`;
  console.log(line);
  return line;
}

function report(): string[] {
  return [
    '# Rollouts, simulated',
    '',
    `\`node bench/rollout/run.ts ${rollouts} ${seed}\`: ${counted(rollouts, 'rollout')} for each row, seed ${seed}, ${seconds} s on one core.`,
    '',
    "Unless the scenario says otherwise there are 10 requests a second, 0.5 % of the champion's fail, and latencies are log-normal",
    `(σ = 0.5). Sluice's rollouts are \`canary({ steps: [10, 25, 50], bake: '2 minutes' })\` with errors (δ = 1 point) and latency`,
    "(δ = 2.5 points beyond the champion's 95th percentile), α = β = 5 %. The other rules look at 10 % of the traffic for 30 minutes:",
    'the fixed threshold rolls back when 1.5 % of five minutes fail or 7.5 % are slow, the Mann–Whitney judge compares the',
    'per-minute error rates and mean latencies of both versions once, at 98 %. Both promote when nothing spoke against it.',
    '',
    'Harm that matters is +1 point of errors or more, and about +11 % of latency: such versions may be promoted in 5 of 100',
    'cases, and equal ones rolled back in 5 of 100. Between equal and harmful neither is promised. Minutes are the median and',
    'the 90th percentile; requests exposed are the median of what the challenger had answered when it was decided.',
    '',
    ...table,
  ];
}

function percent(count: number): string {
  const share = (100 * count) / rollouts;
  return share > 0 && share < 0.1 ? `${share.toFixed(2)} %` : `${share.toFixed(1)} %`;
}

function times(endings: readonly Ending[]): string {
  if (endings.length === 0) return '–';
  const at = (p: number) => Math.ceil(quantile(endings, ({ minutes }) => minutes, p));
  return `${at(0.5)} (${at(0.9)})`;
}

function quantile(endings: readonly Ending[], of: (ending: Ending) => number, p: number): number {
  const ascending = endings.map(of).sort((a, b) => a - b);
  return ascending[Math.min(ascending.length - 1, Math.floor(p * ascending.length))] ?? 0;
}
