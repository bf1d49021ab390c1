import { counted, listed } from '../wording.ts';
import type { Guardrail } from './guardrail.ts';
import { armsOf, natsPerRequest, requestsNeeded } from './pace.ts';
import { evidenceToReach, type Plan } from './strategy.ts';
import { showDuration } from './wording.ts';

export interface Traffic {
  /** Live requests, of all versions together. */
  readonly requestsPerMinute: number;
  /** The champion's share of bad requests, by guardrail. @default 0.001, and 0.05 for latency */
  readonly rates?: Readonly<Record<string, number>>;
}

export interface Estimate {
  /** Requests that the challenger answers until an equal version is promoted. */
  readonly requests: number;
  /** The same for each share alone, had the champion answered endlessly many: ln(1/α)/KL. */
  readonly least: Readonly<Record<string, number>>;
  /** Until the promotion; null without traffic. */
  readonly ms: number | null;
  readonly steps: readonly { readonly weight: number; readonly ms: number | null }[];
  /** The guardrail that takes longest; null when the steps' own time is longer. */
  readonly slowest: string | null;
  /** Guardrails that a promotion needs and whose time nobody can tell. */
  readonly unknown: readonly string[];
  /** Whether it fits into the time and the exposure that the plan allows. */
  readonly withinLimit: boolean;
  readonly sentences: readonly string[];
}

const USUAL_RATES: Readonly<Record<string, number>> = { errors: 0.001, latency: 0.05 };
const MINUTE_MS = 60_000;

/** How much traffic and time a decision needs at today's traffic, told before the rollout starts. */
export function estimate(plan: Plan, guardrails: readonly Guardrail[], traffic: Traffic): Estimate {
  const { requestsPerMinute, rates = {} } = traffic;
  const rate = (name: string) => rates[name] ?? USUAL_RATES[name] ?? 0.01;
  const required = guardrails.filter((guardrail) => guardrail.required);
  const collected = required.map(() => 0);
  // Chance delays one guardrail or the other: the last of two was there 1.4 times later than either in simulation.
  const patience = 1 + 0.4 * Math.log2(Math.max(1, required.length));
  let [requests, slowest]: [number, string | null] = [0, null];

  const steps = plan.steps.map((step, index) => {
    const goal = Math.log(evidenceToReach(plan.steps[index + 1]?.weight ?? 100, plan.alpha));
    const paces = required.map((guardrail) => natsPerRequest(guardrail, step, rate(guardrail.name)));
    let live = (step.bakeMs / MINUTE_MS) * requestsPerMinute;
    for (const [at, pace] of paces.entries()) {
      const needed = pace === null ? 0 : (patience * Math.max(0, goal - (collected[at] ?? 0))) / pace;
      if (needed > live) [live, slowest] = [needed, required[at]?.name ?? null];
    }
    for (const [at, pace] of paces.entries()) collected[at] = (collected[at] ?? 0) + (live * (pace ?? 0)) / patience;
    requests += live * armsOf(step).challenger;
    return { weight: step.weight, ms: requestsPerMinute > 0 ? (live / requestsPerMinute) * MINUTE_MS : null };
  });

  const ms = steps.reduce<number | null>((sum, step) => (sum === null || step.ms === null ? null : sum + step.ms), 0);
  const shares = required.filter((guardrail) => guardrail.kind === 'share');
  const told = {
    requests: Math.ceil(requests),
    least: Object.fromEntries(shares.map(({ name, delta }) => [name, requestsNeeded(rate(name), delta, plan.alpha)])),
    ms,
    steps,
    slowest,
    unknown: required.filter(({ kind }) => kind === 'pairs').map(({ name }) => name),
    withinLimit: ms !== null && ms <= plan.limit.ms && requests <= (plan.limit.requests ?? Infinity),
  };
  return { ...told, sentences: sentences(plan, told, requestsPerMinute) };
}

function sentences(plan: Plan, told: Omit<Estimate, 'sentences'>, requestsPerMinute: number): string[] {
  if (plan.steps.length === 0) return ['All traffic moves at once; nothing is compared.'];
  const limit = `The limit is ${showDuration(plan.limit.ms)}`;
  const exposure = plan.limit.requests === null ? '' : ` and ${counted(plan.limit.requests, 'request')}`;
  const needs = told.slowest ? ` Evidence on ${told.slowest} takes longest.` : '';
  const traffic = `${counted(Number(requestsPerMinute.toPrecision(2)), 'request')} a minute`;
  const expected =
    told.ms === null
      ? plan.compared
        ? `There is no traffic now; a decision needs about ${counted(told.requests, 'request')} to the challenger.${needs}`
        : 'There is no traffic now, and without any nothing is promoted.'
      : `At ${traffic}, an equal version is promoted after about ${showDuration(told.ms)} and ${counted(told.requests, 'request')} to it.${needs}`;
  return [
    expected,
    ...(told.unknown.length > 0 ? [`How long ${listed(told.unknown)} takes depends on when labels come.`] : []),
    told.withinLimit
      ? `${limit}${exposure}.`
      : `${limit}${exposure}: ${told.ms === null ? 'nothing will be decided before traffic comes' : 'it will probably not be decided in it'}; then: ${LIMIT_WORDS[plan.limit.end]}.`,
  ];
}

const LIMIT_WORDS = {
  rollback: 'it is rolled back',
  hold: 'it stays as it is',
  ask: 'a person is asked',
} as const;
