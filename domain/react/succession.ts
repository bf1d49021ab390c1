import type { Draft } from './draft.ts';
import type { Cause } from './event.ts';

/** What is said of a champion, and not of whoever calls the model. */
const OF_THE_CHAMPION: readonly Cause[] = ['drift', 'prediction', 'quality', 'data-quality'];

/** Another version serves: what was held against the one before does not count against it. */
export function succeed(draft: Draft): void {
  const { state, facts, time } = draft;
  const [before, champion] = [state.champion, facts.champion];
  state.champion = champion;
  if (before === null || before === champion) return;

  state.cleared = 0;
  for (const cause of OF_THE_CHAMPION) {
    const { snoozedUntil } = state.watched[cause];
    state.watched[cause] = { alerting: 0, quiet: 0, told: false, last: null, snoozedUntil };
  }
  const byItself = state.rolledBack.includes(before) || state.retrains.some(({ version }) => version === champion);
  if (!byItself) state.trustSince = time;

  const quality = draft.incident('quality');
  if (quality) {
    const resolution = `version ${champion ?? 'none'} serves instead of ${before}`;
    draft.close(quality, resolution);
    draft.decide({
      kind: 'NOTIFY',
      cause: 'quality',
      incident: quality.id,
      why: resolution,
      hold: null,
      tell: null,
      news: true,
    });
  }
  for (const incident of state.open) {
    if (!OF_THE_CHAMPION.includes(incident.cause)) continue;
    Object.assign(incident, { confirmed: false, champion, held: null });
    draft.touch(incident, `version ${champion ?? 'none'} serves now, and is judged anew`);
  }
}
