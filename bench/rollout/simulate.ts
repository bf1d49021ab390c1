import { decide } from '../../domain/rollout/decide.ts';
import type { RolloutAction } from '../../domain/rollout/decision.ts';
import { observe, type RolloutState, startEvidence, type Tick } from '../../domain/rollout/evidence.ts';
import type { Guardrail } from '../../domain/rollout/guardrail.ts';
import type { Plan } from '../../domain/rollout/strategy.ts';
import type { Random } from '../../domain/statistics/random.ts';
import type { Judge } from './judges.ts';
import { type Answered, type Minute, minuteOf, poisson, ratesOf, type Traffic } from './traffic.ts';

export interface Ending {
  /** `HOLD`: still undecided when the simulation stopped. */
  readonly action: Exclude<RolloutAction, 'NEXT_STEP'>;
  readonly minutes: number;
  /** Requests that the challenger had answered by then. */
  readonly exposed: number;
  /** The largest share of the traffic that it was given before that, percent. */
  readonly weight: number;
}

export interface Setting {
  readonly plan: Plan;
  readonly guardrails: readonly Guardrail[];
  readonly traffic: Traffic;
  /** When the simulation stops. */
  readonly minutes: number;
}

const MINUTE_MS = 60_000;

/** One rollout as the state machine drives it, looked at every minute. */
export function byMinutes({ plan, guardrails, traffic, minutes }: Setting, source: Random): Ending {
  let state = startEvidence(guardrails);
  const at = { step: 0, since: 0 };
  for (let minute = 0; minute < minutes; minute += 1) {
    const share = (plan.steps[at.step]?.weight ?? 100) / 100;
    const seen = minuteOf(traffic, minute, share, source);
    state = observe(state, tickOf(minute, at.step, seen));
    const ending = look(state, plan, at, minute + 1);
    if (ending) return ending;
  }
  return { action: 'HOLD', minutes, exposed: state.requests.challenger, weight: plan.steps[at.step]?.weight ?? 100 };
}

/** The same, looked at after every single request: each is a tick of its own. */
export function byRequests({ plan, guardrails, traffic, minutes }: Setting, source: Random): Ending {
  let state = startEvidence(guardrails);
  const at = { step: 0, since: 0 };
  let id = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const { challenger, champion } = ratesOf(traffic, minute);
    const count = poisson(60 * traffic.rps(minute, source), source);
    for (let request = 0; request < count; request += 1) {
      const own = source.uniform() < (plan.steps[at.step]?.weight ?? 100) / 100;
      const rates = own ? challenger : champion;
      const answered: Answered = {
        n: 1,
        errors: source.uniform() < rates.errors ? 1 : 0,
        slow: source.uniform() < rates.slow ? 1 : 0,
        latency: undefined,
      };
      const seen = own ? { challenger: answered, champion: IDLE } : { challenger: IDLE, champion: answered };
      state = observe(state, tickOf(id, at.step, seen));
      id += 1;
      // While one version's answer is waited for, nothing new is known: the look would say what the last one said.
      if (isOpen(state)) continue;
      const ending = look(state, plan, at, minute + request / count);
      if (ending) return ending;
    }
  }
  return { action: 'HOLD', minutes, exposed: state.requests.challenger, weight: plan.steps[at.step]?.weight ?? 100 };
}

/** A rule with a fixed span, on the weight of the first step. */
export function byJudge({ plan, traffic }: Setting, judge: Judge, source: Random): Ending {
  const share = (plan.steps[0]?.weight ?? 100) / 100;
  const seen: Minute[] = [];
  let exposed = 0;
  for (let minute = 0; minute < judge.minutes; minute += 1) {
    const now = minuteOf(traffic, minute, share, source);
    seen.push(now);
    exposed += now.challenger.n;
    if (judge.rejects(seen)) return { action: 'ROLLBACK', minutes: minute + 1, exposed, weight: 100 * share };
  }
  return { action: 'PROMOTE', minutes: judge.minutes, exposed, weight: 100 * share };
}

const isOpen = ({ watched }: RolloutState) =>
  watched.every(
    ({ evidence }) => evidence.kind === 'share' && evidence.open.champion.n + evidence.open.challenger.n > 0,
  );

const IDLE: Answered = { n: 0, errors: 0, slow: 0, latency: undefined };

function look(
  state: RolloutState,
  plan: Plan,
  at: { step: number; since: number },
  minute: number,
): Ending | undefined {
  const now = minute * MINUTE_MS;
  const times = { now, startedAt: 0, stepStartedAt: at.since * MINUTE_MS };
  const { action, numbers } = decide(state, plan, { ...times, step: at.step, alarms: [], challengerFailure: null });
  if (action === 'HOLD') return undefined;
  if (action !== 'NEXT_STEP')
    return { action, minutes: minute, exposed: state.requests.challenger, weight: numbers.weight };
  at.step += 1;
  at.since = minute;
  return undefined;
}

function tickOf(id: number, step: number, { challenger, champion }: Minute): Tick {
  const share = (count: 'errors' | 'slow') => ({
    kind: 'share' as const,
    challenger: { n: challenger.n, bad: challenger[count] },
    champion: { n: champion.n, bad: champion[count] },
  });
  return {
    id,
    step,
    requests: { challenger: challenger.n, champion: champion.n },
    seen: { errors: share('errors'), latency: share('slow') },
  };
}
