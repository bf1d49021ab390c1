import { beforeEach, describe, expect, test } from 'vitest';
import { Conflict, DependencyUnavailable, InvalidArtifact, Superseded } from '../../domain/errors.ts';
import { abortRollout, registerVersion } from '../../domain/registry.ts';
import { reconcile } from '../../lambdas/reconcile/reconcile.ts';
import { rollOut } from '../../lambdas/rollout/rollout.ts';
import type { LiveTraffic, Traffic } from '../../lambdas/shared/traffic.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { datasetRef, newVersion } from '../support/domain-builders.ts';

/** The prediction function: its published versions and where its alias points. */
class FunctionTraffic implements Traffic {
  readonly published: string[] = ['first'];
  alias = { functionVersion: '1', weights: {} as Record<string, number>, revision: 1 };

  publish: Traffic['publish'] = async ({ version }) => {
    const name = `model version ${version}`;
    if (!this.published.includes(name)) this.published.push(name);
    return String(this.published.indexOf(name) + 1);
  };
  predict: Traffic['predict'] = async () => ({ predictions: [] });
  live = async (): Promise<LiveTraffic> => {
    const { functionVersion, weights, revision } = this.alias;
    return { functionVersion, weights, revisionId: String(revision) };
  };
  pointTo: Traffic['pointTo'] = async (functionVersion, { revisionId }) => {
    if (revisionId !== String(this.alias.revision)) throw new Conflict('the alias was moved');
    this.alias = { functionVersion, weights: {}, revision: this.alias.revision + 1 };
  };
}

let plane: ControlPlane;
let traffic: FunctionTraffic;

beforeEach(() => {
  plane = new ControlPlane();
  traffic = new FunctionTraffic();
});

const ports = () => ({ registry: plane.registry, traffic, smokeTest: async () => undefined, now: plane.ports.now });
const run = (runId: string) => ({ model: 'churn', runId, dataset: datasetRef() });

async function register(runId: string): Promise<number> {
  const head = await plane.registry.head();
  const act = { who: 'gates', why: 'passed', time: plane.ports.now(), approval: 'automatic' as const };
  const transition = registerVersion(head, newVersion({ runId }), act);
  if (!transition.ok) throw new Error(transition.message);
  await plane.registry.write({ transition });
  return transition.head.lastVersion;
}

describe('rollOut()', () => {
  test('makes the first version the champion, and says the same when it is repeated', async () => {
    const version = await register('r1');
    const answer = await rollOut({ run: run('r1'), version }, ports());
    expect(answer).toEqual({ champion: 1, previous: null, functionVersion: '2' });
    expect(await rollOut({ run: run('r1'), version }, ports())).toEqual(answer);
    expect(traffic.alias.functionVersion).toBe('2');
    expect(await plane.registry.head()).toMatchObject({ champion: 1, rollout: null });
  });

  test('leaves the champion serving and the lock free when golden rows come out wrong', async () => {
    await rollOut({ run: run('r1'), version: await register('r1') }, ports());
    const version = await register('r2');
    const smokeTest = () => Promise.reject(new InvalidArtifact('golden row 1: expected yes, current answer is no'));
    await expect(rollOut({ run: run('r2'), version }, { ...ports(), smokeTest })).rejects.toThrow('golden row 1');
    expect(traffic.alias.functionVersion).toBe('2');
    expect(await plane.registry.head()).toMatchObject({ champion: 1, rollout: null });
    expect((await plane.registry.decisions()).at(-1)).toMatchObject({ kind: 'ROLLOUT_ABORTED' });
  });

  test.each(['before the alias moved', 'after the alias moved'])('goes on where it was killed %s', async (when) => {
    const version = await register('r1');
    const { pointTo } = traffic;
    traffic.pointTo = async (...change) => {
      if (when.startsWith('after')) await pointTo(...change);
      throw new DependencyUnavailable('killed');
    };
    await expect(rollOut({ run: run('r1'), version }, ports())).rejects.toThrow('killed');
    traffic.pointTo = pointTo;
    expect(await rollOut({ run: run('r1'), version }, ports())).toMatchObject({ champion: 1, functionVersion: '2' });
    expect(traffic.published).toEqual(['first', 'model version 1']);
    expect((await plane.registry.decisions()).map(({ kind }) => kind)).toEqual([
      'REGISTERED',
      'ROLLOUT_STARTED',
      'PROMOTED',
    ]);
  });

  test('refuses a version that was judged against another champion', async () => {
    const [one, two] = [await register('r1'), await register('r2')];
    await rollOut({ run: run('r1'), version: one }, ports());
    await expect(rollOut({ run: run('r2'), version: two }, ports())).rejects.toThrow(Superseded);
    expect(traffic.alias.functionVersion).toBe('2');
  });

  test('cannot move traffic any more once somebody else has taken the lock', async () => {
    const version = await register('r1');
    const smokeTest = async () => {
      const head = await plane.registry.head();
      const known = await plane.registry.version(version);
      if (!known) throw new Error('no version');
      const act = { who: 'somebody', why: 'took over', time: plane.ports.now(), token: head.fencing };
      const transition = abortRollout(head, known, act);
      if (transition.ok) await plane.registry.write({ transition });
    };
    await expect(rollOut({ run: run('r1'), version }, { ...ports(), smokeTest })).rejects.toThrow(
      'has lost the traffic lock',
    );
    expect(traffic.alias.functionVersion).toBe('1');
  });
});

describe('reconcile()', () => {
  const stored = async function* (uploads: { key: string; versionId: string; modifiedAt: string; latest: boolean }[]) {
    for (const upload of uploads) yield { bytes: 4, ...upload };
  };
  const reconcilePorts = (uploads: Parameters<typeof stored>[0] = []) => {
    const offered: string[] = [];
    return {
      ...plane.ports,
      traffic,
      stored: () => stored(uploads),
      offer: async ({ key }: { key: string }) => void offered.push(key),
      offered,
    };
  };

  test('offers an upload whose event was lost, but not one that is only late, superseded or a part', async () => {
    const old = '2026-01-01T00:00:00.000Z';
    const known = plane.put('churn/training/known.csv', 'x\n1\n');
    await plane.take(known);
    const found = reconcilePorts([
      { key: 'churn/training/lost.csv', versionId: 'lost', modifiedAt: old, latest: true },
      { key: 'churn/training/lost.csv', versionId: 'lost-before', modifiedAt: old, latest: false },
      { key: 'churn/training/late.csv', versionId: 'late', modifiedAt: plane.ports.now(), latest: true },
      { key: 'churn/training/big.parts/1.csv', versionId: 'part', modifiedAt: old, latest: true },
      { key: 'churn/training/known.csv', versionId: known.detail.object['version-id'], modifiedAt: old, latest: true },
    ]);
    expect(await reconcile('churn', found)).toMatchObject({ offered: 1 });
    expect(found.offered).toEqual(['churn/training/lost.csv']);
  });

  test('starts a run that intake died before starting, and settles one that died before it could', async () => {
    await plane.take(plane.put('churn/training/a.csv', 'x\n1\n'));
    plane.started.length = 0;
    expect(await reconcile('churn', reconcilePorts())).toMatchObject({ started: 1, settled: 0 });
    const aborted = { ...plane.ports.executions, status: async () => 'ABORTED' };
    expect(await reconcile('churn', { ...reconcilePorts(), executions: aborted })).toMatchObject({ settled: 1 });
    expect((await plane.registry.uploads())[0]?.status).toBe('FAILED');
    expect((await plane.registry.slot()).running).toBeNull();
    expect(await reconcile('churn', reconcilePorts())).toEqual({
      offered: 0,
      started: 0,
      settled: 0,
      announced: 0,
      traffic: 0,
    });
  });

  test('puts the alias back to the champion after somebody moved it by hand', async () => {
    await rollOut({ run: run('r1'), version: await register('r1') }, ports());
    traffic.alias = { ...traffic.alias, functionVersion: '1', weights: { '2': 0.5 } };
    expect(await reconcile('churn', reconcilePorts())).toMatchObject({ traffic: 1 });
    expect(traffic.alias).toMatchObject({ functionVersion: '2', weights: {} });
  });
});
