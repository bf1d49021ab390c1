import type { Draft } from './draft.ts';
import type { HoldReason } from './reaction.ts';
import type { Incident } from './state.ts';

const DAY_MS = 86_400_000;
/** After it, an open incident is somebody's business. */
const ESCALATE_MS = DAY_MS;
const REMIND_MS = 7 * DAY_MS;
/** Looks at which the same thing kept what is wanted from being done. */
const HELD_LOOKS = 12;

/** What holds on because something is under way will end by itself. */
const UNDER_WAY: ReadonlySet<HoldReason> = new Set(['ROLLOUT', 'RETRAIN_UNDER_WAY', 'TRAINING', 'OTHER_FIRST']);

/** Tells people again, and louder, of what goes on too long: after a day, then every week. */
export function escalate(draft: Draft): void {
  const { state } = draft;
  for (const incident of state.open) {
    if (draft.snoozed(incident.cause) || state.watched[incident.cause].quiet > 0) continue;
    const why = reason(incident, draft.now);
    if (why === null) continue;
    incident.escalatedAt = draft.time;
    draft.touch(incident, `escalated: ${why}`);
    const { id, cause } = incident;
    draft.decide({ kind: 'NOTIFY', cause, incident: id, why, hold: null, tell: 'critical', news: true });
  }
}

function reason({ openedAt, escalatedAt, held }: Incident, now: number): string | null {
  if (escalatedAt !== null) {
    return now - Date.parse(escalatedAt) >= REMIND_MS ? `it goes on since ${minutes(openedAt)}` : null;
  }
  if (now - Date.parse(openedAt) >= ESCALATE_MS) return `it goes on since ${minutes(openedAt)}`;
  const stuck = held !== null && held.looks >= HELD_LOOKS && !UNDER_WAY.has(held.reason);
  return stuck ? `nothing was done about it since ${minutes(held.since)}: ${held.why}` : null;
}

const minutes = (iso: string) => `${iso.slice(0, 16).replace('T', ' ')} UTC`;
