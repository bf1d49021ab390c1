import { beforeEach, describe, expect, test } from 'vitest';
import { startComparison } from '../../domain/rollout/comparison.ts';
import { analyse } from '../../lambdas/rollout/analyse.ts';
import { rollBack } from '../../lambdas/rollout/end.ts';
import { MOST_COPIES, mirror } from '../../lambdas/rollout/mirror.ts';
import { promote } from '../../lambdas/rollout/promote.ts';
import { release } from '../../lambdas/rollout/release.ts';
import type { LiveRequest } from '../../lambdas/shared/captured-requests.ts';
import { type Machine, rolloutMachine } from '../support/rollout-machine.ts';

const scored = (score: number) => ({ label: score > 0.5 ? 'yes' : 'no', score });

/** Requests of a minute, which the champion answers in a millisecond. */
const asked = (minute: number, count = 20): LiveRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `request-${minute}-${index}`,
    at: new Date(minute * 60_000).toISOString(),
    minute,
    instances: [{ plan: index % 2 ? 'gold' : 'basic' }],
    predictions: [scored(0.3)],
    partial: false,
    latencyMs: 1,
  }));

const answers = (score: number, latencyMs = 1) => ({ challenger: [scored(score)], latencyMs });
const ROLLOUT = { champion: '2', challenger: '3', share: 1, comparison: startComparison() };

describe('mirror()', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = rolloutMachine();
  });
  const mirrored = (count: number, share = 1) => {
    machine.requests.asked = (minute) => asked(minute, count);
    return mirror({ ...ROLLOUT, share }, { from: 5, to: 6 }, machine.ports());
  };

  test('asks the challenger what callers asked the champion, and nobody else', async () => {
    const seen: unknown[] = [];
    machine.traffic.copies = (functionVersion, instances) => {
      seen.push([functionVersion, instances]);
      return answers(0.3);
    };
    await mirrored(3);
    expect(seen).toEqual([
      ['3', [{ plan: 'basic' }]],
      ['3', [{ plan: 'gold' }]],
      ['3', [{ plan: 'basic' }]],
    ]);
  });

  test('counts both versions on the same requests', async () => {
    machine.traffic.copies = (_version, [instance]) =>
      (instance as { plan: string }).plan === 'gold'
        ? { challenger: { failure: 'Error: no rule for gold' }, latencyMs: 9 }
        : answers(0.4, 5);
    const { seen, comparison } = await mirrored(4);
    expect(seen.get(5)).toEqual([
      { requests: 4, errors: 2, latenciesMs: expect.arrayContaining([5, 5, 9, 9]), predictions: [0.4, 0.4] },
      { requests: 4, errors: 0, latenciesMs: [1, 1, 1, 1], predictions: [0.3, 0.3] },
    ]);
    expect(comparison.requests).toEqual({ copied: 4, unanswered: 2, leftOut: 0 });
  });

  test('copies the configured share, and no more than a look can send', async () => {
    machine.traffic.copies = () => answers(0.3);
    const { comparison: half } = await mirrored(1_000, 0.5);
    expect(Math.abs(half.requests.copied - 500)).toBeLessThan(70);
    const { comparison: busy } = await mirrored(20_000);
    expect(Math.abs(busy.requests.copied - MOST_COPIES)).toBeLessThan(150);
    expect(busy.requests.copied + busy.requests.leftOut).toBe(20_000);
  });

  test('holds nothing against the challenger that Lambda could not deliver', async () => {
    machine.traffic.copies = (_version, [instance]) => {
      if ((instance as { plan: string }).plan === 'gold') throw new Error('TooManyRequestsException');
      return answers(0.3);
    };
    const { seen, comparison } = await mirrored(10);
    expect(comparison.requests).toEqual({ copied: 5, unanswered: 0, leftOut: 5 });
    expect(seen.get(5)?.map(({ requests, errors }) => [requests, errors])).toEqual([
      [5, 0],
      [5, 0],
    ]);
  });

  test('does not compare the time of a part of a request with that of the whole', async () => {
    machine.traffic.copies = () => answers(0.3);
    machine.requests.asked = (minute) => asked(minute, 2).map((request) => ({ ...request, partial: true }));
    const { seen } = await mirror(ROLLOUT, { from: 5, to: 6 }, machine.ports());
    expect(seen.get(5)?.map(({ latenciesMs }) => latenciesMs)).toEqual([[], []]);
  });
});

describe('a shadow rollout', () => {
  let machine: Machine;
  let token: number;
  const begin = async (overrides: object = {}) => {
    machine = rolloutMachine({
      strategy: { kind: 'shadow', for: '30 minutes', guardrails: { predictions: false, quality: false }, ...overrides },
    });
    token = await machine.underWay();
    machine.requests.asked = asked;
    machine.traffic.copies = () => answers(0.32);
  };
  const record = async () => machine.plane.registry.rollout(token);

  test('leaves the champion all the traffic, and promotes on the evidence of copies when its time is over', async () => {
    await begin();
    const before = { ...machine.traffic.alias };
    expect(machine.traffic.pointed()).toEqual({ functionVersion: '2', weights: {} });
    const end = await machine.loop(token);
    expect(end).toMatchObject({ action: 'PROMOTE', cause: 'SAFE' });
    expect(machine.traffic.alias).toEqual(before);
    expect(machine.minute).toBeGreaterThanOrEqual(30);
    await promote({ token }, machine.ports());
    await release({ owner: 'second' }, machine.ports());
    expect(machine.cards.at(-1)?.comparison?.all).toMatchObject({ unanswered: 0 });
    expect(machine.cards.at(-1)?.sentences.join(' ')).toContain('100.0 % got the same answer');
  });

  test('is rolled back as soon as copies show harm, and the version is rejected', async () => {
    await begin();
    machine.traffic.copies = (_version, [instance]) =>
      (instance as { plan: string }).plan === 'gold'
        ? { challenger: { failure: 'Error: no rule for gold' }, latencyMs: 1 }
        : answers(0.3);
    expect(await machine.loop(token)).toMatchObject({ action: 'ROLLBACK', cause: 'HARM' });
    expect(machine.minute).toBeLessThan(30);
    await rollBack({ owner: 'second', failure: null }, machine.ports());
    expect((await machine.plane.registry.version(2))?.stage).toBe('REJECTED');
    expect((await record())?.comparison?.slices).toContainEqual(
      expect.objectContaining({ column: 'plan', value: 'gold', same: 0 }),
    );
  });

  test('is rolled back when copies take longer', async () => {
    await begin();
    machine.traffic.copies = () => answers(0.3, 40);
    expect(await machine.loop(token)).toMatchObject({ action: 'ROLLBACK', cause: 'HARM', why: /latency/ });
  });

  test('without requests holds until its limit, and is never promoted', async () => {
    await begin();
    machine.requests.asked = () => [];
    expect(await machine.loop(token, 2_000)).toMatchObject({ action: 'ROLLBACK', cause: 'LIMIT' });
    expect(machine.minute).toBeGreaterThanOrEqual(24 * 60);
  });

  test('asks a person afterwards where that is configured, and harm still rolls it back', async () => {
    await begin({ end: 'ask' });
    machine.minute += 31;
    await analyse({ token }, machine.ports());
    machine.minute += 1;
    expect(await analyse({ token }, machine.ports())).toMatchObject({
      action: 'HOLD',
      cause: 'ASK',
      waitSeconds: 3_600,
    });
    expect(machine.plane.told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 waits for your decision']);
    machine.minute += 3 * 24 * 60;
    expect(await analyse({ token }, machine.ports())).toMatchObject({ action: 'HOLD', cause: 'ASK' });
    machine.traffic.copies = () => ({ challenger: { failure: 'Error: out of memory' }, latencyMs: null });
    machine.minute += 60;
    expect(await analyse({ token }, machine.ports())).toMatchObject({ action: 'ROLLBACK', cause: 'HARM' });
  });

  test('counts a look that is repeated once', async () => {
    await begin();
    machine.minute += 10;
    await analyse({ token }, machine.ports());
    await analyse({ token }, machine.ports());
    expect((await record())?.comparison?.requests.copied).toBe(8 * 20);
  });
});
