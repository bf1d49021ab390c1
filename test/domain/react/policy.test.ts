import { describe, expect, test } from 'vitest';
import type { Reaction } from '../../../domain/react/reaction.ts';
import { recordResult } from '../../../domain/react/result.ts';
import { at, controller, DAY, HOUR, settings, signal, windowEvent } from '../../support/react.ts';

const kinds = (reactions: readonly Reaction[]) => reactions.map(({ kind, hold, tell }) => hold ?? `${kind} ${tell}`);

describe('evidence', () => {
  test('one odd window tells people once and opens nothing', () => {
    const { see, state } = controller(settings({ drift: 'retrain' }));
    const first = see(windowEvent(1, { drift: 'ALERT_SINGLE' }));
    expect(kinds(first.reactions)).toEqual(['NOTIFY notice']);
    expect(first.act).toBeNull();
    const second = see(windowEvent(2, { drift: 'ALERT_SINGLE' }));
    expect(second.reactions).toEqual([]);
    expect(state.open).toEqual([]);
  });

  test('three odd windows in a row open an incident, and do nothing by themselves', () => {
    const it = controller(settings({ drift: 'retrain' }));
    for (const hour of [1, 2]) it.see(windowEvent(hour, { drift: 'ALERT_SINGLE' }));
    const { incidents, act } = it.see(windowEvent(3, { drift: 'ALERT_SINGLE' }));
    expect(incidents).toMatchObject([{ id: 'drift-20261102T0200Z', status: 'OPEN', confirmed: false }]);
    expect(act).toBeNull();
    expect(it.see(windowEvent(4, { drift: 'ALERT_SINGLE' })).act).toBeNull();
  });

  test('the accumulator opens one at once, and what is configured is done', () => {
    const told = controller().see(windowEvent(1, { drift: 'ALERT' }));
    expect(kinds(told.reactions)).toEqual(['NOTIFY warning']);
    const retrained = controller(settings({ drift: 'retrain' })).see(windowEvent(1, { drift: 'ALERT' }));
    expect(kinds(retrained.reactions)).toEqual(['NOTIFY warning', 'RETRAIN null']);
    expect(retrained.act).toMatchObject({ kind: 'RETRAIN', incident: 'drift-20261102T0000Z', since: at(-30 * DAY) });
  });

  test('closes after a day of quiet windows, and one that says something starts the count anew', () => {
    const it = controller();
    it.see(windowEvent(1, { drift: 'ALERT' }));
    for (let hour = 2; hour < 25; hour += 1) it.see(windowEvent(hour, { drift: 'NONE' }));
    it.see(windowEvent(25, { drift: 'SUSPECT' }));
    for (let hour = 26; hour < 49; hour += 1) it.see(windowEvent(hour, { drift: 'NONE' }));
    expect(it.state.open).toHaveLength(1);
    const { reactions, incidents } = it.see(windowEvent(49, { drift: 'NONE' }));
    expect(incidents).toMatchObject([{ status: 'CLOSED', resolution: 'quiet for 24 windows' }]);
    expect(kinds(reactions)).toEqual(['NOTIFY notice']);
  });

  test('of too few rows counts neither way', () => {
    const it = controller();
    it.see(windowEvent(1, { drift: 'ALERT' }));
    for (let hour = 2; hour < 60; hour += 1) it.see(windowEvent(hour, { drift: 'INSUFFICIENT' }));
    expect(it.state.open).toHaveLength(1);
  });

  test('of an earlier champion counts for nothing', () => {
    const { see } = controller(settings({ drift: 'retrain' }));
    expect(see(windowEvent(1, { drift: signal('ALERT', { version: 1 }) })).reactions).toEqual([]);
  });

  test('there is one incident per cause, however many windows tell of it', () => {
    const it = controller();
    for (let hour = 1; hour < 20; hour += 1) it.see(windowEvent(hour, { drift: 'ALERT', prediction: 'ALERT' }));
    expect(it.state.open.map(({ cause }) => cause)).toEqual(['drift', 'prediction']);
  });
});

describe('events', () => {
  test('that come twice change nothing, and tell the same again', () => {
    const it = controller(settings({ drift: 'retrain' }));
    const once = it.see(windowEvent(1, { drift: 'ALERT' }));
    const again = it.see(windowEvent(1, { drift: 'ALERT' }));
    expect(again.state).toEqual(once.state);
    expect(again.act).toEqual(once.act);
    it.done();
    expect(it.see(windowEvent(1, { drift: 'ALERT' })).act).toBeNull();
  });

  test('windows that come late are not counted', () => {
    const it = controller();
    it.see(windowEvent(5, { drift: 'NONE' }));
    expect(it.see(windowEvent(4, { drift: 'ALERT' })).reactions).toEqual([]);
  });

  test('an alarm looks at the last window, whether or not that was seen already', () => {
    const window = windowEvent(1, { drift: 'ALERT' });
    const it = controller(settings({ drift: 'retrain' }));
    const woken = it.see({ ...window, kind: 'WAKE', id: 'alarm-1' });
    expect(woken.act?.kind).toBe('RETRAIN');
    it.done();
    expect(it.see(window).act).toBeNull();
    expect(it.state.open).toHaveLength(1);
  });
});

describe('retraining', () => {
  const flying = { id: 'drift-20261102T0000Z-r1-1', version: null, why: null };

  test('is never done twice at once, and drift is not forgotten meanwhile', () => {
    const it = controller(settings({ drift: 'retrain', cooldown: '1 hour' }));
    it.see(windowEvent(1, { drift: 'ALERT' }));
    expect(it.state.retrains[0]?.id).toBe(flying.id);
    it.done();
    const held = it.see(windowEvent(5, { drift: 'ALERT' }, { retrain: { ...flying, status: 'RUNNING' } }));
    expect(kinds(held.reactions)).toEqual(['RETRAIN_UNDER_WAY']);
    const ended = { ...flying, status: 'NOT_PROMOTED', why: 'rejected by its gates' } as const;
    expect(it.see(windowEvent(6, { drift: 'ALERT' }, { retrain: ended })).act?.kind).toBe('RETRAIN');
  });

  test.each([
    ['ROLLOUT', { rollout: true }],
    ['TRAINING', { training: true }],
  ] as const)('waits for a %s', (hold, known) => {
    const it = controller(settings({ drift: 'retrain' }));
    expect(it.see(windowEvent(1, { drift: 'ALERT' }, known)).reactions.at(-1)).toMatchObject({ kind: 'HOLD', hold });
    expect(it.see(windowEvent(2, { drift: 'ALERT' })).act?.kind).toBe('RETRAIN');
  });

  test('cools down', () => {
    const it = controller(settings({ drift: 'retrain', cooldown: '6 hours' }));
    it.see(windowEvent(1, { drift: 'ALERT' }));
    it.done();
    const ended = { ...flying, status: 'NOT_PROMOTED' } as const;
    expect(it.see(windowEvent(6, { drift: 'ALERT' }, { retrain: ended })).reactions.at(-1)?.hold).toBe('COOLDOWN');
    expect(it.see(windowEvent(7, { drift: 'ALERT' })).act?.kind).toBe('RETRAIN');
  });

  test('has a budget for any seven days', () => {
    const it = controller(settings({ drift: 'retrain', cooldown: '1 hour', retrainsPerWeek: 1 }));
    it.see(windowEvent(1, { drift: 'ALERT' }));
    it.done();
    const ended = { ...flying, status: 'NOT_PROMOTED' } as const;
    const held = it.see(windowEvent(3, { drift: 'ALERT' }, { retrain: ended })).reactions.at(-1);
    expect(held?.why).toBe('1 of 1 retrainings of a week are spent; the next may start 2026-11-09T01:15:00.000Z');
    for (let hour = 4; hour < 169; hour += 1) expect(it.see(windowEvent(hour, { drift: 'ALERT' })).act).toBeNull();
    expect(it.see(windowEvent(169, { drift: 'ALERT' })).act?.kind).toBe('RETRAIN');
  });

  test('stops when the last two did not help, and asks a person once', () => {
    const it = controller(settings({ drift: 'retrain', cooldown: '1 hour', retrainsPerWeek: 20 }));
    for (const hour of [1, 3]) {
      it.see(windowEvent(hour, { drift: 'ALERT' }));
      it.done();
      const id = it.state.retrains.at(-1)?.id ?? '';
      const why = 'rejected by its gates';
      it.see(windowEvent(hour + 1, { drift: 'ALERT' }, { retrain: { id, status: 'NOT_PROMOTED', version: 3, why } }));
    }
    const asked = it.see(windowEvent(5, { drift: 'ALERT' }));
    expect(asked.act).toBeNull();
    expect(it.state.open[0]?.story.filter(({ what }) => what.includes('did not help'))).toHaveLength(1);
    expect(it.state.open[0]?.held?.why).toBe(
      'the last two retrainings did not help (drift-20261102T0000Z-r1-1: rejected by its gates; drift-20261102T0000Z-r2-2: rejected by its gates); a person has to look',
    );
    const person = it.see(windowEvent(6, { drift: 'ALERT' }, { champion: 7, previousChampion: 2 }));
    expect(person.act?.kind).toBe('RETRAIN');
  });

  test('counts as no help when its version serves and the drift goes on', () => {
    const it = controller(settings({ drift: 'retrain', cooldown: '1 hour' }));
    it.see(windowEvent(1, { drift: 'ALERT' }));
    it.done();
    const promoted = { ...flying, status: 'PROMOTED', version: 3 } as const;
    it.see(windowEvent(3, { drift: 'NONE' }, { champion: 3, previousChampion: 2, retrain: promoted }));
    expect(it.state.retrains[0]).toMatchObject({ status: 'PROMOTED', helped: null });
    it.see(windowEvent(4, { drift: 'ALERT' }, { champion: 3, previousChampion: 2 }));
    expect(it.state.retrains[0]).toMatchObject({ helped: false, why: 'version 3 serves, and it goes on' });
  });

  test('with too few labels costs nothing of the budget, and is tried again after the cooldown', () => {
    const config = settings({ drift: 'retrain', retrainsPerWeek: 1 });
    const it = controller(config);
    it.see(windowEvent(1, { drift: 'ALERT' }));
    const [entry] = it.state.outbox;
    if (!entry) throw new Error('nothing in the outbox');
    const result = { status: 'REFUSED', why: '120 of 500 labels', key: null } as const;
    const recorded = recordResult(it.state, entry, { result, time: at(HOUR), settings: config });
    expect(recorded.reactions).toMatchObject([
      { kind: 'NOTIFY', why: 'the retraining was not possible: 120 of 500 labels', tell: 'warning' },
    ]);
    it.state = recorded.state;
    expect(it.state.retrains).toEqual([]);
    expect(it.see(windowEvent(6, { drift: 'ALERT' })).act).toBeNull();
    expect(it.see(windowEvent(8, { drift: 'ALERT' })).act?.kind).toBe('RETRAIN');
  });
});

test('a retraining on the very data of an earlier one counts for nothing, and waits for new labels', () => {
  const it = controller(settings({ drift: 'retrain', cooldown: '6 hours', retrainsPerWeek: 2 }));
  it.see(windowEvent(1, { drift: 'ALERT' }));
  it.done();
  const id = it.state.retrains[0]?.id ?? '';
  const repeated = { id, status: 'REPEATED', version: null, why: 'duplicate' } as const;
  const held = it.see(windowEvent(7, { drift: 'ALERT' }, { retrain: repeated }));
  expect(held.reactions.at(-1)).toMatchObject({ kind: 'HOLD', hold: 'LABELS' });
  expect(it.state.retrains).toEqual([]);
  expect(it.see(windowEvent(12, { drift: 'ALERT' })).act).toBeNull();
  expect(it.see(windowEvent(14, { drift: 'ALERT' })).act?.kind).toBe('RETRAIN');
});

describe('quality', () => {
  test('goes back to the previous champion, once; then there is a new incident', () => {
    const it = controller();
    const lost = it.see(windowEvent(1, { quality: 'ALERT' }));
    expect(lost.act).toMatchObject({ kind: 'ROLLBACK', from: 2, to: 1 });
    expect(it.see(windowEvent(2, { quality: 'ALERT' })).act).toBeNull();
    it.done();
    const after = { champion: 1, previousChampion: null };
    const closed = it.see(windowEvent(3, { quality: 'INSUFFICIENT' }, after));
    expect(closed.incidents).toMatchObject([{ status: 'CLOSED', resolution: 'version 1 serves instead of 2' }]);
    const again = it.see(windowEvent(30, { quality: 'ALERT' }, after));
    expect(again.incidents[0]).toMatchObject({ id: 'quality-20261103T0500Z', status: 'OPEN' });
    expect(again.act?.kind).toBe('RETRAIN');
    it.done();
    // A person brings the version back that was taken off: it is not taken off by itself a second time.
    const brought = it.see(windowEvent(60, { quality: 'ALERT' }, { champion: 2, previousChampion: 1 }));
    expect(brought.act?.kind).not.toBe('ROLLBACK');
  });

  test('retrains where labels had cleared the champion: the version before knows the new world no better', () => {
    const it = controller();
    for (let day = 1; day <= 14; day += 1) it.see(windowEvent(24 * day, { quality: 'NONE' }));
    expect(it.see(windowEvent(24 * 15, { quality: 'ALERT' })).act?.kind).toBe('RETRAIN');
  });

  test('comes before drift when both want something', () => {
    const { see } = controller(settings({ drift: 'retrain' }));
    const both = see(windowEvent(1, { drift: 'ALERT', quality: 'ALERT' }));
    expect(both.act?.kind).toBe('ROLLBACK');
    expect(both.reactions.at(-1)).toMatchObject({ kind: 'HOLD', cause: 'drift', hold: 'OTHER_FIRST' });
  });

  test('that is only repeated neither counts nor closes', () => {
    const it = controller(settings({ quality: 'notify' }));
    it.see(windowEvent(1, { quality: 'ALERT' }));
    for (let hour = 2; hour < 40; hour += 1) it.see(windowEvent(hour, { quality: signal('NONE', { fresh: false }) }));
    expect(it.state.open).toHaveLength(1);
    for (let day = 2; day < 9; day += 1) it.see(windowEvent(24 * day, { quality: 'NONE' }));
    expect(it.state.open).toHaveLength(0);
  });
});

describe('people', () => {
  const snooze = (hour: number, until: string) => ({
    ...windowEvent(hour, {}),
    kind: 'SNOOZE' as const,
    id: `snooze-${hour}`,
    incident: 'drift-20261102T0000Z',
    until,
    by: 'ada',
    why: 'known campaign',
  });

  test('are not bothered while they snooze, nothing is done, and nothing is forgotten', () => {
    const it = controller(settings({ drift: 'retrain' }));
    it.see(windowEvent(1, { drift: 'ALERT' }, { training: true }));
    it.see(snooze(2, at(2 * DAY)));
    for (let hour = 3; hour <= 47; hour += 1) {
      const { act, reactions } = it.see(windowEvent(hour, { drift: 'ALERT' }));
      expect(act).toBeNull();
      expect(reactions.filter(({ tell }) => tell !== null)).toEqual([]);
    }
    const over = it.see(windowEvent(48, { drift: 'ALERT' }));
    expect(kinds(over.reactions)).toContain('NOTIFY warning');
    expect(over.act?.kind).toBe('RETRAIN');
  });

  test('hear again, and louder, after a day, and then every week', () => {
    const it = controller();
    const told: string[] = [];
    for (let hour = 1; hour <= 24 * 16; hour += 1) {
      const { reactions } = it.see(windowEvent(hour, { drift: 'ALERT' }));
      for (const { tell, why } of reactions) if (tell) told.push(`${hour} ${tell} ${why}`);
    }
    expect(told).toEqual([
      '1 warning tenure_months moved: PSI 0.31',
      '25 critical it goes on since 2026-11-02 01:15 UTC',
      '193 critical it goes on since 2026-11-02 01:15 UTC',
      '361 critical it goes on since 2026-11-02 01:15 UTC',
    ]);
  });

  test('hear when what is wanted was held for half a day', () => {
    const it = controller(settings({ drift: 'retrain', retrainsPerWeek: 0 }));
    const told: number[] = [];
    for (let hour = 1; hour <= 20; hour += 1) {
      const { reactions } = it.see(windowEvent(hour, { drift: 'ALERT' }));
      if (reactions.some(({ tell }) => tell === 'critical')) told.push(hour);
    }
    expect(told).toEqual([12]);
  });
});
