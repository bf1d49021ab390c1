import { describe, expect, test } from 'vitest';
import { byMinutes, byRequests, type Ending, type Setting } from '../../../bench/rollout/simulate.ts';
import { bursty, diurnal, sourceOf, steady, type Traffic } from '../../../bench/rollout/traffic.ts';
import { type Observation, observe, startEvidence } from '../../../domain/rollout/evidence.ts';
import type { Guardrail } from '../../../domain/rollout/guardrail.ts';
import { canary } from '../../../domain/rollout/strategy.ts';
import { type Random, random } from '../../../domain/statistics/random.ts';
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
  ['no errors', { errorRate: () => 0 }, 120],
  ['an hour of silence in the middle', { rps: (minute) => (minute >= 8 && minute < 68 ? 0 : 10) }, 180],
  ['a crowd after a quiet start', { rps: (minute) => (minute < 30 ? 0.05 : 100) }, 60],
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

  test('with a request an hour neither an equal nor a harmful version gets anywhere, whatever time passes', () => {
    for (const extraErrors of [0, 0.01]) {
      const endings = run({ rps: steady(1 / 3600), extraErrors }, 50, 3_000);
      expect(count(endings, 'HOLD')).toBe(50);
    }
  });
});

/** How often the evidence of one guardrail crosses 20 for the challenger, and 20 against it, at any of many looks. */
function crossings(guardrail: Guardrail, { runs, ticks }: { runs: number; ticks: number }, draw: () => Observation) {
  const crossed = { safe: 0, harm: 0 };
  for (let rollout = 0; rollout < runs; rollout += 1) {
    let state = startEvidence([guardrail]);
    let [safe, harm] = [-Infinity, -Infinity];
    for (let id = 0; id < ticks; id += 1) {
      const requests = { challenger: 1, champion: 1 };
      state = observe(state, { id, step: 0, requests, seen: { [guardrail.name]: draw() } });
      safe = Math.max(safe, state.watched[0]?.evidence.lnSafe ?? 0);
      harm = Math.max(harm, state.watched[0]?.evidence.lnHarm ?? 0);
    }
    crossed.safe += safe >= Math.log(20) ? 1 : 0;
    crossed.harm += harm >= Math.log(20) ? 1 : 0;
  }
  return crossed;
}

describe('predictions', () => {
  const guardrail: Guardrail = {
    kind: 'shift',
    name: 'predictions',
    required: true,
    delta: 0.02,
    harm: 0.1,
    bins: 20,
    overdispersion: 1,
  };
  const size = { runs: 150, ticks: 8 };

  /** Bin shares tilted so far that the index against equal shares is `psi`. */
  function tilted(psi: number): number[] {
    const at = (slope: number) => {
      const weights = Array.from({ length: 20 }, (_, bin) => Math.exp((slope * bin) / 20));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    };
    const index = (shares: readonly number[]) =>
      shares.reduce((sum, share) => sum + (share - 0.05) * Math.log(share / 0.05), 0);
    let [low, high] = [0, 5];
    for (let step = 0; step < 50; step += 1) {
      const middle = (low + high) / 2;
      if (index(at(middle)) < psi) low = middle;
      else high = middle;
    }
    return at(low);
  }

  const draw = (psi: number, source: Random, champions = 1200) => {
    const [moved, equal] = [tilted(psi), tilted(0)];
    const counts = (shares: readonly number[], rows: number) => {
      const edges = shares.map((_, bin) => shares.slice(0, bin + 1).reduce((sum, share) => sum + share, 0));
      const found = new Array<number>(20).fill(0);
      for (let row = 0; row < rows; row += 1) {
        const at = source.uniform();
        const bin = edges.findIndex((edge) => at < edge);
        found[bin < 0 ? 19 : bin] = (found[bin < 0 ? 19 : bin] ?? 0) + 1;
      }
      return found;
    };
    return (): Observation => ({ kind: 'shift', challenger: counts(moved, 400), champion: counts(equal, champions) });
  };

  test('that are as far off as tolerated roll back in at most 5 of 100 cases', () => {
    atMost(crossings(guardrail, size, draw(0.02, random(41))).harm, size.runs, 0.05);
  });

  test.each([400, 1200])(
    'that moved as far as matters are let through in at most 5 of 100 (%d of the champion)',
    (rows) => {
      atMost(crossings(guardrail, size, draw(0.1, random(42), rows)).safe, size.runs, 0.05);
    },
  );

  test('that agree are let through, that moved far are found', () => {
    expect(crossings(guardrail, { runs: 30, ticks: 3 }, draw(0, random(43)))).toEqual({ safe: 30, harm: 0 });
    expect(crossings(guardrail, { runs: 30, ticks: 3 }, draw(0.3, random(44)))).toEqual({ safe: 0, harm: 30 });
  });
});

describe('quality on the same rows', () => {
  const guardrail: Guardrail = { kind: 'pairs', name: 'quality', required: true, delta: 0.05 };
  const size = { runs: 300, ticks: 100 };
  /** Losses of 0 and 1 that differ on a tenth of the rows or more, `extra` more often against the challenger. */
  const draw = (extra: number, source: Random) => (): Observation => ({
    kind: 'pairs',
    differences: Array.from({ length: 10 }, () => {
      const at = source.uniform();
      return at < 0.05 + extra ? 1 : at > 0.95 ? -1 : 0;
    }),
  });

  test('equal: rolled back in at most 5 of 100 cases', () => {
    const crossed = crossings(guardrail, size, draw(0, random(45)));
    atMost(crossed.harm, size.runs, 0.05);
    expect(crossed.safe).toBeGreaterThan(0.9 * size.runs);
  });

  test('worse by delta: let through in at most 5 of 100 cases', () => {
    const crossed = crossings(guardrail, size, draw(0.05, random(46)));
    atMost(crossed.safe, size.runs, 0.05);
    expect(crossed.harm).toBeGreaterThan(0.9 * size.runs);
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
