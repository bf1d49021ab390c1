import type { Signal as SignalName } from '../../domain/monitor/window.ts';
import type { Cause, ReactEvent, RegistryFacts, Signal } from '../../domain/react/event.ts';
import { type ReactionSettings, react } from '../../domain/react/policy.ts';
import { emptyReactions, type ReactionState } from '../../domain/react/state.ts';
import { reactionsSchema } from '../../domain/watch-config.ts';

/** Builders of what the controller sees, and a controller that keeps its state. */

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const START = Date.parse('2026-11-02T00:00:00.000Z');

export const at = (ms: number) => new Date(START + ms).toISOString();

export const settings = (overrides: object = {}, every = HOUR): ReactionSettings => ({
  reactions: reactionsSchema.parse(overrides),
  every,
});

export const facts = (overrides: Partial<RegistryFacts> = {}): RegistryFacts => ({
  champion: 2,
  previousChampion: 1,
  championData: at(-30 * DAY),
  rollout: false,
  training: false,
  retrain: null,
  ...overrides,
});

export const signal = (name: SignalName, overrides: Partial<Signal> = {}): Signal => ({
  signal: name,
  version: 2,
  fresh: true,
  details: name === 'ALERT' || name === 'ALERT_SINGLE' ? ['tenure_months moved: PSI 0.31'] : [],
  ...overrides,
});

/** The window that ends `hour` hours after the start; causes by the name of their signal. */
export function windowEvent(
  hour: number,
  signals: Partial<Record<Cause, SignalName | Signal>>,
  known: Partial<RegistryFacts> = {},
): Extract<ReactEvent, { kind: 'WINDOW' }> {
  const now = facts(known);
  const id = `${at((hour - 1) * HOUR).slice(0, 16)}Z`;
  return {
    kind: 'WINDOW',
    id: `window-${id}`,
    time: at(hour * HOUR + 15 * 60_000),
    facts: now,
    window: {
      id,
      to: at(hour * HOUR),
      pageKey: `churn/windows/${id}/report.html`,
      signals: Object.fromEntries(
        Object.entries(signals).map(([cause, value]) => [
          cause,
          typeof value === 'string' ? signal(value, { version: cause === 'capture' ? null : now.champion }) : value,
        ]),
      ),
    },
  };
}

/** Feeds events one by one, as the function does with what it stored. */
export function controller(config: ReactionSettings = settings()) {
  let state: ReactionState = emptyReactions('churn');
  return {
    get state() {
      return state;
    },
    set state(next: ReactionState) {
      state = next;
    },
    see(event: ReactEvent) {
      const decided = react(state, event, config);
      state = decided.state;
      return decided;
    },
    /** Everything that was decided has been done. */
    done() {
      state = { ...state, outbox: [] };
    },
  };
}
