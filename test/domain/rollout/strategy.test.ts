import { describe, expect, test } from 'vitest';
import {
  allAtOnce,
  blueGreen,
  canary,
  evidenceToReach,
  linear,
  plan,
  type StrategyInput,
  shadow,
  strategySchema,
} from '../../../domain/rollout/strategy.ts';

const planOf = (input: StrategyInput) => plan(strategySchema.parse(input));
const stepsOf = (input: StrategyInput) => planOf(input).steps.map(({ weight, bakeMs }) => [weight, bakeMs]);
const MINUTE = 60_000;
const DAY = 86_400_000;

describe('plan()', () => {
  test('canary: the steps as they are, the promotion after the last', () => {
    expect(stepsOf(canary({ steps: [10, 50], bake: '10 minutes' }))).toEqual([
      [10, 10 * MINUTE],
      [50, 10 * MINUTE],
    ]);
  });

  test.each([
    [25, [25, 50, 75]],
    [30, [30, 60, 90]],
    [99, [99]],
  ])('linear by %d', (by, weights) => {
    expect(stepsOf(linear({ by, every: '5 minutes' }))).toEqual(weights.map((weight) => [weight, 5 * MINUTE]));
  });

  test('blue-green and all-at-once compare nothing; shadow gives the challenger copies only', () => {
    expect(planOf(blueGreen({ bake: '1 hour' }))).toMatchObject({ compared: false, steps: [{ weight: 100 }] });
    expect(planOf(allAtOnce())).toMatchObject({ compared: false, steps: [] });
    expect(planOf(shadow({ for: '1 day', sample: 0.5 }))).toMatchObject({
      compared: true,
      steps: [{ weight: 0, bakeMs: DAY, copies: 0.5 }],
    });
  });

  test('the limit is three times the baking and at least a day, unless it is set', () => {
    expect(planOf(canary({ steps: [10], bake: '10 minutes' })).limit).toEqual({
      ms: DAY,
      requests: null,
      end: 'rollback',
    });
    expect(planOf(linear({ by: 10, every: '2 hours' })).limit.ms).toBe(9 * 3 * 2 * 60 * MINUTE);
    const limit = { time: '3 hours', requests: 5000, end: 'ask' } as const;
    expect(planOf(canary({ steps: [10], bake: '10 minutes', limit })).limit).toEqual({
      ms: 180 * MINUTE,
      requests: 5000,
      end: 'ask',
    });
  });
});

test('a parsed strategy parses to itself: it travels as JSON', () => {
  for (const input of [
    canary({ steps: [1, 10], bake: '90 s', guardrails: { latency: false } }),
    shadow({ for: '1 day' }),
    blueGreen({ bake: 1000 }),
  ]) {
    const strategy = strategySchema.parse(input);
    expect(strategySchema.parse(JSON.parse(JSON.stringify(strategy)))).toEqual(strategy);
  }
});

test.each<[string, StrategyInput, string]>([
  ['weights that fall', canary({ steps: [50, 10], bake: '1 minute' }), 'expected weights that rise from step to step'],
  ['a step of everything', canary({ steps: [10, 100], bake: '1 minute' }), 'expected number to be <100'],
  [
    'a limit within the baking',
    canary({ steps: [10, 50], bake: '1 hour', limit: { time: '2 hours' } }),
    'expected more than the 7200000 ms that its steps last',
  ],
  [
    'no guardrail that a promotion needs',
    canary({ steps: [10], bake: '1 minute', guardrails: { errors: false, latency: false, predictions: false } }),
    'expected a guardrail that a promotion needs',
  ],
])('%s are refused', (_, input, message) => {
  expect(strategySchema.safeParse(input).error?.message).toContain(message);
});

test.each([
  [10, 2],
  [25, 4],
  [50, 10],
  [60, 20],
  [100, 20],
])('%d %% of the traffic asks for evidence of %d', (weight, evidence) => {
  expect(evidenceToReach(weight, 0.05)).toBeCloseTo(evidence, 10);
  expect(evidenceToReach(weight, 0.5)).toBe(2);
});
