import type { RolloutFacts } from '../../domain/rollout/decision.ts';
import { observe, type RolloutState, startEvidence, type Tick } from '../../domain/rollout/evidence.ts';
import { type Guardrail, guardrailsOf } from '../../domain/rollout/guardrail.ts';
import { canary, type Plan, plan, type StrategyInput, strategySchema } from '../../domain/rollout/strategy.ts';

export const MINUTE_MS = 60_000;

/** A plan with errors and latency as its guardrails, unless told otherwise. */
export function rolloutOf(
  input: StrategyInput = canary({ steps: [10, 50], bake: '5 minutes', guardrails: { quality: false } }),
  known: Parameters<typeof guardrailsOf>[1] = { predictions: null },
): { plan: Plan; guardrails: Guardrail[] } {
  const strategy = strategySchema.parse(input);
  return { plan: plan(strategy), guardrails: guardrailsOf(strategy, known) };
}

/** A minute with 60 requests to the challenger and 540 to the champion, of which few fail and 5 % are slow. */
export function tick(
  id: number,
  overrides: { step?: number; errors?: Counts; latency?: Counts; size?: [number, number] } = {},
): Tick {
  const { step = 0, size: [own, others] = [60, 540] } = overrides;
  const share = ([bad, worse]: Counts) => ({
    kind: 'share' as const,
    challenger: { n: own, bad },
    champion: { n: others, bad: worse },
  });
  const latency = overrides.latency ?? [Math.round(own / 20), Math.round(others / 20)];
  return {
    id,
    step,
    requests: { challenger: own, champion: others },
    seen: { errors: share(overrides.errors ?? [0, Math.round(others / 200)]), latency: share(latency) },
  };
}

type Counts = [challenger: number, champion: number];

export const observeAll = (guardrails: readonly Guardrail[], ticks: readonly Tick[]): RolloutState =>
  ticks.reduce(observe, startEvidence(guardrails));

/** A rollout that began at 0 and stands in a step since then. */
export const factsAt = (minute: number, overrides: Partial<RolloutFacts> = {}): RolloutFacts => ({
  now: minute * MINUTE_MS,
  startedAt: 0,
  step: 0,
  stepStartedAt: 0,
  alarms: [],
  challengerFailure: null,
  ...overrides,
});

export const minutes = (count: number, make: (id: number) => Tick = tick) =>
  Array.from({ length: count }, (_, id) => make(id));
