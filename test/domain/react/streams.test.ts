import { describe, expect, test } from 'vitest';
import type { Signal as SignalName } from '../../../domain/monitor/window.ts';
import { CAUSES, type Cause, type ReactEvent, type RegistryFacts } from '../../../domain/react/event.ts';
import { type Decided, type ReactionSettings, react } from '../../../domain/react/policy.ts';
import { type Act, reactionSchema } from '../../../domain/react/reaction.ts';
import { recordResult } from '../../../domain/react/result.ts';
import {
  emptyReactions,
  incidentSchema,
  type ReactionState,
  reactionStateSchema,
} from '../../../domain/react/state.ts';
import { random } from '../../../domain/statistics/random.ts';
import { at, DAY, facts, HOUR, settings, windowEvent } from '../../support/react.ts';

/**
 * Random weeks: drift that comes and goes, labels that lie or tell the truth, runs that are slow, lost, rejected or
 * promoted, people who upload, roll out and snooze, events that come twice, late or in another order.
 */

const HOURS = 24 * 18;
const WEEK_MS = 7 * DAY;

interface Step {
  readonly event: ReactEvent;
  readonly before: ReactionState;
  readonly decided: Decided;
}

interface Story {
  readonly steps: readonly Step[];
  readonly state: ReactionState;
  readonly settings: ReactionSettings;
  /** Acts as they were carried out, with their times. */
  readonly acts: readonly { act: Act; ms: number }[];
  /** Most retrainings that were under way at once. */
  readonly mostAtOnce: number;
  /** Hours during which drift was confirmed at every window. */
  readonly driftFrom: number;
}

interface Flight {
  readonly id: string;
  readonly endsAt: number;
  readonly promoted: boolean;
}

function story(seed: number): Story {
  const source = random(seed);
  const chance = (p: number) => source.uniform() < p;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(source.uniform() * values.length)] as T;
  const config = settings({
    drift: pick(['retrain', 'retrain', 'notify']),
    prediction: pick(['retrain', 'notify']),
    quality: pick(['rollback', 'rollback', 'retrain', 'notify']),
    cooldown: pick(['1 hour', '6 hours', '2 days']),
    retrainsPerWeek: pick([0, 1, 2, 3]),
  });
  let state = emptyReactions('churn');
  let [champion, previousChampion, lastVersion]: [number, number | null, number] = [2, 1, 2];
  const flights: Flight[] = [];
  let ended: RegistryFacts['retrain'] = null;
  let [rolloutUntil, trainingUntil] = [0, 0];
  const driftFrom = Math.floor(source.uniform() * HOURS * 0.9);
  const steps: Step[] = [];
  const acts: { act: Act; ms: number }[] = [];
  const sent: ReactEvent[] = [];
  let mostAtOnce = 0;

  const factsNow = (hour: number): RegistryFacts => {
    const flying = state.retrains.find(({ status }) => status === 'IN_FLIGHT');
    const [flight] = flights;
    const progress = flight && { id: flight.id, status: 'RUNNING' as const, version: null, why: null };
    return facts({
      champion,
      previousChampion,
      rollout: hour < rolloutUntil,
      training: hour < trainingUntil || (flight !== undefined && chance(0.7)),
      retrain: flying ? ([progress, ended].find((known) => known?.id === flying.id) ?? unseen(flying.id)) : null,
    });
  };

  const unseen = (id: string) => ({ id, status: 'UNSEEN' as const, version: null, why: null });

  const promote = () => {
    lastVersion += 1;
    [previousChampion, champion] = [champion, lastVersion];
  };

  const carryOut = (hour: number, event: ReactEvent, act: Act | null) => {
    const entry = state.outbox.find((waiting) => waiting.event === event.id);
    if (!entry) return;
    const time = at(hour * HOUR + 20 * 60_000);
    let status: 'DONE' | 'REFUSED' | 'FAILED' = 'DONE';
    if (act?.kind === 'RETRAIN') {
      status = chance(0.2) ? 'REFUSED' : chance(0.1) ? 'FAILED' : 'DONE';
      if (status === 'DONE') {
        flights.push({ id: act.id, endsAt: hour + 1 + Math.floor(source.uniform() * 30), promoted: chance(0.5) });
        mostAtOnce = Math.max(mostAtOnce, flights.length);
        acts.push({ act, ms: Date.parse(entry.time) });
      }
    } else if (act?.kind === 'ROLLBACK') {
      status = chance(0.1) ? 'FAILED' : 'DONE';
      acts.push({ act, ms: Date.parse(entry.time) });
      if (status === 'DONE') [champion, previousChampion] = [act.to, null];
    }
    const result = act ? { status, why: 'as it went', key: null } : null;
    state = recordResult(state, entry, { result, time, settings: config }).state;
  };

  const deliver = (hour: number, event: ReactEvent) => {
    const before = state;
    const decided = react(state, event, config);
    steps.push({ event, before, decided });
    state = decided.state;
    sent.push(event);
    // Now and then whoever should carry it out dies; the next event finds it in the outbox.
    if (!chance(0.05)) carryOut(hour, event, decided.act);
  };

  const signals = (hour: number): Partial<Record<Cause, SignalName>> => {
    const noise: SignalName[] = ['NONE', 'NONE', 'NONE', 'NONE', 'NONE', 'SUSPECT', 'INSUFFICIENT', 'ALERT_SINGLE'];
    const stormy: SignalName[] = ['ALERT', 'ALERT', 'NONE', 'ALERT_SINGLE', 'SUSPECT'];
    const storm = Math.floor(hour / 50) % 3 === seed % 3;
    return {
      drift: hour >= driftFrom ? 'ALERT' : pick(storm ? stormy : noise),
      prediction: pick(storm ? stormy : noise),
      ...(hour % 24 === 0 ? { quality: pick(storm ? stormy : noise) } : {}),
      capture: pick(['NONE', 'NONE', 'INSUFFICIENT', chance(0.02) ? 'ALERT' : 'NONE'] as const),
      'data-quality': pick(noise),
    };
  };

  for (let hour = 1; hour <= HOURS; hour += 1) {
    const [flight] = flights;
    if (flight && hour >= flight.endsAt) {
      if (flight.promoted) promote();
      const status = flight.promoted ? ('PROMOTED' as const) : ('NOT_PROMOTED' as const);
      ended = { id: flight.id, status, version: flight.promoted ? lastVersion : null, why: 'as it went' };
      flights.shift();
    }
    if (chance(0.003)) promote();
    if (chance(0.01)) rolloutUntil = hour + Math.floor(source.uniform() * 10);
    if (chance(0.01)) trainingUntil = hour + Math.floor(source.uniform() * 5);
    const window = windowEvent(hour, signals(hour), factsNow(hour));
    if (chance(0.1)) deliver(hour, { ...window, kind: 'WAKE', id: `alarm-${hour}`, facts: factsNow(hour) });
    if (!chance(0.03)) deliver(hour, { ...window, facts: factsNow(hour) });
    if (chance(0.1)) deliver(hour, { ...window, facts: factsNow(hour) });
    const old = pick(sent.length > 0 ? sent : [window]);
    if (chance(0.1)) deliver(hour, { ...old, facts: factsNow(hour) });
    const [incident] = state.open;
    if (incident && chance(0.01)) {
      deliver(hour, {
        ...windowEvent(hour, {}, factsNow(hour)),
        kind: 'SNOOZE',
        id: `snooze-${hour}`,
        incident: incident.id,
        until: at((hour + Math.ceil(source.uniform() * 48)) * HOUR),
        by: 'ada',
        why: 'known',
      });
    }
  }
  return { steps, state, settings: config, acts, mostAtOnce, driftFrom };
}

describe.each(Array.from({ length: 110 }, (_, seed) => seed))('stream %i', (seed) => {
  const told = story(seed);
  const { retrainsPerWeek, cooldown } = told.settings.reactions;
  const retrains = told.acts.filter(({ act }) => act.kind === 'RETRAIN');
  const rollbacks = told.acts.flatMap(({ act }) => (act.kind === 'ROLLBACK' ? [act.from] : []));

  test('keeps to its budget, its cooldown and one retraining at a time', () => {
    for (const { ms } of retrains) {
      const week = retrains.filter((other) => other.ms >= ms && other.ms < ms + WEEK_MS);
      expect(week.length).toBeLessThanOrEqual(retrainsPerWeek);
      expect(retrains.filter((other) => other.ms > ms && other.ms < ms + cooldown)).toEqual([]);
    }
    expect(told.mostAtOnce).toBeLessThanOrEqual(1);
  });

  test('takes no champion off twice, and none back and forth', () => {
    expect(new Set(rollbacks).size).toBe(rollbacks.length);
  });

  test('forgets no drift that stays', () => {
    const { state, driftFrom } = told;
    if (driftFrom > HOURS - 2) return;
    expect(state.open.map(({ cause }) => cause)).toContain('drift');
  });

  test('acts only on what the accumulator confirmed, and on nothing that is snoozed', () => {
    for (const { before, decided } of told.steps) {
      const { act, state } = decided;
      if (!act || decided.state === before) continue;
      const incident = state.open.find(({ id }) => id === act.incident);
      expect(incident?.confirmed).toBe(true);
      const until = state.watched[incident?.cause ?? 'drift'].snoozedUntil;
      expect(until === null || Date.parse(until) <= Date.parse(state.time ?? '')).toBe(true);
    }
  });

  test('tells nothing while it is snoozed', () => {
    for (const { decided, before } of told.steps) {
      if (decided.state === before) continue;
      for (const { cause, tell } of decided.reactions) {
        const until = decided.state.watched[cause].snoozedUntil;
        if (until !== null && Date.parse(until) > Date.parse(decided.state.time ?? '')) expect(tell).toBeNull();
      }
    }
  });

  test('has one incident per cause, and a state that can be stored', () => {
    for (const { decided } of told.steps) {
      const causes = decided.state.open.map(({ cause }) => cause);
      expect(new Set(causes).size).toBe(causes.length);
    }
    const { state, steps } = told;
    expect(reactionStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
    // An item of DynamoDB ends at 400 KB.
    expect(JSON.stringify(state).length).toBeLessThan(100_000);
    for (const { decided } of steps) {
      for (const reaction of decided.reactions) reactionSchema.parse(reaction);
      for (const incident of decided.incidents) incidentSchema.parse(incident);
    }
  });

  test('decides the same when it is replayed', () => {
    for (const { before, event, decided } of told.steps.slice(0, 300)) {
      expect(react(before, event, told.settings)).toEqual(decided);
    }
  });

  test('keeps people from storms: few messages a day, however much alerts', () => {
    const messages = told.steps.flatMap(({ decided, before }) =>
      decided.state === before ? [] : decided.reactions.filter(({ tell }) => tell !== null),
    );
    expect(messages.length / (HOURS / 24)).toBeLessThan(CAUSES.length);
  });
});
