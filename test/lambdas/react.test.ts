import { beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '../../domain/decisions.ts';
import { Conflict } from '../../domain/errors.ts';
import type { Signal } from '../../domain/monitor/window.ts';
import { retrainKey } from '../../domain/names.ts';
import { beginRollout, promote, registerVersion } from '../../domain/registry.ts';
import { reactionsSchema } from '../../domain/watch-config.ts';
import { decide } from '../../lambdas/react/decide.ts';
import type { ReactPorts } from '../../lambdas/react/ports.ts';
import { record } from '../../lambdas/react/record.ts';
import { snoozeIncident } from '../../lambdas/react/snooze.ts';
import { putBack } from '../../lambdas/rollout/put-back.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { newVersion } from '../support/domain-builders.ts';
import { MemoryTraffic } from '../support/memory-traffic.ts';
import { windowItem } from '../support/react.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-02T00:00:00Z');
const iso = (hour: number, minutes = 0) => new Date(START + hour * HOUR + minutes * 60_000).toISOString();

let plane: ControlPlane;
let traffic: MemoryTraffic;
let hour: number;
let reactions: object;

beforeEach(async () => {
  plane = new ControlPlane();
  traffic = new MemoryTraffic();
  hour = 1;
  reactions = {};
  await serve('one');
  await serve('two');
});

const ports = (): ReactPorts => ({
  registry: plane.registry,
  announcer: plane.ports.announcer,
  settings: { reactions: reactionsSchema.parse(reactions), every: HOUR },
  model: 'churn',
  artifactBucket: 'artifacts',
  now: () => iso(hour, 16),
});

/** Registers a version and makes it the champion. */
async function serve(runId: string): Promise<void> {
  const { registry } = plane;
  const act = { who: 'test', why: 'passed', time: iso(0) };
  const ok = <T extends { ok: boolean }>(transition: T) => {
    if (!transition.ok) throw new Error(JSON.stringify(transition));
    return transition as Extract<T, { ok: true }>;
  };
  const registered = registerVersion(await registry.head(), newVersion({ runId }), { ...act, approval: 'automatic' });
  await registry.write({ transition: ok(registered) });
  const head = await registry.head();
  const version = await registry.version(head.lastVersion);
  const champion = head.champion === null ? null : await registry.version(head.champion);
  if (!version) throw new Error('not registered');
  await registry.write({ transition: ok(beginRollout(head, version, { ...act, runId })) });
  const begun = await registry.head();
  const promoted = { ...act, token: begun.rollout?.token ?? 0, functionVersion: String(head.lastVersion), champion };
  await registry.write({ transition: ok(promote(begun, version, promoted)) });
}

/** A closed window of the champion, that ends at an hour. */
async function window(at: number, signals: { input?: Signal; quality?: Signal } = {}): Promise<string> {
  hour = at;
  const champion = (await plane.registry.head()).champion ?? 0;
  const item = windowItem({ from: iso(at - 1), to: iso(at), champion, ...signals });
  await plane.registry.write({ window: item });
  return item.id;
}

const told = () => plane.told.map(({ subject }) => subject);

describe('what is seen', () => {
  test('is decided on, recorded with one decision, told once, and nothing is left', async () => {
    const id = await window(1, { input: 'ALERT' });
    const { work } = await decide({ window: id }, ports());
    expect(work).toEqual([{ event: `window-${id}`, act: null, result: null }]);
    await record({ action: 'record', event: `window-${id}`, result: null, failure: null }, ports());
    expect(plane.told).toHaveLength(1);
    expect(plane.told[0]).toMatchObject({ subject: '[warning] churn: input drift' });
    expect(plane.told[0]?.body).toMatchInlineSnapshot(`
      "Incident drift-20261102T0000Z of model "churn" (input drift): this is what is known.

      Why
        tenure_months moved: PSI 0.31

      Look at
        s3://artifacts/churn/windows/2026-11-02T00:00Z/report.html
        sluice report churn --window 2026-11-02T00:00Z
        sluice incidents churn
        sluice snooze churn drift-20261102T0000Z --for 2d --why "..."
      "
    `);
    const [head, decisions] = await Promise.all([plane.registry.head(), plane.registry.decisions()]);
    expect(decisions.at(-1)).toMatchObject({ kind: 'REACTED', who: 'reactions', version: 2 });
    expect(verifyChain(decisions, head.decisions)).toMatchObject({ ok: true });
    expect(await plane.registry.incidents()).toMatchObject([{ id: 'drift-20261102T0000Z', status: 'OPEN' }]);
    expect((await plane.registry.reactions()).outbox).toEqual([]);
  });

  test('twice, or by an alarm as well, changes nothing twice', async () => {
    const id = await window(1, { input: 'ALERT' });
    const first = await decide({ window: id }, ports());
    expect(await decide({ window: id }, ports())).toEqual(first);
    await record({ action: 'record', event: `window-${id}`, result: null, failure: null }, ports());
    await record({ action: 'record', event: `window-${id}`, result: null, failure: null }, ports());
    const alarm = { id: 'alarm-1', 'detail-type': 'CloudWatch Alarm State Change' } as const;
    expect(await decide(alarm, ports())).toEqual({ work: [] });
    expect(await decide({ window: id }, ports())).toEqual({ work: [] });
    expect(plane.told).toHaveLength(1);
    const decisions = await plane.registry.decisions();
    expect(decisions.filter(({ kind }) => kind === 'REACTED')).toHaveLength(1);
  });

  test('is written only on what was read: whoever lost a race decides anew', async () => {
    const id = await window(1, { input: 'ALERT' });
    plane.registry.failNextWrite = new Conflict('somebody was faster');
    const { work } = await decide({ window: id }, ports());
    expect(work).toHaveLength(1);
    expect((await plane.registry.reactions()).open).toHaveLength(1);
  });

  test('in a quiet window leaves no decision', async () => {
    const before = (await plane.registry.decisions()).length;
    expect(await decide({ window: await window(1) }, ports())).toEqual({ work: [] });
    expect(await plane.registry.decisions()).toHaveLength(before);
  });
});

describe('a retraining', () => {
  const composed = { rows: 5000, labelled: 900, needed: 500, because: null } as const;

  const uploadOf = (id: string) => ({
    model: 'churn',
    id: 'v9',
    bucket: 'data',
    key: retrainKey('churn', id),
    versionId: 'v9',
    sequencer: '1',
    sha256: null,
    bytes: 10,
    status: 'RUNNING' as const,
    runId: null,
    reasons: [],
    receivedAt: iso(1, 30),
    settledAt: null,
  });

  test('is followed by its upload, and is not done again by whoever makes good for a dead execution', async () => {
    reactions = { drift: 'retrain' };
    const first = await window(1, { input: 'ALERT' });
    const { work } = await decide({ window: first }, ports());
    const act = work[0]?.act;
    expect(act).toMatchObject({ kind: 'RETRAIN', since: expect.any(String) });
    const id = act?.kind === 'RETRAIN' ? act.id : '';
    // The execution dies here. Hours later its outbox is found, by then the data has been taken in.
    const upload = uploadOf(id);
    await plane.registry.write({ uploads: [upload] });
    const later = await decide({ window: await window(4, { input: 'ALERT' }) }, ports());
    expect(later.work).toEqual([
      {
        event: `window-${first}`,
        act: null,
        result: { status: 'DONE', why: 'its data was taken in', key: null },
      },
    ]);
    const state = await plane.registry.reactions();
    expect(state.open[0]?.held?.reason).toBe('RETRAIN_UNDER_WAY');
    await plane.registry.write({ uploads: [{ ...upload, status: 'REJECTED', reasons: ['AUC is lower'] }] });
    await decide({ window: await window(5, { input: 'ALERT' }) }, ports());
    expect((await plane.registry.reactions()).retrains[0]).toMatchObject({
      status: 'NOT_PROMOTED',
      helped: false,
      why: 'rejected: AUC is lower',
    });
  });

  test('whose data an earlier run had already counts for nothing', async () => {
    reactions = { drift: 'retrain' };
    const { work } = await decide({ window: await window(1, { input: 'ALERT' }) }, ports());
    const act = work[0]?.act;
    const upload = { ...uploadOf(act?.kind === 'RETRAIN' ? act.id : ''), status: 'DUPLICATE' as const };
    await plane.registry.write({ uploads: [upload] });
    await decide({ window: await window(2, { input: 'ALERT' }) }, ports());
    expect(await plane.registry.reactions()).toMatchObject({ retrains: [], retrainAfter: iso(8, 16) });
  });

  test('that is done by nobody is handed out again after an hour', async () => {
    reactions = { drift: 'retrain' };
    const first = await window(1, { input: 'ALERT' });
    const { work } = await decide({ window: first }, ports());
    expect((await decide({ window: await window(2) }, ports())).work).toEqual([]);
    expect((await decide({ window: await window(3) }, ports())).work).toEqual(work);
  });

  test('tells how much it is made of, or why it was not possible', async () => {
    reactions = { drift: 'retrain' };
    const id = await window(1, { input: 'ALERT' });
    await decide({ window: id }, ports());
    const event = `window-${id}`;
    const because = '120 labelled predictions are there, 500 are needed';
    const result = { ...composed, status: 'NOT_ENOUGH_LABELS' as const, key: null, because };
    await record({ action: 'record', event, result, failure: null }, ports());
    expect(told()).toEqual(['[warning] churn: input drift']);
    expect(plane.told[0]?.body).toContain(`the retraining was not possible: ${because}`);
    expect((await plane.registry.reactions()).retrains).toEqual([]);
    // Tried again when the cooldown is over, and told only when there are enough.
    for (const [at, answer] of [
      [8, result],
      [16, { ...composed, status: 'COMPOSED' as const, key: 'churn/training/retrain/x.parquet' }],
    ] as const) {
      const again = await window(at, { input: 'ALERT' });
      expect((await decide({ window: again }, ports())).work[0]?.act?.kind).toBe('RETRAIN');
      await record({ action: 'record', event: `window-${again}`, result: answer, failure: null }, ports());
    }
    expect(told().slice(1)).toEqual(['[warning] churn: input drift, a challenger is trained']);
    expect(plane.told[1]?.body).toContain('5000 rows, 900 of them labelled predictions');
  });

  test('that fails is told as critical, and is not under way any more', async () => {
    reactions = { drift: 'retrain' };
    const id = await window(1, { input: 'ALERT' });
    await decide({ window: id }, ports());
    const failure = { Error: 'Sluice.InvalidArtifact', Cause: JSON.stringify({ errorMessage: 'the profile is gone' }) };
    await record({ action: 'record', event: `window-${id}`, result: null, failure }, ports());
    expect(told()[0]).toMatch(/^\[critical\]/);
    expect((await plane.registry.reactions()).retrains[0]).toMatchObject({
      status: 'NOT_PROMOTED',
      why: 'Sluice.InvalidArtifact: the profile is gone',
    });
  });
});

describe('a rollback', () => {
  const move = { from: 2, to: 1, by: 'reactions', why: 'labels show it' };

  test('puts the previous champion back, once, with its own decision', async () => {
    const id = await window(1, { quality: 'ALERT' });
    const { work } = await decide({ window: id }, ports());
    expect(work[0]?.act).toMatchObject({ kind: 'ROLLBACK', from: 2, to: 1 });
    const end = { registry: plane.registry, traffic, now: () => iso(1, 20) };
    expect(await putBack(move, end)).toMatchObject({ status: 'DONE' });
    expect(await putBack(move, end)).toMatchObject({ status: 'DONE' });
    expect(await plane.registry.head()).toMatchObject({ champion: 1, previousChampion: null });
    expect(traffic.alias.functionVersion).toBe('1');
    const rolledBack = (await plane.registry.decisions()).filter(({ kind }) => kind === 'ROLLED_BACK');
    expect(rolledBack).toMatchObject([{ who: 'reactions', why: 'labels show it' }]);
  });

  test('does not undo what somebody promoted since', async () => {
    await serve('three');
    const end = { registry: plane.registry, traffic, now: () => iso(1, 20) };
    expect(await putBack(move, end)).toMatchObject({ status: 'REFUSED', why: 'version 3 serves, no longer 2' });
    expect((await plane.registry.head()).champion).toBe(3);
  });
});

describe('a snooze', () => {
  test('is a decision of the person who asked for it', async () => {
    await decide({ window: await window(1, { input: 'ALERT' }) }, ports());
    const asked = { length: 38 * HOUR, by: 'ada', why: 'a campaign', time: iso(2) };
    expect(await snoozeIncident({ incident: 'drift-nope', ...asked }, plane.registry)).toBeNull();
    const snoozed = await snoozeIncident({ incident: 'drift-20261102T0000Z', ...asked }, plane.registry);
    expect(snoozed).toMatchObject({ snoozedUntil: iso(40) });
    const [head, decisions] = await Promise.all([plane.registry.head(), plane.registry.decisions()]);
    expect(decisions.at(-1)).toMatchObject({ kind: 'SNOOZED', who: 'ada', why: expect.stringContaining('a campaign') });
    expect(verifyChain(decisions, head.decisions)).toMatchObject({ ok: true });
  });
});
