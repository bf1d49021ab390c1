import type { ReactionSettings } from './policy.ts';
import type { Act, ActResult, Reaction } from './reaction.ts';
import { type Incident, LONGEST_STORY, type OutboxEntry, type ReactionState } from './state.ts';

export interface Recorded {
  readonly state: ReactionState;
  /** That of the act, where it is still open. */
  readonly incidents: Incident[];
  /** What came of the act, which is what people are told: the decision alone has changed nothing yet. */
  readonly reactions: Reaction[];
}

/** Takes an entry out of the outbox, with what came of its act. Repeating it changes nothing. */
export function recordResult(
  before: ReactionState,
  entry: OutboxEntry,
  { result, time, settings }: { result: ActResult | null; time: string; settings: ReactionSettings },
): Recorded {
  if (!before.outbox.some(({ event }) => event === entry.event)) {
    return { state: before, incidents: [], reactions: [] };
  }
  const state = structuredClone(before);
  state.outbox = state.outbox.filter(({ event }) => event !== entry.event);
  state.revision += 1;
  const { act } = entry;
  if (!act || !result) return { state, incidents: [], reactions: [] };
  const incident = state.open.find(({ id }) => id === act.incident) ?? null;
  const what = OUTCOME[result.status](act, result);
  const again = result.status === 'REFUSED' && incident?.held?.reason === 'LABELS';
  if (incident) note(incident, { what, again, result, time });
  if (act.kind === 'RETRAIN') settleRetrain(state, act.id, { result, time, settings });
  const decided = entry.reactions.find(({ kind }) => kind === act.kind)?.why ?? '';
  const reaction: Reaction = {
    kind: result.status === 'DONE' ? act.kind : 'NOTIFY',
    cause: incident?.cause ?? 'quality',
    incident: act.incident,
    why: result.status === 'DONE' ? `${decided}; ${result.why}` : what,
    hold: null,
    tell: again ? null : result.status === 'FAILED' || act.kind === 'ROLLBACK' ? 'critical' : 'warning',
    news: true,
  };
  return { state, incidents: incident ? [incident] : [], reactions: [reaction] };
}

/** What came of it, in the incident's story; that there still are too few labels is not told twice. */
function note(
  incident: Incident,
  { what, again, result, time }: { what: string; again: boolean; result: ActResult; time: string },
): void {
  if (!again) incident.story = [...incident.story, { time, what }].slice(-LONGEST_STORY);
  if (result.status !== 'REFUSED') incident.held = null;
  else if (again && incident.held) incident.held = { ...incident.held, why: result.why };
  else incident.held = { reason: 'LABELS', since: time, looks: 0, why: result.why };
}

function settleRetrain(
  state: ReactionState,
  id: string,
  { result, time, settings }: { result: ActResult; time: string; settings: ReactionSettings },
): void {
  const retrain = state.retrains.find((entry) => entry.id === id);
  if (!retrain) return;
  if (result.status === 'DONE') {
    retrain.key = result.key;
  } else if (result.status === 'FAILED') {
    Object.assign(retrain, { status: 'NOT_PROMOTED', helped: false, why: result.why });
  } else {
    // Nothing was trained: neither the budget nor the circuit breaker counts it.
    state.retrains = state.retrains.filter((entry) => entry.id !== id);
    state.retrainAfter = new Date(Date.parse(time) + settings.reactions.cooldown).toISOString();
  }
}

const NAMES: Record<Act['kind'], string> = { RETRAIN: 'the retraining', ROLLBACK: 'the rollback' };

const OUTCOME: Record<ActResult['status'], (act: Act, result: ActResult) => string> = {
  DONE: (act, { why }) => `${NAMES[act.kind]} was started: ${why}`,
  REFUSED: (act, { why }) => `${NAMES[act.kind]} was not possible: ${why}`,
  FAILED: (act, { why }) => `${NAMES[act.kind]} failed: ${why}`,
};
