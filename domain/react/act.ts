import type { Draft } from './draft.ts';
import type { Cause } from './event.ts';
import type { HoldReason } from './reaction.ts';
import type { Incident, Retrain } from './state.ts';

const WEEK_MS = 7 * 86_400_000;
/** Beyond the budget's week, for the circuit breaker and for people. */
const REMEMBERED_BEYOND_BUDGET = 10;

/**
 * Days of labels that clear a champion. What goes wrong after them is not its promotion but the world, which the version
 * before it knows no better: it is trained anew instead of taken off.
 */
export const CLEARED_COHORTS = 14;

/** What is done about first: errors that labels prove, then what may lead to them. */
const ORDER: readonly Cause[] = ['quality', 'drift', 'prediction'];

/** Does at most one thing, about what is confirmed and still there; whatever is wanted besides is held with its reason. */
export function act(draft: Draft): void {
  for (const cause of ORDER) {
    const incident = draft.incident(cause);
    if (!incident?.confirmed || draft.snoozed(cause)) continue;
    const { alerting, quiet } = draft.state.watched[cause];
    if (alerting === 0 || quiet > 0) continue;
    const wanted = wantedFor(draft, cause);
    if (wanted === 'notify') continue;
    const held = wanted === 'rollback' ? rollbackHeld(draft) : retrainHeld(draft);
    if (held) hold(draft, incident, held);
    else if (wanted === 'rollback') rollBack(draft, incident);
    else retrain(draft, incident);
  }
}

function wantedFor({ state, facts, settings }: Draft, cause: Cause): 'notify' | 'retrain' | 'rollback' {
  if (cause === 'drift' || cause === 'prediction') return settings.reactions[cause];
  if (cause !== 'quality') return 'notify';
  const { quality } = settings.reactions;
  if (quality !== 'rollback') return quality;
  const { champion, previousChampion } = facts;
  const possible = champion !== null && previousChampion !== null && !state.rolledBack.includes(champion);
  return possible && state.cleared < CLEARED_COHORTS ? 'rollback' : 'retrain';
}

interface Held {
  readonly reason: HoldReason;
  readonly why: string;
}

function rollbackHeld({ act, state, facts }: Draft): Held | null {
  if (act || state.outbox.some((entry) => entry.act?.kind === 'ROLLBACK')) return OTHER_FIRST;
  return facts.rollout ? ROLLOUT : null;
}

/** In the order in which a person would ask. */
function retrainHeld({ act, state, facts, settings, now }: Draft): Held | null {
  const { cooldown, retrainsPerWeek } = settings.reactions;
  if (act || state.outbox.some((entry) => entry.act?.kind === 'ROLLBACK')) return OTHER_FIRST;
  if (facts.rollout) return ROLLOUT;
  const flying = state.retrains.find(({ status }) => status === 'IN_FLIGHT');
  if (flying) return { reason: 'RETRAIN_UNDER_WAY', why: `the retraining ${flying.id} is under way` };
  if (facts.training) return { reason: 'TRAINING', why: 'a run is under way; its data may be what is needed' };
  const failed = unhelpful(state.retrains, state.trustSince);
  if (failed) {
    const reasons = failed.map(({ id, why }) => `${id}: ${why ?? 'it goes on'}`).join('; ');
    return {
      reason: 'CIRCUIT_BREAKER',
      why: `the last two retrainings did not help (${reasons}); a person has to look`,
    };
  }
  const week = state.retrains.filter(({ at }) => now - Date.parse(at) < WEEK_MS);
  const [first] = week;
  if (week.length >= retrainsPerWeek) {
    const until = first ? `; the next may start ${iso(Date.parse(first.at) + WEEK_MS)}` : '';
    return { reason: 'BUDGET', why: `${week.length} of ${retrainsPerWeek} retrainings of a week are spent${until}` };
  }
  if (state.retrainAfter !== null && Date.parse(state.retrainAfter) > now) {
    return { reason: 'LABELS', why: `there were too few new labels; the next look is at ${state.retrainAfter}` };
  }
  const cool = state.lastActAt === null ? 0 : Date.parse(state.lastActAt) + cooldown;
  if (cool > now)
    return { reason: 'COOLDOWN', why: `something was done at ${state.lastActAt}; cooling down until ${iso(cool)}` };
  return null;
}

const OTHER_FIRST: Held = { reason: 'OTHER_FIRST', why: 'something else is done first' };
const ROLLOUT: Held = { reason: 'ROLLOUT', why: 'a rollout goes on; what it ends with is judged anew' };

/** The last two retrainings since somebody trusted them, when neither helped. */
function unhelpful(retrains: readonly Retrain[], trustSince: string | null): Retrain[] | null {
  const since = trustSince === null ? 0 : Date.parse(trustSince);
  const last = retrains.filter(({ at }) => Date.parse(at) >= since).slice(-2);
  return last.length === 2 && last.every(({ helped }) => helped === false) ? last : null;
}

function hold(draft: Draft, incident: Incident, { reason, why }: Held): void {
  const again = incident.held?.reason === reason ? incident.held : null;
  const looks = (again?.looks ?? 0) + (draft.event.kind === 'WINDOW' ? 1 : 0);
  incident.held = { reason, since: again?.since ?? draft.time, looks, why };
  draft.touch(incident, again ? undefined : `held: ${why}`);
  draft.decide({
    kind: 'HOLD',
    cause: incident.cause,
    incident: incident.id,
    why,
    hold: reason,
    tell: reason === 'CIRCUIT_BREAKER' && !again ? 'critical' : null,
    news: !again,
  });
}

function retrain(draft: Draft, incident: Incident): void {
  const { state, facts, settings } = draft;
  const { cause } = incident;
  const before = state.retrains.filter((entry) => entry.incident === incident.id).length;
  const id = `${incident.id}-r${before + 1}-${state.revision + 1}`;
  const entry: Retrain = {
    id,
    cause,
    incident: incident.id,
    at: draft.time,
    status: 'IN_FLIGHT',
    key: null,
    version: null,
    helped: null,
    why: null,
  };
  state.retrains = [...state.retrains, entry].slice(-(settings.reactions.retrainsPerWeek + REMEMBERED_BEYOND_BUDGET));
  state.lastActAt = draft.time;
  state.retrainAfter = null;
  draft.act = { kind: 'RETRAIN', id, incident: incident.id, since: facts.championData };
  const why = `a challenger is trained on what came since (${incident.details[0] ?? cause}); it must still win`;
  // Where there were too few labels it is only tried again, which is no news until there are enough.
  draft.touch(incident, incident.held?.reason === 'LABELS' ? undefined : why);
  draft.decide({ kind: 'RETRAIN', cause, incident: incident.id, why, hold: null, tell: null, news: true });
}

function rollBack(draft: Draft, incident: Incident): void {
  const { state, facts } = draft;
  const { champion: from, previousChampion: to } = facts;
  if (from === null || to === null) return;
  const why = `version ${to} serves again instead of ${from}: ${incident.details[0] ?? 'labels show more errors'}`;
  state.rolledBack = [...state.rolledBack, from];
  state.lastActAt = draft.time;
  for (const entry of state.retrains) {
    if (entry.version === from) Object.assign(entry, { helped: false, why: `version ${from} was rolled back` });
  }
  draft.act = { kind: 'ROLLBACK', incident: incident.id, from, to, why };
  incident.held = null;
  draft.touch(incident, why);
  draft.decide({
    kind: 'ROLLBACK',
    cause: 'quality',
    incident: incident.id,
    why,
    hold: null,
    tell: null,
    news: true,
  });
}

const iso = (ms: number) => new Date(ms).toISOString();
