import { describe, expect, test } from 'vitest';
import { byMinutes, byRequests, type Ending, type Setting } from '../../../bench/rollout/simulate.ts';
import { bursty, diurnal, sourceOf, steady, type Traffic } from '../../../bench/rollout/traffic.ts';
import { canary } from '../../../domain/rollout/strategy.ts';
import { binomialSf } from '../../../domain/statistics/special-functions.ts';
import { rolloutOf } from '../../support/rollout.ts';

/**
 * What rollouts promise, simulated: each rate is compared with its promise by an exact binomial test at 0.1 %, so that a
 * seed that is merely unlucky passes and a broken test does not. `bench/rollout` repeats it with many more.
 */
const atMost = (count: number, runs: number, promised: number) =>
  expect(binomialSf(count, runs, promised), `${count} of ${runs}, promised at most ${promised}`).toBeGreaterThan(0.001);

const { plan, guardrails } = rolloutOf(
  canary({
    steps: [10, 25, 50],
    bake: '2 minutes',
    guardrails: { predictions: false, quality: false },
    limit: { time: '30 days', end: 'hold' },
  }),
);

const usual: Traffic = { rps: steady(10), errorRate: () => 0.005 };

function run(traffic: Partial<Traffic>, runs: number, minutes: number, look = byMinutes): Ending[] {
  const setting: Setting = { plan, guardrails, traffic: { ...usual, ...traffic }, minutes };
  return Array.from({ length: runs }, (_, rollout) => look(setting, sourceOf(31, rollout)));
}

const count = (endings: readonly Ending[], action: Ending['action']) =>
  endings.filter((ending) => ending.action === action).length;

function medianMinutes(endings: readonly Ending[], action: Ending['action']) {
  const minutes = endings.filter((ending) => ending.action === action).map((ending) => ending.minutes);
  return minutes.sort((a, b) => a - b)[Math.floor(minutes.length / 2)] ?? Number.NaN;
}

const incident = (rate: number) => (minute: number) => (minute >= 6 && minute < 16 ? 0.2 : rate);

const SHAPES: [name: string, traffic: Partial<Traffic>, minutes: number][] = [
  ['1 rps', { rps: steady(1) }, 400],
  ['10 rps', {}, 120],
  ['100 rps', { rps: steady(100) }, 30],
  ['bursty', { rps: bursty(10) }, 120],
  ['one request a second, in bursts', { rps: bursty(1) }, 400],
  ['diurnal', { rps: diurnal(2) }, 600],
  ['an incident that hits both', { errorRate: incident(0.005) }, 200],
  ['both slower for a while', { slowness: (minute) => (minute >= 5 && minute < 20 ? 2 : 1) }, 200],
  ['errors of 0.2 %', { errorRate: () => 0.002 }, 120],
  ['errors of 2 %', { errorRate: () => 0.02 }, 120],
  ['errors of 10 %', { errorRate: () => 0.1 }, 200],
  ['errors that come and go', { errorRate: (minute) => (minute % 20 < 10 ? 0.001 : 0.03) }, 200],
];

/** Makes 7.5 % of the requests slower than the limit that 5 % of the champion's exceed: 2.5 points. */
const SLOWDOWN_OF_DELTA = 1.1082;

describe.each(SHAPES)('%s', (_, traffic, minutes) => {
  const runs = 400;

  test('an equal version is rolled back in at most 5 of 100 cases', () => {
    atMost(count(run(traffic, runs, minutes), 'ROLLBACK'), runs, 0.05);
  });

  test('one that fails a point more often is promoted in at most 5 of 100 cases', () => {
    atMost(count(run({ ...traffic, extraErrors: 0.01 }, runs, minutes), 'PROMOTE'), runs, 0.05);
  });

  test('so is one that is too slow by 2.5 points', () => {
    if (traffic.slowness) return;
    atMost(count(run({ ...traffic, slowdown: SLOWDOWN_OF_DELTA }, runs, minutes), 'PROMOTE'), runs, 0.05);
  });
});

describe('at ten requests a second', () => {
  const runs = 300;

  test('an equal version is promoted within 15 minutes in half of the cases, and nearly always in the end', () => {
    const endings = run({}, runs, 240);
    expect(medianMinutes(endings, 'PROMOTE')).toBeLessThanOrEqual(15);
    expect(count(endings, 'PROMOTE')).toBeGreaterThan(0.93 * runs);
  });

  test('one that fails 3 points more often is stopped within 5 minutes in half of the cases', () => {
    const endings = run({ extraErrors: 0.03 }, runs, 240);
    expect(medianMinutes(endings, 'ROLLBACK')).toBeLessThanOrEqual(5);
    expect(count(endings, 'ROLLBACK')).toBe(runs);
  });

  test('a harmful version gets 25 % of the traffic in at most 1 of 4 cases, 50 % in 1 of 10', () => {
    const endings = run({ extraErrors: 0.01 }, runs, 240);
    const reached = (weight: number) => endings.filter((ending) => ending.weight >= weight).length;
    atMost(reached(25), runs, 0.25);
    atMost(reached(50), runs, 0.1);
  });

  test('without traffic it is held', () => {
    const [only] = run({ rps: steady(0) }, 1, 600);
    expect(only).toEqual({ action: 'HOLD', minutes: 600, exposed: 0, weight: 10 });
  });
});

describe('looked at after every single request', () => {
  const runs = 100;

  test('an equal version is rolled back in at most 5 of 100 cases, and is promoted', () => {
    const endings = run({}, runs, 60, byRequests);
    atMost(count(endings, 'ROLLBACK'), runs, 0.05);
    expect(count(endings, 'PROMOTE')).toBeGreaterThan(0.8 * runs);
  });

  test('one that fails a point more often is promoted in at most 5 of 100 cases', () => {
    atMost(count(run({ extraErrors: 0.01 }, runs, 60, byRequests), 'PROMOTE'), runs, 0.05);
  });
});
