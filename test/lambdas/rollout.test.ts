import { beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '../../domain/decisions.ts';
import { Conflict, DependencyUnavailable, ERROR_NAMES, InvalidArtifact, Superseded } from '../../domain/errors.ts';
import { align, stopOnAlarm } from '../../lambdas/rollout/align.ts';
import { analyse } from '../../lambdas/rollout/analyse.ts';
import { awaitQuiet } from '../../lambdas/rollout/await-quiet.ts';
import { endRollout, rollBack } from '../../lambdas/rollout/end.ts';
import type { RolloutPorts } from '../../lambdas/rollout/ports.ts';
import { prepare } from '../../lambdas/rollout/prepare.ts';
import { promote } from '../../lambdas/rollout/promote.ts';
import { release } from '../../lambdas/rollout/release.ts';
import { shift, tryGoldenRows } from '../../lambdas/rollout/shift.ts';
import { takeLock } from '../../lambdas/rollout/take-lock.ts';
import { CANARY, type Machine, requestOf, rolloutMachine } from '../support/rollout-machine.ts';

let machine: Machine;
beforeEach(() => {
  machine = rolloutMachine();
});

const head = () => machine.plane.registry.head();
const serving = { functionVersion: '2', weights: {} };
const well = (version: string) => ({ requests: version === '2' ? 400 : 100, errors: version === '2' ? 1 : 0 });

describe('a rollout', () => {
  test('of the first version goes to all traffic at once', async () => {
    await machine.champion();
    expect(machine.traffic.pointed()).toEqual(serving);
    expect(await head()).toMatchObject({ champion: 1, rollout: null });
  });

  test('gives a good challenger more and more, and then everything', async () => {
    const token = await machine.underWay();
    expect(machine.traffic.pointed()).toEqual({ functionVersion: '2', weights: { 3: 0.1 } });
    machine.requests.answers = well;
    expect(await machine.loop(token)).toMatchObject({ action: 'PROMOTE', cause: 'SAFE', step: 1 });
    expect(machine.traffic.pointed()).toEqual({ functionVersion: '2', weights: { 3: 0.5 } });
    await promote({ token }, machine.ports());
    expect(machine.traffic.pointed()).toEqual({ functionVersion: '3', weights: {} });
    expect(await head()).toMatchObject({ champion: 2, previousChampion: 1, rollout: null });
    expect(await release({ owner: 'second' }, machine.ports())).toMatchObject({ outcome: 'PROMOTED', rejected: false });
    expect(machine.plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 was promoted']);
    const decisions = await machine.plane.registry.decisions();
    expect(decisions.at(-1)?.evidenceSha256).not.toBe((await machine.plane.registry.version(2))?.evidenceSha256);
    expect(verifyChain(decisions, (await head()).decisions).ok).toBe(true);
  });

  test('takes it back from one that fails more often, and rejects it', async () => {
    const token = await machine.underWay();
    machine.requests.answers = (version) => ({ ...well(version), errors: version === '2' ? 1 : 8 });
    expect(await machine.loop(token)).toMatchObject({ action: 'ROLLBACK', cause: 'HARM' });
    await rollBack({ owner: 'second', failure: null }, machine.ports());
    expect(machine.traffic.pointed()).toEqual(serving);
    expect(await head()).toMatchObject({ champion: 1, rollout: null });
    expect(await release({ owner: 'second' }, machine.ports())).toMatchObject({
      outcome: 'ROLLED_BACK',
      rejected: true,
    });
    expect((await machine.plane.registry.version(2))?.stage).toBe('REJECTED');
    expect(machine.plane.told[0]?.body).toContain('16 of 200');
  });

  test('without requests holds until its limit and is rolled back; the version may try again', async () => {
    const token = await machine.underWay();
    expect(await machine.loop(token, 2_000)).toMatchObject({ action: 'ROLLBACK', cause: 'LIMIT' });
    await rollBack({ owner: 'second', failure: null }, machine.ports());
    expect((await machine.plane.registry.version(2))?.stage).toBe('REGISTERED');
  });

  test('asks a person where that is configured, goes on watching, and follows the order', async () => {
    machine.strategy = { ...CANARY, limit: { time: '1 hour', end: 'ask' } };
    const token = await machine.underWay();
    machine.minute += 61;
    expect(await analyse({ token }, machine.ports())).toMatchObject({
      action: 'HOLD',
      cause: 'ASK',
      waitSeconds: 3_600,
    });
    await analyse({ token }, machine.ports());
    expect(machine.plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 waits for your decision']);
    const record = await machine.plane.registry.rollout(token);
    if (!record) throw new Error('no record');
    const rollout = { ...record, order: { by: 'ada', why: 'looks fine' }, revision: record.revision + 1 };
    await machine.plane.registry.write({ rollout });
    expect(await analyse({ token }, machine.ports())).toMatchObject({ action: 'PROMOTE', cause: 'PERSON' });
    await promote({ token }, machine.ports());
    expect((await machine.plane.registry.decisions()).at(-1)).toMatchObject({ kind: 'PROMOTED', who: 'ada' });
  });

  test('counts a look that is repeated once', async () => {
    const token = await machine.underWay();
    machine.requests.answers = well;
    machine.minute += 4;
    await analyse({ token }, machine.ports());
    const before = await machine.plane.registry.rollout(token);
    await analyse({ token }, machine.ports());
    expect((await machine.plane.registry.rollout(token))?.state).toEqual(before?.state);
    expect(before?.state.requests).toEqual({ challenger: 200, champion: 800 });
  });

  test('stops at once when an alarm of the model is on, and not for one that is over', async () => {
    await machine.underWay();
    expect(await stopOnAlarm(machine.ports())).toEqual({ stopped: false });
    machine.requests.on = ['errors'];
    expect(await stopOnAlarm(machine.ports())).toEqual({ stopped: true });
    expect(machine.traffic.pointed()).toEqual(serving);
    expect((await machine.plane.registry.rollouts()).at(-1)).toMatchObject({ outcome: 'ROLLED_BACK', told: true });
  });

  test('waits until no alarm can go off for what an earlier challenger did', async () => {
    const first = await machine.underWay();
    await rollBack({ owner: 'second', failure: null }, machine.ports());
    const { token } = await takeLock(
      { owner: 'third', request: requestOf(await machine.register('r3')) },
      machine.ports(),
    );
    expect(token).toBe(first + 1);
    await prepare({ token }, machine.ports());
    expect(await awaitQuiet({ token }, machine.ports())).toEqual({ quiet: 'NOT_YET' });
    machine.minute += 6;
    machine.requests.on = ['errors'];
    expect(await awaitQuiet({ token }, machine.ports())).toEqual({ quiet: 'NOT_YET' });
    expect(await stopOnAlarm(machine.ports())).toEqual({ stopped: false });
    machine.minute += 2 * 1_440;
    expect(await awaitQuiet({ token }, machine.ports())).toEqual({ quiet: 'NEVER' });
    await rollBack({ owner: 'third', failure: null }, machine.ports());
    expect((await machine.plane.registry.rollouts()).at(-1)).toMatchObject({
      decision: { cause: 'ALARM' },
      rejected: false,
    });
    machine.requests.on = [];
    machine.minute += 10;
    const again = await takeLock({ owner: 'fourth', request: requestOf(3) }, machine.ports());
    expect(await awaitQuiet({ token: again.token }, machine.ports())).toEqual({ quiet: 'YES' });
  });

  test('gives no traffic to a challenger whose golden rows come out wrong', async () => {
    await machine.champion();
    const version = await machine.register('r2');
    const { token } = await takeLock({ owner: 'second', request: requestOf(version) }, machine.ports());
    await prepare({ token }, machine.ports());
    const smokeTest = () => Promise.reject(new InvalidArtifact('golden row 1: expected yes, current answer is no'));
    await expect(tryGoldenRows({ token }, machine.ports({ smokeTest }))).rejects.toThrow('golden row 1');
    const failure = { Error: ERROR_NAMES.invalidArtifact, Cause: '{"errorMessage":"golden row 1"}' };
    await rollBack({ owner: 'second', failure }, machine.ports());
    expect(machine.traffic.pointed()).toEqual(serving);
    expect((await machine.plane.registry.decisions()).at(-1)).toMatchObject({
      kind: 'ROLLED_BACK',
      why: 'golden row 1',
    });
    expect((await machine.plane.registry.version(version))?.stage).toBe('REJECTED');
  });
});

describe('the owner of the traffic', () => {
  test('is one: others are refused, a training run waits, and a repeated call gets the same token', async () => {
    const token = await machine.underWay();
    const third = await machine.register('r3');
    const again = await takeLock({ owner: 'second', request: requestOf(2) }, machine.ports());
    expect(again).toEqual({ status: 'OWNED', token });
    await expect(takeLock({ owner: 'third', request: requestOf(third) }, machine.ports())).rejects.toThrow(Superseded);
    const patient = requestOf(third, { runId: 'r3' });
    expect(await takeLock({ owner: 'third', request: patient }, machine.ports())).toMatchObject({ status: 'BUSY' });
  });

  test('that is dead loses the lock to the next one, and the champion has all traffic in between', async () => {
    const token = await machine.underWay();
    machine.running.clear();
    const third = await machine.register('r3');
    const next = await takeLock({ owner: 'third', request: requestOf(third) }, machine.ports());
    expect(next).toEqual({ status: 'OWNED', token: token + 1 });
    expect(machine.traffic.pointed()).toEqual(serving);
    await expect(shift({ token, step: 1 }, machine.ports())).rejects.toThrow(Superseded);
    await expect(promote({ token }, machine.ports())).rejects.toThrow(Superseded);
  });

  test('that has looked at the alias before it lost the lock cannot shift afterwards', async () => {
    const token = await machine.underWay();
    const { live } = machine.traffic;
    const registry = machine.plane.registry;
    let asked = 0;
    const slow: RolloutPorts['traffic'] = Object.assign(Object.create(machine.traffic), {
      live: async () => {
        const seen = await live();
        asked += 1;
        // Between the two reads of a shift, somebody else ends the rollout.
        if (asked === 1) {
          const ending = { outcome: 'ROLLED_BACK', cause: 'PERSON', by: 'bob', why: 'stop', reject: false } as const;
          await endRollout(null, ending, machine.ports());
        }
        return seen;
      },
    });
    await expect(shift({ token, step: 1 }, machine.ports({ traffic: slow, registry }))).rejects.toThrow(Superseded);
    expect(machine.traffic.pointed()).toEqual(serving);
    expect(await analyse({ token }, machine.ports())).toMatchObject({ action: 'ENDED', why: 'stop' });
  });

  test.each(['before the alias moved', 'after the alias moved'])('goes on where it was killed %s', async (when) => {
    const version = await machine.register('r1');
    const { token } = await takeLock({ owner: 'first', request: requestOf(version) }, machine.ports());
    await prepare({ token }, machine.ports());
    const { pointTo } = machine.traffic;
    machine.traffic.pointTo = async (...change) => {
      if (when.startsWith('after')) await pointTo(...change);
      throw new DependencyUnavailable('killed');
    };
    await expect(promote({ token }, machine.ports())).rejects.toThrow('killed');
    machine.traffic.pointTo = pointTo;
    expect(await promote({ token }, machine.ports())).toEqual({ functionVersion: '2' });
    expect(await promote({ token }, machine.ports())).toEqual({ functionVersion: '2' });
    const kinds = (await machine.plane.registry.decisions()).map(({ kind }) => kind);
    expect(kinds).toEqual(['REGISTERED', 'ROLLOUT_STARTED', 'PROMOTED']);
  });

  test('refuses a version that was judged against another champion', async () => {
    const stale = [await machine.register('r1'), await machine.register('r2')];
    const { token } = await takeLock({ owner: 'first', request: requestOf(stale[0] ?? 0) }, machine.ports());
    await prepare({ token }, machine.ports());
    await promote({ token }, machine.ports());
    const late = { owner: 'second', request: requestOf(stale[1] ?? 0) };
    await expect(takeLock(late, machine.ports())).rejects.toThrow('was judged while the champion was none');
  });
});

describe('align()', () => {
  test('ends what a dead owner left, and tells people', async () => {
    await machine.underWay();
    expect(await align(machine.ports())).toMatchObject({ recovered: 0 });
    machine.running.clear();
    expect(await align(machine.ports())).toMatchObject({ recovered: 1 });
    expect(machine.traffic.pointed()).toEqual(serving);
    expect(machine.plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 was not rolled out']);
    expect(await align(machine.ports())).toEqual({ recovered: 0, realigned: 0, told: 0, started: 0 });
  });

  test('puts the alias back after somebody moved it by hand', async () => {
    await machine.champion();
    machine.traffic.alias = { ...machine.traffic.alias, functionVersion: '1', weights: { 2: 0.5 } };
    expect(await align(machine.ports())).toMatchObject({ realigned: 1 });
    expect(machine.traffic.pointed()).toEqual(serving);
  });

  test('starts a rollout of the champion on new code, once', async () => {
    await machine.champion();
    machine.traffic.deployed = 'code-2';
    expect(await align(machine.ports())).toMatchObject({ started: 1 });
    const [{ owner, request: wanted } = { owner: '', request: requestOf(0) }] = machine.started;
    expect(wanted).toMatchObject({ kind: 'CODE', version: 1, by: 'deployment' });
    machine.running.add(owner);
    const { token } = await takeLock({ owner, request: wanted }, machine.ports());
    await prepare({ token }, machine.ports());
    expect(await align(machine.ports())).toMatchObject({ started: 0 });
    await rollBack({ owner, failure: null }, machine.ports());
    expect(await align(machine.ports())).toMatchObject({ started: 0 });
    expect((await machine.plane.registry.version(1))?.stage).toBe('CHAMPION');
    machine.traffic.deployed = 'code-3';
    expect(await align(machine.ports())).toMatchObject({ started: 1 });
  });

  test('refuses a rollout of the champion on the code that it runs on', async () => {
    await machine.champion();
    const again = { owner: 'again', request: requestOf(1, { kind: 'CODE' }) };
    const { token } = await takeLock(again, machine.ports());
    await expect(prepare({ token }, machine.ports())).rejects.toThrow('serves already on the code that is deployed');
  });

  test('new code that is promoted serves the same champion', async () => {
    await machine.champion();
    machine.traffic.deployed = 'code-2';
    const { token } = await takeLock({ owner: 'code', request: requestOf(1, { kind: 'CODE' }) }, machine.ports());
    await prepare({ token }, machine.ports());
    await shift({ token, step: 0 }, machine.ports());
    machine.requests.answers = well;
    expect(await machine.loop(token)).toMatchObject({ action: 'PROMOTE' });
    await promote({ token }, machine.ports());
    expect(await head()).toMatchObject({ champion: 1, previousChampion: null });
    expect(await machine.plane.registry.version(1)).toMatchObject({ stage: 'CHAMPION', functionVersion: '3' });
    expect(await align(machine.ports())).toMatchObject({ started: 0, realigned: 0 });
  });
});

test('a write that lost a race is decided anew', async () => {
  await machine.champion();
  const version = await machine.register('r2');
  machine.plane.registry.failNextWrite = new Conflict('somebody else wrote first');
  expect(await takeLock({ owner: 'second', request: requestOf(version) }, machine.ports())).toMatchObject({
    status: 'OWNED',
  });
});
