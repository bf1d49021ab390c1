import { describe, expect, test } from 'vitest';
import { requestsNeeded } from '../../../domain/rollout/pace.ts';
import {
  type Arms,
  baseRate,
  harmIncrement,
  information,
  nearestHarm,
  safeIncrement,
} from '../../../domain/rollout/two-arm.ts';

const arms = (challenger: [n: number, bad: number], champion: [n: number, bad: number]): Arms => ({
  challenger: { n: challenger[0], bad: challenger[1] },
  champion: { n: champion[0], bad: champion[1] },
});

describe('the golden values of a minute with 600 and 5,400 requests', () => {
  test('the nearest harmful point', () => {
    expect(nearestHarm(600, 5400, 0.005, 0.01)).toBeCloseTo(0.00465572337, 11);
  });

  test.each([
    [2, 3.74811769, -3.12653334],
    [12, -7.1033289, 6.12732963],
  ])('%d bad requests', (bad, safe, harm) => {
    const tick = arms([600, bad], [5400, 27]);
    expect(safeIncrement(tick, 0.005, 0.01)).toBeCloseTo(safe, 7);
    expect(harmIncrement(tick, 0.005, 0.01)).toBeCloseTo(harm, 7);
  });
});

/** The expectation of exp(increment) over all outcomes of a tick, exactly. */
function expectation(
  increment: typeof safeIncrement,
  [n, m]: [number, number],
  [p, q]: [number, number],
  [base, delta]: [number, number],
) {
  const chances = (trials: number, share: number) => {
    const found = [(1 - share) ** trials];
    for (let k = 1; k <= trials; k += 1)
      found.push(((found[k - 1] ?? 0) * (trials - k + 1) * share) / (k * (1 - share)));
    return found;
  };
  return chances(n, p).reduce(
    (sum, own, bad) =>
      sum +
      own *
        chances(m, q).reduce(
          (inner, other, worse) => inner + other * Math.exp(increment(arms([n, bad], [m, worse]), base, delta)),
          0,
        ),
    0,
  );
}

describe('no factor gains on average under its null, wherever the base rate really is', () => {
  const rates = [0.001, 0.02, 0.1, 0.4, 0.8];
  const sizes: [number, number][] = [
    [1, 9],
    [6, 54],
    [20, 20],
    [30, 3],
  ];
  const bets: [number, number][] = [
    [0.005, 0.01],
    [0.05, 0.025],
    [0.5, 0.01],
    [0.97, 0.05],
  ];
  test.each(sizes)('%d challengers beside %d', (n, m) => {
    for (const base of bets) {
      for (const rate of rates) {
        const delta = base[1];
        for (const worse of [0, 0.05])
          expect(expectation(safeIncrement, [n, m], [rate + delta + worse, rate], base)).toBeLessThan(1 + 1e-9);
        for (const better of [0, rate / 2])
          expect(expectation(harmIncrement, [n, m], [rate - better, rate], base)).toBeLessThan(1 + 1e-9);
      }
    }
  });
});

test('a tick in which one version answered nothing tells nothing', () => {
  for (const tick of [arms([0, 0], [50, 3]), arms([5, 1], [0, 0]), arms([0, 0], [0, 0])]) {
    expect(safeIncrement(tick, 0.05, 0.01)).toBeCloseTo(0, 12);
    expect(harmIncrement(tick, 0.05, 0.01)).toBeCloseTo(0, 12);
  }
});

test('numbers stay finite at rates of nothing and of everything', () => {
  for (const base of [baseRate({ n: 1e6, bad: 0 }), baseRate({ n: 0, bad: 0 }), baseRate({ n: 1e6, bad: 1e6 })]) {
    for (const tick of [arms([10, 10], [10, 10]), arms([10, 0], [10, 0]), arms([10, 10], [10, 0])]) {
      expect(Number.isFinite(safeIncrement(tick, base, 0.01))).toBe(true);
      expect(Number.isFinite(harmIncrement(tick, base, 0.01))).toBe(true);
    }
  }
});

test('requestsNeeded() is ln(1/α)/KL, and about ln(1/α)/δ where the champion never fails', () => {
  expect(requestsNeeded(0.005, 0.01, 0.05)).toBe(658);
  expect(requestsNeeded(0, 0.01, 0.05)).toBe(299);
  const pace = information({ challenger: 1e-6, champion: 1 }, 0.005, 0.01) / 1e-6;
  expect(Math.log(20) / pace).toBeCloseTo(657.3, 0);
});
