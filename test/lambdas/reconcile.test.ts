import { beforeEach, describe, expect, test } from 'vitest';
import { reconcile } from '../../lambdas/reconcile/reconcile.ts';
import { ControlPlane } from '../support/control-plane.ts';

let plane: ControlPlane;
beforeEach(() => {
  plane = new ControlPlane();
});

describe('reconcile()', () => {
  const stored = async function* (uploads: { key: string; versionId: string; modifiedAt: string; latest: boolean }[]) {
    for (const upload of uploads) yield { bytes: 4, ...upload };
  };
  const reconcilePorts = (uploads: Parameters<typeof stored>[0] = []) => {
    const offered: string[] = [];
    return {
      ...plane.ports,
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
    });
  });
});
