import type { ReactEvent } from '../../domain/react/event.ts';
import { react } from '../../domain/react/policy.ts';
import type { Incident } from '../../domain/react/state.ts';
import { monitoringSchema, reactionsSchema } from '../../domain/watch-config.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';
import { written } from './decide.ts';
import { observe } from './observe.ts';

export interface SnoozeRequest {
  readonly incident: string;
  readonly until: string;
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
    const { incident, until, by, why, time } = request;
    const id = `snooze-${incident}-${time}`;
    const facts = await observe(registry, state, head);
    const event: ReactEvent = { kind: 'SNOOZE', id, time, facts, incident, until, by, why };
    const decided = react(state, event, SETTINGS);
    await registry.write(written(decided, event, head));
    return decided.incidents.find((changed) => changed.id === incident) ?? null;
  });
}
