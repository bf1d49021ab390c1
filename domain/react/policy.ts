import type { ReactionsConfig } from '../watch-config.ts';
import { act } from './act.ts';
import { Draft } from './draft.ts';
import { escalate } from './escalate.ts';
import type { ReactEvent } from './event.ts';
import { takeIn } from './evidence.ts';
import { followRetrain } from './progress.ts';
import type { Act, Reaction } from './reaction.ts';
import { snooze } from './snooze.ts';
import type { Incident, ReactionState } from './state.ts';
import { succeed } from './succession.ts';

export interface ReactionSettings {
  readonly reactions: ReactionsConfig;
  /** Length of a window, ms. */
  readonly every: number;
}

export interface Decided {
  readonly state: ReactionState;
  readonly reactions: Reaction[];
  /** Those that are not as they were. */
  readonly incidents: Incident[];
  /** The one thing that is done now. */
  readonly act: Act | null;
}

/**
 * What is done about what was seen. Pure: the time is in the event, and an event that comes twice, or a window that comes
 * late, changes nothing. Alarms only tell that they changed; here every window tells again what still is wrong.
 */
export function react(state: ReactionState, event: ReactEvent, settings: ReactionSettings): Decided {
  const known = state.outbox.find((entry) => entry.event === event.id);
  if (known || state.seen.includes(event.id)) {
    return { state, reactions: known?.reactions ?? [], incidents: [], act: known?.act ?? null };
  }
  const draft = new Draft(state, event, settings);
  followRetrain(draft);
  succeed(draft);
  takeIn(draft);
  snooze(draft);
  if (event.kind !== 'SNOOZE') {
    act(draft);
    escalate(draft);
  }
  return draft.finish();
}
