import { describe, expect, test } from 'vitest';
import { estimate } from '../../../domain/rollout/estimate.ts';
import { blueGreen, canary, shadow } from '../../../domain/rollout/strategy.ts';
import { MINUTE_MS, rolloutOf } from '../../support/rollout.ts';

const strategy = canary({ steps: [10, 25, 50], bake: '2 minutes', guardrails: { predictions: false } });
const rates = { errors: 0.005 };

describe('estimate()', () => {
  const { plan, guardrails } = rolloutOf(strategy);

  test('tells requests and time at the traffic of today', () => {
    const told = estimate(plan, guardrails, { requestsPerMinute: 600, rates });
    expect(told.least).toEqual({ errors: 658, latency: 592 });
    expect(told.slowest).toBe('errors');
    expect((told.ms ?? 0) / MINUTE_MS).toBeGreaterThan(6);
    expect((told.ms ?? 0) / MINUTE_MS).toBeLessThan(15);
    expect(told.sentences).toMatchInlineSnapshot(`
      [
        "At 600 requests a minute, an equal version is promoted after about 11 minutes and 1,341 requests to it. Evidence on errors takes longest.",
        "The limit is 24 hours.",
      ]
    `);
  });

  test('a tenth of the traffic takes nearly ten times as long, never less than the baking', () => {
    const [fast, slow] = [600, 60].map((requestsPerMinute) => estimate(plan, guardrails, { requestsPerMinute, rates }));
    expect((slow?.ms ?? 0) / (fast?.ms ?? 1)).toBeGreaterThan(7);
    expect(estimate(plan, guardrails, { requestsPerMinute: 1e6 }).ms).toBe(6 * MINUTE_MS);
    expect(estimate(plan, guardrails, { requestsPerMinute: 1e6 }).slowest).toBeNull();
  });

  test('says when the limit will not be enough, and what follows', () => {
    const { plan: short } = rolloutOf({ ...strategy, limit: { requests: 300, end: 'ask' } });
    const told = estimate(short, guardrails, { requestsPerMinute: 600 });
    expect(told.withinLimit).toBe(false);
    expect(told.sentences.at(-1)).toBe(
      'The limit is 24 hours and 300 requests: it will probably not be decided in it; then: a person is asked.',
    );
  });

  test('without traffic there is no time to tell', () => {
    expect(estimate(plan, guardrails, { requestsPerMinute: 0 })).toMatchObject({ ms: null, withinLimit: false });
  });
});

test('shadow with required quality: nobody knows when labels come', () => {
  const { plan, guardrails } = rolloutOf(shadow({ for: '1 hour', guardrails: { quality: { required: true } } }));
  expect(estimate(plan, guardrails, { requestsPerMinute: 100 })).toMatchObject({
    unknown: ['quality'],
    steps: [{ weight: 0 }],
  });
});

test('blue-green lasts as long as it bakes', () => {
  const { plan, guardrails } = rolloutOf(blueGreen({ bake: '1 hour' }));
  expect(estimate(plan, guardrails, { requestsPerMinute: 100 })).toMatchObject({ ms: 60 * MINUTE_MS, requests: 6000 });
});
