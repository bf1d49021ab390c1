import { counted, listed } from '../wording.ts';
import type { Needed, RolloutDecision, RolloutFacts } from './decision.ts';
import type { RolloutState, Watched } from './evidence.ts';
import { armsOf, natsPerRequest } from './pace.ts';
import { championRate } from './share-evidence.ts';
import { evidenceToReach, type Plan, type Step } from './strategy.ts';
import { showComparison, showDuration, showEvidence, showWeight } from './wording.ts';

type Finding = Pick<RolloutDecision, 'action' | 'cause' | 'why'>;

/**
 * What to do now. May be asked as often as one likes: the error rates hold for every number of looks. Nothing is promoted
 * because time passed, or because nobody came.
 */
export function decide(state: RolloutState, plan: Plan, facts: RolloutFacts): RolloutDecision {
  const step = plan.steps[facts.step];
  if (plan.steps.length > 0 && !step) throw new RangeError(`the plan has no step ${facts.step}`);
  const last = facts.step >= plan.steps.length - 1;
  const look: Look = {
    state,
    plan,
    facts,
    step,
    move: last ? 'PROMOTE' : 'NEXT_STEP',
    evidence: evidenceToReach(plan.steps[facts.step + 1]?.weight ?? 100, plan.alpha),
    harm: state.watched.length / plan.beta,
  };
  const finding = stopped(look) ?? harmed(look) ?? uncompared(look) ?? moved(look) ?? waiting(look);
  return { ...finding, numbers: numbersOf(look), needed: finding.action === 'HOLD' ? neededOf(look) : null };
}

interface Look {
  readonly state: RolloutState;
  readonly plan: Plan;
  readonly facts: RolloutFacts;
  /** Undefined when all traffic moves at once. */
  readonly step: Step | undefined;
  readonly move: 'NEXT_STEP' | 'PROMOTE';
  readonly evidence: number;
  readonly harm: number;
}

function stopped({ facts }: Look): Finding | undefined {
  if (facts.challengerFailure !== null)
    return {
      action: 'ROLLBACK',
      cause: 'CHALLENGER_FAILED',
      why: `The challenger does not work: ${facts.challengerFailure}.`,
    };
  if (facts.alarms.length === 0) return undefined;
  const names = listed(facts.alarms.map((name) => `"${name}"`));
  const why = facts.alarms.length === 1 ? `The alarm ${names} is on.` : `The alarms ${names} are on.`;
  return { action: 'ROLLBACK', cause: 'ALARM', why };
}

function harmed({ state, harm }: Look): Finding | undefined {
  const worse = state.watched.filter(({ evidence }) => evidence.lnHarm >= Math.log(harm));
  if (worse.length === 0) return undefined;
  const told = worse.map(
    (watched) => `${showComparison(watched)}, evidence of harm ${showEvidence(watched.evidence.lnHarm)}`,
  );
  return {
    action: 'ROLLBACK',
    cause: 'HARM',
    why: `Worse than the champion: ${told.join('; ')} (${harm} was enough).`,
  };
}

/** Strategies without a comparison say so; alarms were their guard. */
function uncompared(look: Look): Finding | undefined {
  const { plan, step } = look;
  if (plan.compared || (step && (bakeLeft(look) > 0 || !sawTraffic(look)))) return undefined;
  const baked = step ? `${showDuration(step.bakeMs)} of baking without an alarm` : 'nothing asked for';
  return {
    action: 'PROMOTE',
    cause: 'UNCOMPARED',
    why: `All traffic at once, after ${baked}; nothing was compared side by side.`,
  };
}

function moved(look: Look): Finding | undefined {
  const { plan, facts, move } = look;
  const ready = plan.compared && bakeLeft(look) <= 0 && sawTraffic(look) && proven(look);
  if (ready && move === 'PROMOTE') {
    if (plan.promotion === 'promote') return { action: 'PROMOTE', cause: 'SAFE', why: safe(look) };
    return { action: 'HOLD', cause: 'ASK', why: `${safe(look)} As configured, a person decides.` };
  }
  const timeIsOut = facts.now - facts.startedAt >= plan.limit.ms;
  const exposed = look.state.requests.challenger;
  if (timeIsOut || (plan.limit.requests !== null && exposed >= plan.limit.requests)) return limited(look);
  return ready ? { action: 'NEXT_STEP', cause: 'SAFE', why: safe(look) } : undefined;
}

const LIMIT_FINDINGS = {
  rollback: ['ROLLBACK', 'LIMIT', 'it is rolled back'],
  hold: ['HOLD', 'LIMIT', 'it stays as it is'],
  ask: ['HOLD', 'ASK', 'a person has to decide'],
} as const;

function limited(look: Look): Finding {
  const { plan, facts, state } = look;
  const [action, cause, told] = LIMIT_FINDINGS[plan.limit.end];
  const spent = `${showDuration(facts.now - facts.startedAt)} and ${counted(state.requests.challenger, 'request')} to the challenger`;
  return { action, cause, why: `Undecided after ${spent}: ${doubt(look)}. As configured, ${told}.` };
}

function waiting(look: Look): Finding {
  const { facts, plan, step } = look;
  const where = `step ${facts.step + 1} of ${plan.steps.length}${step ? `, ${showWeight(step)}` : ''}`;
  if (!sawTraffic(look))
    return {
      action: 'HOLD',
      cause: 'NO_TRAFFIC',
      why: `No request to the challenger in ${where}; silence is no evidence.`,
    };
  const left = bakeLeft(look);
  if (left > 0)
    return { action: 'HOLD', cause: 'BAKING', why: `${capitalized(where)}, bakes for another ${showDuration(left)}.` };
  return { action: 'HOLD', cause: 'EVIDENCE', why: `${capitalized(where)}: ${doubt(look)}.` };
}

/** Required guardrails whose evidence is not enough for the next move. */
const lacking = ({ state, evidence }: Look): Watched[] =>
  required(state).filter((watched) => watched.evidence.lnSafe < Math.log(evidence));

/** Without a guardrail that could speak for the challenger there is nothing to wait for, and no promotion either. */
const proven = (look: Look) => required(look.state).length > 0 && lacking(look).length === 0;

const required = (state: RolloutState) => state.watched.filter(({ guardrail }) => guardrail.required);

const bakeLeft = ({ facts, step }: Look) => (step ? step.bakeMs - (facts.now - facts.stepStartedAt) : 0);

const sawTraffic = ({ state, facts }: Look) => state.step.index === facts.step && state.step.requests.challenger > 0;

function doubt(look: Look): string {
  if (!sawTraffic(look)) return 'the challenger has answered no request in this step';
  const missing = lacking(look).map(({ guardrail, evidence }) => `${guardrail.name} ${showEvidence(evidence.lnSafe)}`);
  if (missing.length > 0) return `evidence that it does no harm is ${listed(missing)}, ${look.evidence} is needed`;
  return required(look.state).length > 0 ? 'its steps are not done' : 'no guardrail can speak for the challenger';
}

function safe({ state, move, evidence, plan, facts }: Look): string {
  const told = required(state).map(
    (watched) => `${showComparison(watched)}, evidence ${showEvidence(watched.evidence.lnSafe)}`,
  );
  const next = plan.steps[facts.step + 1];
  const lead = move === 'PROMOTE' ? 'No harm that matters' : `Safe enough for ${next ? showWeight(next) : 'more'}`;
  return `${lead}: ${told.join('; ')} (${evidence} was needed).`;
}

function numbersOf({ state, plan, facts, step, evidence, harm }: Look): RolloutDecision['numbers'] {
  return {
    step: facts.step,
    weight: step?.weight ?? 100,
    elapsedMs: facts.now - facts.startedAt,
    requests: state.requests,
    toMoveOn: plan.compared ? evidence : null,
    toRollBack: plan.compared ? harm : null,
    guardrails: state.watched.map(({ guardrail: { name, required: needed }, evidence: found }) => ({
      name,
      required: needed,
      lnSafe: found.lnSafe,
      lnHarm: found.lnHarm,
      challenger: found.kind === 'share' ? found.challenger : null,
      champion: found.kind === 'share' ? found.champion : null,
    })),
  };
}

function neededOf(look: Look): Needed {
  const { state, facts, step, move, evidence } = look;
  const missing = lacking(look);
  const live = missing.map(({ guardrail, evidence: found }) => {
    const base = found.kind === 'share' && guardrail.kind === 'share' ? championRate(found, guardrail.prior) : 0;
    const pace = step ? natsPerRequest(guardrail, step, base) : 0;
    return pace ? Math.max(0, Math.log(evidence) - found.lnSafe) / pace : null;
  });
  const most = live.includes(null) ? null : Math.max(0, ...live.map((requests) => requests ?? 0));
  const share = step ? armsOf(step).challenger : 0;
  const requests = most === null ? null : Math.ceil(most * share);
  const [seen, elapsed] = [state.step.requests.challenger, facts.now - facts.stepStartedAt];
  const pace = sawTraffic(look) && elapsed > 0 ? seen / elapsed : 0;
  const bakeMs = Math.max(0, bakeLeft(look));
  const ms = requests === null || pace === 0 ? null : Math.max(bakeMs, requests / pace);
  return { action: move, evidence, bakeMs, requests, ms, guardrails: missing.map(({ guardrail }) => guardrail.name) };
}

const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
