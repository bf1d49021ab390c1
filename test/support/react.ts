import { type Signal as SignalName, type WindowItem, windowId } from '../../domain/monitor/window.ts';
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

/** A window as the monitor leaves it, with what it says of its champion. */
export function windowItem(window: {
  from: string;
  to: string;
  champion: number;
  input?: SignalName;
  quality?: SignalName;
}): WindowItem {
  const { from, to, champion, input = 'NONE', quality } = window;
  const id = windowId(Date.parse(from));
  return {
    model: 'churn',
    id,
    from,
    to,
    status: 'OK',
    owner: 'monitor-1',
    attempt: 1,
    revision: 1,
    startedAt: to,
    endedAt: to,
    champion,
    captured: { rows: 900, objects: 1, lateObjects: 0, brokenLines: 0, brokenObjects: 0, leftOut: 0 },
    captureStopped: false,
    versions: [
      {
        version: champion,
        semver: '1.0.0',
        champion: true,
        rows: 900,
        alerts: [],
        suspects: [],
        maxPsi: 0.3,
        input,
        prediction: 'NONE',
        predictionPsi: 0,
        data: 'NONE',
        findings: 0,
        details: { input: input === 'NONE' ? [] : ['tenure_months moved: PSI 0.31'], prediction: [], data: [] },
        unjudged: null,
      },
    ],
    quality: quality
      ? {
          version: champion,
          signal: quality,
          loss: 0.2,
          limit: 0.1,
          coverage: 0.9,
          sentence: '',
          details: ['20 % of the labels are wrong, at most 10 % is fine'],
          scored: [from.slice(0, 10)],
        }
      : null,
    sentence: '',
    planKey: null,
    reportKey: null,
    pageKey: `churn/windows/${id}/report.html`,
    failure: null,
  };
}
