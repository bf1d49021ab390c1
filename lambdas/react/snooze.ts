import type { ReactEvent } from '../../domain/react/event.ts';
import { react } from '../../domain/react/policy.ts';
import type { Incident } from '../../domain/react/state.ts';
import { monitoringSchema, reactionsSchema } from '../../domain/watch-config.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';
import { written } from './decide.ts';
import { observe } from './observe.ts';

export interface SnoozeRequest {
  readonly incident: string;
  /** How long, ms. */
  readonly length: number;
  readonly by: string;
  readonly why: string;
  readonly time: string;
}

/** A snooze decides nothing that depends on the model's settings. */
const SETTINGS = { reactions: reactionsSchema.parse({}), every: monitoringSchema.parse({}).every };

/** Silences an open incident on behalf of a person, on record; null where no such incident is open. */
export function snoozeIncident(request: SnoozeRequest, registry: Registry): Promise<Incident | null> {
  return onConflictRetry(async () => {
    const [state, head] = await Promise.all([registry.reactions(), registry.head()]);
    if (!state.open.some(({ id }) => id === request.incident)) return null;
    const { incident, length, by, why } = request;
    // A cloud whose time is skipped is ahead of whoever asks.
    const now = Math.max(Date.parse(request.time), state.time === null ? 0 : Date.parse(state.time));
    const [time, until] = [new Date(now).toISOString(), new Date(now + length).toISOString()];
    const id = `snooze-${incident}-${time}`;
    const facts = await observe(registry, state, head);
    const event: ReactEvent = { kind: 'SNOOZE', id, time, facts, incident, until, by, why };
    const decided = react(state, event, SETTINGS);
    await registry.write(written(decided, event, head));
    return decided.incidents.find((changed) => changed.id === incident) ?? null;
  });
}
