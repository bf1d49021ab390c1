import { describe, expect, test } from 'vitest';
import { admit } from '../../lambdas/admit/admit.ts';
import { intake } from '../../lambdas/intake/intake.ts';
import { settle } from '../../lambdas/settle/settle.ts';
import { ControlPlane } from '../support/control-plane.ts';

const FAILED = { status: 'FAILED', version: null, semver: null, reportKey: null, reasons: ['it broke'] } as const;

describe('intake', () => {
  test('starts one run when the same event is delivered twenty times at once', async () => {
    const plane = new ControlPlane();
    const event = plane.put('churn/training/a.csv', 'a,b\n1,2\n');
    const results = await Promise.all(Array.from({ length: 20 }, () => plane.take(event)));
    expect(results.filter(({ action }) => action === 'start')).toHaveLength(1);
    expect(results.filter(({ action }) => action === 'repeated')).toHaveLength(19);
    expect(plane.started).toHaveLength(1);
    expect(await plane.registry.uploads()).toHaveLength(1);
    expect(plane.told).toEqual([]);
  });

  test('tells that the same content under another key is a duplicate', async () => {
    const plane = new ControlPlane();
    await plane.take(plane.put('churn/training/a.csv', 'a,b\n1,2\n'));
    const result = await plane.take(plane.put('churn/training/copy of a.csv', 'a,b\n1,2\n'));
    expect(result.action).toBe('duplicate');
    expect(plane.started).toHaveLength(1);
    expect((await plane.registry.uploads()).map(({ key, status }) => [key, status])).toEqual([
      ['churn/training/a.csv', 'PENDING'],
      ['churn/training/copy of a.csv', 'DUPLICATE'],
    ]);
    expect(plane.told.map(({ status }) => status)).toEqual(['DUPLICATE']);
  });

  test('lets a second upload wait and a third take its place, visibly; each ends in one outcome', async () => {
    const plane = new ControlPlane();
    const actions: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      actions.push((await plane.take(plane.put(`churn/training/${name}.csv`, `x\n${name}\n`))).action);
    }
    expect(actions).toEqual(['start', 'wait', 'supersede']);
    expect(plane.told.map(({ status, subject }) => [status, subject])).toEqual([
      ['SUPERSEDED', 'churn: an upload was superseded by a newer one'],
    ]);
    const [first] = plane.started;
    await settle(first?.runId ?? '', FAILED, plane.ports);
    expect(plane.started.map(({ dataset }) => dataset.key)).toEqual(['churn/training/a.csv', 'churn/training/c.csv']);
    expect((await plane.registry.uploads()).map(({ key, status }) => [key, status])).toEqual([
      ['churn/training/a.csv', 'FAILED'],
      ['churn/training/b.csv', 'SUPERSEDED'],
      ['churn/training/c.csv', 'PENDING'],
    ]);
  });

  test('does not train an older version of a key that arrives after a newer one', async () => {
    const plane = new ControlPlane();
    const older = plane.put('churn/training/a.csv', 'x\nold\n');
    const newer = plane.put('churn/training/a.csv', 'x\nnew\n');
    await plane.take(newer);
    expect((await plane.take(older)).action).toBe('stale');
    expect(plane.started).toHaveLength(1);
    expect(plane.started[0]?.dataset.versionId).toBe('v2');
  });

  test('finishes what a handler that died after its write had begun', async () => {
    const plane = new ControlPlane();
    const event = plane.put('churn/training/a.csv', 'x\n1\n');
    const dying = {
      ...plane.ports,
      executions: { ...plane.ports.executions, start: () => Promise.reject(new Error('killed')) },
    };
    await expect(intake(event, dying, plane.settings)).rejects.toThrow('killed');
    expect(plane.started).toHaveLength(0);
    expect((await plane.take(event)).action).toBe('repeated');
    expect(plane.started).toHaveLength(1);
  });

  test('tries the same content again after a failure, as a second attempt, but never for the same event', async () => {
    const plane = new ControlPlane();
    const event = plane.put('churn/training/a.csv', 'x\n1\n');
    const { runId = '' } = await plane.take(event);
    await settle(runId, FAILED, plane.ports);
    expect((await plane.take(event)).action).toBe('repeated');
    expect(plane.started).toHaveLength(1);
    const again = await plane.take(plane.put('churn/training/a.csv', 'x\n1\n'));
    expect(again).toEqual({ action: 'start', runId: `${runId}-2` });
  });

  test('refuses what is gone or no manifest with a sentence, and starts nothing', async () => {
    const plane = new ControlPlane();
    const gone = plane.put('churn/training/gone.csv', 'x');
    plane.remove(gone);
    await plane.take(gone);
    await plane.take(plane.put('churn/training/parts.manifest.json', '{"files": "all of them"}'));
    await plane.take(plane.put('churn/training/foreign.manifest.json', '{"files":[{"key":"other/training/x.csv"}]}'));
    expect(plane.started).toEqual([]);
    expect((await plane.registry.uploads()).map(({ status, reasons }) => [status, reasons[0]])).toEqual([
      ['QUARANTINED', '"churn/training/gone.csv" is gone: it was deleted before it could be read'],
      ['QUARANTINED', expect.stringContaining('The manifest is not as expected, {"files":[{"key":"…"},…]}')],
      ['QUARANTINED', 'The manifest names "other/training/x.csv", which is not below churn/training/'],
    ]);
    expect(plane.told).toHaveLength(3);
  });

  test('commits parts by their manifest as one dataset', async () => {
    const plane = new ControlPlane();
    expect((await plane.take(plane.put('churn/training/big.parts/1.csv', 'x\n1\n'))).action).toBe('ignored');
    await plane.take(plane.put('churn/training/big.parts/2.csv', 'x\n2\n'));
    const files = [{ key: 'churn/training/big.parts/1.csv' }, { key: 'churn/training/big.parts/2.csv' }];
    await plane.take(plane.put('churn/training/big.manifest.json', JSON.stringify({ files })));
    expect(plane.started[0]?.dataset).toMatchObject({
      key: 'churn/training/big.manifest.json',
      bytes: 8,
      parts: [
        { versionId: 'v1', bytes: 4 },
        { versionId: 'v2', bytes: 4 },
      ],
    });
  });
});

describe('settle', () => {
  test('changes nothing when it is repeated, and tells people once', async () => {
    const plane = new ControlPlane();
    const { runId = '' } = await plane.take(plane.put('churn/training/a.csv', 'x\n1\n'));
    await settle(runId, FAILED, plane.ports);
    const again = await settle(runId, { ...FAILED, status: 'REGISTERED' }, plane.ports);
    expect(again).toEqual({ status: 'FAILED', now: false });
    expect(plane.told.map(({ status: told }) => told)).toEqual(['FAILED']);
  });

  test('tells again, under the same id, when it died before it could record that it had told', async () => {
    const plane = new ControlPlane();
    const { runId = '' } = await plane.take(plane.put('churn/training/a.csv', 'x\n1\n'));
    const { announcer } = plane.ports;
    const dying = {
      ...plane.ports,
      announcer: {
        ...announcer,
        announce: async (...told: Parameters<typeof announcer.announce>) => {
          await announcer.announce(...told);
          plane.registry.failNextWrite = new Error('killed');
        },
      },
    };
    await expect(settle(runId, FAILED, dying)).rejects.toThrow('killed');
    await settle(runId, FAILED, plane.ports);
    expect(plane.told.map(({ id }) => id)).toEqual([`${runId}/FAILED`, `${runId}/FAILED`]);
    expect((await plane.registry.slot()).running).toBeNull();
  });
});

describe('admit', () => {
  test('lets in the run that holds the slot, and nobody else', async () => {
    const plane = new ControlPlane();
    const { config } = plane.settings;
    await plane.take(plane.put('churn/training/a.csv', 'x\n1\n'));
    const [run] = plane.started;
    if (!run) throw new Error('no run was started');
    const plan = await admit({ run, executionArn: 'arn:1' }, config, plane.ports);
    expect(plan).toEqual({
      approval: 'automatic',
      approvalTimeoutSeconds: 604_800,
      learners: ['gradient-boosted-trees'],
    });
    expect((await plane.registry.run(run.runId))?.status).toBe('RUNNING');
    const stranger = { ...run, runId: 'by-hand' };
    await expect(admit({ run: stranger, executionArn: 'arn:2' }, config, plane.ports)).rejects.toThrow(
      `Run by-hand does not hold the slot of "churn"; run ${run.runId} does. Start runs by uploading data.`,
    );
  });
});
