import type { Draft } from './draft.ts';

/** The hourly reconciliation finds an upload that was not announced; what it has not found in a day does not exist. */
const NEVER_SEEN_MS = 86_400_000;

/** Takes in what became of the retraining that is in flight. */
export function followRetrain(draft: Draft): void {
  const { state, facts, now } = draft;
  const retrain = state.retrains.find(({ status }) => status === 'IN_FLIGHT');
  const progress = facts.retrain;
  if (!retrain || progress?.id !== retrain.id) return;
  retrain.version = progress.version ?? retrain.version;
  if (progress.status === 'PROMOTED') {
    retrain.status = 'PROMOTED';
  } else if (progress.status === 'NOT_PROMOTED') {
    Object.assign(retrain, { status: 'NOT_PROMOTED', helped: false, why: progress.why });
  } else if (progress.status === 'REPEATED') {
    // Nothing was trained: neither the budget nor the circuit breaker counts it.
    state.retrains = state.retrains.filter(({ id }) => id !== retrain.id);
    state.retrainAfter = new Date(now + draft.settings.reactions.cooldown).toISOString();
  } else if (progress.status === 'UNSEEN' && now - Date.parse(retrain.at) > NEVER_SEEN_MS) {
    Object.assign(retrain, { status: 'NOT_PROMOTED', helped: false, why: 'its data was never taken in' });
    draft.forget((act) => act.kind === 'RETRAIN' && act.id === retrain.id);
  }
}
