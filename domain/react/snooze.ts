import type { Draft } from './draft.ts';

/** A person wants silence about an incident, and that nothing is done by itself; or that silence has ended. */
export function snooze(draft: Draft): void {
  const { event, state } = draft;
  if (event.kind === 'SNOOZE') {
    const incident = state.open.find(({ id }) => id === event.incident);
    if (!incident) return;
    const until = new Date(event.until).toISOString();
    const why = `snoozed by ${event.by} until ${until}: ${event.why}`;
    state.watched[incident.cause].snoozedUntil = until;
    incident.snoozedUntil = until;
    draft.touch(incident, why);
    draft.decide({
      kind: 'HOLD',
      cause: incident.cause,
      incident: incident.id,
      why,
      hold: null,
      tell: null,
      news: true,
    });
    return;
  }
  for (const incident of state.open) {
    if (incident.snoozedUntil === null || draft.snoozed(incident.cause)) continue;
    incident.snoozedUntil = null;
    state.watched[incident.cause].snoozedUntil = null;
    draft.touch(incident, 'the snooze is over');
    if (state.watched[incident.cause].quiet > 0) continue;
    const why = `the snooze is over, and it goes on: ${incident.details[0] ?? incident.cause}`;
    draft.decide({
      kind: 'NOTIFY',
      cause: incident.cause,
      incident: incident.id,
      why,
      hold: null,
      tell: 'warning',
      news: true,
    });
  }
}
