import { beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '../../domain/decisions.ts';
import { Conflict, DependencyUnavailable, ERROR_NAMES, InvalidArtifact, Superseded } from '../../domain/errors.ts';
import { registerVersion } from '../../domain/registry.ts';
import type { RolloutRequest } from '../../domain/rollout/flow.ts';
import { type StrategyInput, strategySchema } from '../../domain/rollout/strategy.ts';
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
import { ControlPlane } from '../support/control-plane.ts';
import { binaryScores, newVersion } from '../support/domain-builders.ts';
import { MemoryRequests, MemoryTraffic } from '../support/memory-traffic.ts';

const CANARY: StrategyInput = {
  kind: 'canary',
  steps: [10, 50],
  bake: '5 minutes',
  guardrails: { predictions: false, latency: false, quality: false },
};

let plane: ControlPlane;
let traffic: MemoryTraffic;
let requests: MemoryRequests;
let running: Set<string>;
let started: { owner: string; request: RolloutRequest }[];
let minute: number;
let strategy: StrategyInput;

beforeEach(() => {
  plane = new ControlPlane();
  traffic = new MemoryTraffic();
  requests = new MemoryRequests();
  running = new Set();
  started = [];
  minute = 0;
  strategy = CANARY;
});

const ports = (overrides: Partial<RolloutPorts> = {}): RolloutPorts => ({
  registry: plane.registry,
  traffic,
  requests,
  strategy: strategySchema.parse(strategy),
  executions: {
    isRunning: async (owner) => running.has(owner),
    start: async (owner, request) => void started.push({ owner, request }),
  },
  announcer: plane.ports.announcer,
  smokeTest: async () => undefined,
  scores: async () => binaryScores({ rows: 400 }),
  writeCard: async ({ token }) => `s3://artifacts/rollout-${token}.html`,
  now: () => new Date(Date.UTC(2026, 5, 1) + minute * 60_000).toISOString(),
  ...overrides,
});

async function register(runId: string): Promise<number> {
  const head = await plane.registry.head();
  const act = { who: 'gates', why: 'passed', time: plane.ports.now(), approval: 'automatic' as const };
  const transition = registerVersion(head, newVersion({ runId }), act);
  if (!transition.ok) throw new Error(transition.message);
  await plane.registry.write({ transition });
  return transition.head.lastVersion;
}

const request = (version: number, overrides: Partial<RolloutRequest> = {}): RolloutRequest => ({
  model: 'churn',
  version,
  kind: 'VERSION',
  by: 'rollout',
  reason: 'passed its gates',
  runId: null,
  code: null,
  ...overrides,
});

/** The first champion, by the steps that the machine takes. */
async function champion(): Promise<void> {
  const version = await register('r1');
  const { token } = await takeLock({ owner: 'first', request: request(version) }, ports());
  await prepare({ token }, ports());
  await promote({ token }, ports());
  await release({ owner: 'first' }, ports());
  plane.told.length = 0;
}

/** A challenger that owns the traffic and has its first share. */
async function underWay(owner = 'second'): Promise<number> {
  await champion();
  const version = await register('r2');
  running.add(owner);
  const { token } = await takeLock({ owner, request: request(version) }, ports());
  await prepare({ token }, ports());
  await tryGoldenRows({ token }, ports());
  await shift({ token, step: 0 }, ports());
  return token;
}

/** Follows the machine's loop until it leaves it. */
async function loop(token: number, most = 200) {
  for (let look = 0; look < most; look += 1) {
    minute += 1;
    const answer = await analyse({ token }, ports());
    if (answer.action === 'NEXT_STEP') await shift({ token, step: answer.step + 1 }, ports());
    else if (answer.action !== 'HOLD') return answer;
  }
  throw new Error('it never ends');
}

const head = () => plane.registry.head();
const serving = { functionVersion: '2', weights: {} };
const well = (version: string) => ({ requests: version === '2' ? 400 : 100, errors: version === '2' ? 1 : 0 });

describe('a rollout', () => {
  test('of the first version goes to all traffic at once', async () => {
    await champion();
    expect(traffic.alias).toMatchObject(serving);
    expect(await head()).toMatchObject({ champion: 1, rollout: null });
  });

  test('gives a good challenger more and more, and then everything', async () => {
    const token = await underWay();
    expect(traffic.alias).toMatchObject({ functionVersion: '2', weights: { 3: 0.1 } });
    requests.answers = well;
    expect(await loop(token)).toMatchObject({ action: 'PROMOTE', cause: 'SAFE', step: 1 });
    expect(traffic.alias).toMatchObject({ functionVersion: '2', weights: { 3: 0.5 } });
    await promote({ token }, ports());
    expect(traffic.alias).toMatchObject({ functionVersion: '3', weights: {} });
    expect(await head()).toMatchObject({ champion: 2, previousChampion: 1, rollout: null });
    expect(await release({ owner: 'second' }, ports())).toMatchObject({ outcome: 'PROMOTED', rejected: false });
    expect(plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 was promoted']);
    const decisions = await plane.registry.decisions();
    expect(decisions.at(-1)?.evidenceSha256).not.toBe((await plane.registry.version(2))?.evidenceSha256);
    expect(verifyChain(decisions, (await head()).decisions).ok).toBe(true);
  });

  test('takes it back from one that fails more often, and rejects it', async () => {
    const token = await underWay();
    requests.answers = (version) => ({ ...well(version), errors: version === '2' ? 1 : 8 });
    expect(await loop(token)).toMatchObject({ action: 'ROLLBACK', cause: 'HARM' });
    await rollBack({ owner: 'second', failure: null }, ports());
    expect(traffic.alias).toMatchObject(serving);
    expect(await head()).toMatchObject({ champion: 1, rollout: null });
    expect(await release({ owner: 'second' }, ports())).toMatchObject({ outcome: 'ROLLED_BACK', rejected: true });
    expect((await plane.registry.version(2))?.stage).toBe('REJECTED');
    expect(plane.told[0]?.body).toContain('16 of 200');
  });

  test('without requests holds until its limit and is rolled back; the version may try again', async () => {
    const token = await underWay();
    expect(await loop(token, 2_000)).toMatchObject({ action: 'ROLLBACK', cause: 'LIMIT' });
    await rollBack({ owner: 'second', failure: null }, ports());
    expect((await plane.registry.version(2))?.stage).toBe('REGISTERED');
  });

  test('asks a person where that is configured, goes on watching, and follows the order', async () => {
    strategy = { ...CANARY, limit: { time: '1 hour', end: 'ask' } };
    const token = await underWay();
    minute += 61;
    expect(await analyse({ token }, ports())).toMatchObject({ action: 'HOLD', cause: 'ASK', waitSeconds: 3_600 });
    await analyse({ token }, ports());
    expect(plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 waits for your decision']);
    const record = await plane.registry.rollout(token);
    if (!record) throw new Error('no record');
    const rollout = { ...record, order: { by: 'ada', why: 'looks fine' }, revision: record.revision + 1 };
    await plane.registry.write({ rollout });
    expect(await analyse({ token }, ports())).toMatchObject({ action: 'PROMOTE', cause: 'PERSON' });
    await promote({ token }, ports());
    expect((await plane.registry.decisions()).at(-1)).toMatchObject({ kind: 'PROMOTED', who: 'ada' });
  });

  test('counts a look that is repeated once', async () => {
    const token = await underWay();
    requests.answers = well;
    minute += 4;
    await analyse({ token }, ports());
    const before = await plane.registry.rollout(token);
    await analyse({ token }, ports());
    expect((await plane.registry.rollout(token))?.state).toEqual(before?.state);
    expect(before?.state.requests).toEqual({ challenger: 200, champion: 800 });
  });

  test('stops at once when an alarm of the model is on, and not for one that is over', async () => {
    await underWay();
    expect(await stopOnAlarm(ports())).toEqual({ stopped: false });
    requests.on = ['errors'];
    expect(await stopOnAlarm(ports())).toEqual({ stopped: true });
    expect(traffic.alias).toMatchObject(serving);
    expect((await plane.registry.rollouts()).at(-1)).toMatchObject({ outcome: 'ROLLED_BACK', told: true });
  });

  test('waits until no alarm can go off for what an earlier challenger did', async () => {
    const first = await underWay();
    await rollBack({ owner: 'second', failure: null }, ports());
    const { token } = await takeLock({ owner: 'third', request: request(await register('r3')) }, ports());
    expect(token).toBe(first + 1);
    await prepare({ token }, ports());
    expect(await awaitQuiet({ token }, ports())).toEqual({ quiet: 'NOT_YET' });
    minute += 6;
    requests.on = ['errors'];
    expect(await awaitQuiet({ token }, ports())).toEqual({ quiet: 'NOT_YET' });
    expect(await stopOnAlarm(ports())).toEqual({ stopped: false });
    minute += 2 * 1_440;
    expect(await awaitQuiet({ token }, ports())).toEqual({ quiet: 'NEVER' });
    await rollBack({ owner: 'third', failure: null }, ports());
    expect((await plane.registry.rollouts()).at(-1)).toMatchObject({ decision: { cause: 'ALARM' }, rejected: false });
    requests.on = [];
    minute += 10;
    const again = await takeLock({ owner: 'fourth', request: request(3) }, ports());
    expect(await awaitQuiet({ token: again.token }, ports())).toEqual({ quiet: 'YES' });
  });

  test('gives no traffic to a challenger whose golden rows come out wrong', async () => {
    await champion();
    const version = await register('r2');
    const { token } = await takeLock({ owner: 'second', request: request(version) }, ports());
    await prepare({ token }, ports());
    const smokeTest = () => Promise.reject(new InvalidArtifact('golden row 1: expected yes, current answer is no'));
    await expect(tryGoldenRows({ token }, ports({ smokeTest }))).rejects.toThrow('golden row 1');
    const failure = { Error: ERROR_NAMES.invalidArtifact, Cause: '{"errorMessage":"golden row 1"}' };
    await rollBack({ owner: 'second', failure }, ports());
    expect(traffic.alias).toMatchObject(serving);
    expect((await plane.registry.decisions()).at(-1)).toMatchObject({ kind: 'ROLLED_BACK', why: 'golden row 1' });
    expect((await plane.registry.version(version))?.stage).toBe('REJECTED');
  });
});

describe('the owner of the traffic', () => {
  test('is one: others are refused, a training run waits, and a repeated call gets the same token', async () => {
    const token = await underWay();
    const third = await register('r3');
    const again = await takeLock({ owner: 'second', request: request(2) }, ports());
    expect(again).toEqual({ status: 'OWNED', token });
    await expect(takeLock({ owner: 'third', request: request(third) }, ports())).rejects.toThrow(Superseded);
    const patient = request(third, { runId: 'r3' });
    expect(await takeLock({ owner: 'third', request: patient }, ports())).toMatchObject({ status: 'BUSY' });
  });

  test('that is dead loses the lock to the next one, and the champion has all traffic in between', async () => {
    const token = await underWay();
    running.clear();
    const third = await register('r3');
    const next = await takeLock({ owner: 'third', request: request(third) }, ports());
    expect(next).toEqual({ status: 'OWNED', token: token + 1 });
    expect(traffic.alias).toMatchObject(serving);
    await expect(shift({ token, step: 1 }, ports())).rejects.toThrow(Superseded);
    await expect(promote({ token }, ports())).rejects.toThrow(Superseded);
  });

  test('that has looked at the alias before it lost the lock cannot shift afterwards', async () => {
    const token = await underWay();
    const { live } = traffic;
    const registry = plane.registry;
    let asked = 0;
    const slow: RolloutPorts['traffic'] = Object.assign(Object.create(traffic), {
      live: async () => {
        const seen = await live();
        asked += 1;
        // Between the two reads of a shift, somebody else ends the rollout.
        if (asked === 1) {
          const ending = { outcome: 'ROLLED_BACK', cause: 'PERSON', by: 'bob', why: 'stop', reject: false } as const;
          await endRollout(null, ending, ports());
        }
        return seen;
      },
    });
    await expect(shift({ token, step: 1 }, ports({ traffic: slow, registry }))).rejects.toThrow(Superseded);
    expect(traffic.alias).toMatchObject(serving);
    expect(await analyse({ token }, ports())).toMatchObject({ action: 'ENDED', why: 'stop' });
  });

  test.each(['before the alias moved', 'after the alias moved'])('goes on where it was killed %s', async (when) => {
    const version = await register('r1');
    const { token } = await takeLock({ owner: 'first', request: request(version) }, ports());
    await prepare({ token }, ports());
    const { pointTo } = traffic;
    traffic.pointTo = async (...change) => {
      if (when.startsWith('after')) await pointTo(...change);
      throw new DependencyUnavailable('killed');
    };
    await expect(promote({ token }, ports())).rejects.toThrow('killed');
    traffic.pointTo = pointTo;
    expect(await promote({ token }, ports())).toEqual({ functionVersion: '2' });
    expect(await promote({ token }, ports())).toEqual({ functionVersion: '2' });
    const kinds = (await plane.registry.decisions()).map(({ kind }) => kind);
    expect(kinds).toEqual(['REGISTERED', 'ROLLOUT_STARTED', 'PROMOTED']);
  });

  test('refuses a version that was judged against another champion', async () => {
    const stale = [await register('r1'), await register('r2')];
    const { token } = await takeLock({ owner: 'first', request: request(stale[0] ?? 0) }, ports());
    await prepare({ token }, ports());
    await promote({ token }, ports());
    const late = { owner: 'second', request: request(stale[1] ?? 0) };
    await expect(takeLock(late, ports())).rejects.toThrow('was judged while the champion was none');
  });
});

describe('align()', () => {
  test('ends what a dead owner left, and tells people', async () => {
    await underWay();
    expect(await align(ports())).toMatchObject({ recovered: 0 });
    running.clear();
    expect(await align(ports())).toMatchObject({ recovered: 1 });
    expect(traffic.alias).toMatchObject(serving);
    expect(plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 was not rolled out']);
    expect(await align(ports())).toEqual({ recovered: 0, realigned: 0, told: 0, started: 0 });
  });

  test('puts the alias back after somebody moved it by hand', async () => {
    await champion();
    traffic.alias = { ...traffic.alias, functionVersion: '1', weights: { 2: 0.5 } };
    expect(await align(ports())).toMatchObject({ realigned: 1 });
    expect(traffic.alias).toMatchObject(serving);
  });

  test('starts a rollout of the champion on new code, once', async () => {
    await champion();
    traffic.deployed = 'code-2';
    expect(await align(ports())).toMatchObject({ started: 1 });
    const [{ owner, request: wanted } = { owner: '', request: request(0) }] = started;
    expect(wanted).toMatchObject({ kind: 'CODE', version: 1, by: 'deployment' });
    running.add(owner);
    const { token } = await takeLock({ owner, request: wanted }, ports());
    await prepare({ token }, ports());
    expect(await align(ports())).toMatchObject({ started: 0 });
    await rollBack({ owner, failure: null }, ports());
    expect(await align(ports())).toMatchObject({ started: 0 });
    expect((await plane.registry.version(1))?.stage).toBe('CHAMPION');
    traffic.deployed = 'code-3';
    expect(await align(ports())).toMatchObject({ started: 1 });
  });

  test('new code that is promoted serves the same champion', async () => {
    await champion();
    traffic.deployed = 'code-2';
    const { token } = await takeLock({ owner: 'code', request: request(1, { kind: 'CODE' }) }, ports());
    await prepare({ token }, ports());
    await shift({ token, step: 0 }, ports());
    requests.answers = well;
    expect(await loop(token)).toMatchObject({ action: 'PROMOTE' });
    await promote({ token }, ports());
    expect(await head()).toMatchObject({ champion: 1, previousChampion: null });
    expect(await plane.registry.version(1)).toMatchObject({ stage: 'CHAMPION', functionVersion: '3' });
    expect(await align(ports())).toMatchObject({ started: 0, realigned: 0 });
  });
});

test('a write that lost a race is decided anew', async () => {
  await champion();
  const version = await register('r2');
  plane.registry.failNextWrite = new Conflict('somebody else wrote first');
  expect(await takeLock({ owner: 'second', request: request(version) }, ports())).toMatchObject({ status: 'OWNED' });
});
