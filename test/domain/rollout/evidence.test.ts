import { describe, expect, test } from 'vitest';
import { observe, rolloutStateSchema, startEvidence, type Tick, tickSchema } from '../../../domain/rollout/evidence.ts';
import { type Guardrail, guardrailsOf } from '../../../domain/rollout/guardrail.ts';
import { canary, strategySchema } from '../../../domain/rollout/strategy.ts';
import { baseRate, harmIncrement, safeIncrement } from '../../../domain/rollout/two-arm.ts';
import { random } from '../../../domain/statistics/random.ts';
import { populationShift, shiftLogDensity } from '../../../domain/statistics/relevance.ts';
import { minutes, observeAll, rolloutOf, tick } from '../../support/rollout.ts';

const { guardrails } = rolloutOf();
const evidenceOf = (name: string, state: ReturnType<typeof observeAll>) => {
  const found = state.watched.find(({ guardrail }) => guardrail.name === name)?.evidence;
  if (!found) throw new Error(`no ${name}`);
  return found;
};

describe('observe()', () => {
  test('adds both increments, with a base rate from earlier ticks only', () => {
    const ticks = [tick(0, { errors: [1, 30] }), tick(1, { errors: [2, 3] })];
    const errors = (id: number) => {
      const seen = ticks[id]?.seen.errors;
      if (seen?.kind !== 'share') throw new Error('no share');
      return seen;
    };
    const second = baseRate({ n: 540, bad: 30 });
    expect(evidenceOf('errors', observeAll(guardrails, ticks))).toMatchObject({
      lnSafe: safeIncrement(errors(0), 0.5, 0.01) + safeIncrement(errors(1), second, 0.01),
      lnHarm: harmIncrement(errors(0), 0.5, 0.01) + harmIncrement(errors(1), second, 0.01),
    });
  });

  test('what the champion did shortly before makes the first bet', () => {
    const before = { errors: { n: 1_000_000, bad: 5000 } };
    const { guardrails: informed } = rolloutOf(undefined, { before, predictions: null });
    const seen = tick(0).seen.errors;
    if (seen?.kind !== 'share') throw new Error('no share');
    expect(evidenceOf('errors', observeAll(informed, [tick(0)])).lnSafe).toBe(
      safeIncrement(seen, baseRate({ n: 1000, bad: 5 }), 0.01),
    );
  });

  test('a tick that comes again, or late, is not counted', () => {
    const once = observeAll(guardrails, [tick(0), tick(1), tick(3)]);
    expect(observeAll(guardrails, [tick(0), tick(0), tick(1), tick(0), tick(3), tick(2), tick(3)])).toEqual(once);
    expect(observe(once, tick(2))).toBe(once);
  });

  test('never changes the state that it is given', () => {
    const state = observeAll(guardrails, minutes(3));
    const before = JSON.stringify(state);
    observe(state, tick(3));
    expect(JSON.stringify(state)).toBe(before);
  });

  test('its state travels as JSON at any point, and stays small', () => {
    let [kept, sent] = [startEvidence(guardrails), startEvidence(guardrails)];
    for (const next of minutes(1000)) {
      kept = observe(kept, next);
      sent = rolloutStateSchema.parse(JSON.parse(JSON.stringify(observe(sent, tickSchema.parse(next)))));
    }
    expect(sent).toEqual(kept);
    expect(JSON.stringify(kept).length).toBeLessThan(10_000);
  });

  test('the trace keeps its ends and equal distances, however long it gets', () => {
    const { trace } = observeAll(guardrails, minutes(1000));
    const ticks = trace.points.map((point) => point.tick);
    expect(trace.points.length).toBeGreaterThan(40);
    expect(trace.points.length).toBeLessThanOrEqual(80);
    expect(new Set(ticks.slice(1).map((id, index) => id - (ticks[index] ?? 0)))).toEqual(new Set([trace.every]));
    expect(1000 - (ticks.at(-1) ?? 0)).toBeLessThanOrEqual(trace.every + 1);
  });

  test('requests are counted for the rollout and for its step', () => {
    const state = observeAll(guardrails, [tick(0), tick(1), tick(2, { step: 1, size: [300, 300] })]);
    expect(state.requests).toEqual({ challenger: 420, champion: 1380 });
    expect(state.step).toEqual({ index: 1, requests: { challenger: 300, champion: 300 } });
  });

  test('is loud about what is not watched or of another kind', () => {
    const start = startEvidence(guardrails);
    const pairs: Tick['seen'] = { errors: { kind: 'pairs', differences: [] } };
    expect(() => observe(start, { ...tick(0), seen: { quality: { kind: 'pairs', differences: [] } } })).toThrow(
      'tick 0 tells of "quality", which is not watched',
    );
    expect(() => observe(start, { ...tick(0), seen: pairs })).toThrow(
      'guardrail of kind share, the tick tells of pairs',
    );
  });
});

describe('ticks in which only one version answered', () => {
  const single = (id: number, own: boolean, bad: number, step = 0): Tick => ({
    ...tick(id, { step, size: own ? [1, 0] : [0, 1], errors: own ? [bad, 0] : [0, bad], latency: [0, 0] }),
  });

  test('are counted together until both have', () => {
    const ones = [single(0, false, 0), single(1, false, 1), single(2, false, 0), single(3, true, 1)];
    const together = tick(0, { size: [1, 3], errors: [1, 1], latency: [0, 0] });
    expect(evidenceOf('errors', observeAll(guardrails, ones))).toEqual(
      evidenceOf('errors', observeAll(guardrails, [together])),
    );
  });

  test('are not counted together over a new division of the traffic', () => {
    const state = observeAll(guardrails, [single(0, false, 1), single(1, true, 0, 1)]);
    expect(evidenceOf('errors', state)).toMatchObject({ lnSafe: 0, lnHarm: 0, champion: { n: 1, bad: 1 } });
  });
});

describe('predictions', () => {
  const watched = (accepted = 0): Guardrail[] =>
    guardrailsOf(strategySchema.parse(canary({ steps: [10], bake: '1 minute' })), {
      predictions: { bins: 10, accepted },
    }).filter(({ kind }) => kind === 'shift');
  const source = random(3);
  const histogram = (n: number, tilt: number) => {
    const counts = new Array<number>(10).fill(0);
    for (let row = 0; row < n; row += 1) {
      const bin = Math.floor(10 * source.uniform() ** (1 + tilt));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    return counts;
  };
  const run = (tilt: number, accepted = 0, ticks = 20) =>
    evidenceOf(
      'predictions',
      observeAll(
        watched(accepted),
        minutes(ticks, (id) => ({
          id,
          step: 0,
          requests: { challenger: 60, champion: 540 },
          seen: { predictions: { kind: 'shift', challenger: histogram(60, tilt), champion: histogram(540, 0) } },
        })),
      ),
    );

  test('count as the ratio of densities between what is hoped or feared and the bound', () => {
    const [challenger, champion] = [histogram(200, 0.2), histogram(1800, 0)];
    const seen: Tick['seen'] = { predictions: { kind: 'shift', challenger, champion } };
    const shift = populationShift(champion, challenger);
    const mean = (...indices: number[]) =>
      Math.log(indices.reduce((sum, index) => sum + Math.exp(shiftLogDensity(shift, index)), 0) / indices.length);
    const evidence = evidenceOf('predictions', observeAll(watched(), [{ ...tick(0), seen }]));
    expect(evidence.lnSafe).toBeCloseTo(mean(0, 0.02) - shiftLogDensity(shift, 0.1), 10);
    expect(evidence.lnHarm).toBeCloseTo(mean(0.05, 0.1, 0.25, 1) - shiftLogDensity(shift, 0.02), 10);
  });

  test('that agree are evidence against harm', () => {
    expect(run(0)).toMatchObject({ windows: 5 });
    expect(run(0).lnSafe).toBeGreaterThan(Math.log(20));
    expect(run(0).lnHarm).toBeLessThan(0);
  });

  test('that moved far are evidence of harm, unless the gates saw and accepted it', () => {
    expect(run(1).lnHarm).toBeGreaterThan(Math.log(60));
    expect(run(1).lnSafe).toBeLessThan(0);
    expect(run(1, 1).lnHarm).toBeLessThan(0);
  });

  test('wait for a window, and a window does not span two steps', () => {
    expect(run(1, 0, 3)).toMatchObject({ windows: 0, lnHarm: 0 });
    const ticks = minutes(8, (id) => ({
      id,
      step: id < 3 ? 0 : 1,
      requests: { challenger: 60, champion: 60 },
      seen: { predictions: { kind: 'shift', challenger: histogram(60, 0), champion: histogram(60, 0) } },
    }));
    expect(evidenceOf('predictions', observeAll(watched(), ticks))).toMatchObject({ windows: 1 });
  });

  test('in other bins are refused', () => {
    const seen: Tick['seen'] = { predictions: { kind: 'shift', challenger: [1, 2], champion: [1, 2] } };
    expect(() => observe(startEvidence(watched()), { ...tick(0), seen })).toThrow(
      'predictions: expected 10 bins, the challenger has 2',
    );
  });
});

describe('quality on the same rows', () => {
  const quality: Guardrail = { kind: 'pairs', name: 'quality', required: true, delta: 0.05 };
  const run = (difference: (row: number) => number) =>
    evidenceOf(
      'quality',
      observeAll(
        [quality],
        [
          {
            ...tick(0),
            seen: { quality: { kind: 'pairs', differences: Array.from({ length: 400 }, (_, row) => difference(row)) } },
          },
        ],
      ),
    );

  test('is the mean over the bets of their products', () => {
    const products = [0.05, 0.1, 0.2, 0.4, 0.8].map((bet) => (1 + bet * (0.05 - 0.1)) * (1 + bet * (0.05 + 0.2)));
    const state = observeAll(
      [quality],
      [
        { ...tick(0), seen: { quality: { kind: 'pairs', differences: [0.1] } } },
        { ...tick(1), seen: { quality: { kind: 'pairs', differences: [-0.2] } } },
      ],
    );
    const mean = products.reduce((sum, product) => sum + product, 0) / products.length;
    expect(evidenceOf('quality', state).lnSafe).toBeCloseTo(Math.log(mean), 12);
  });

  test('tells the equal from the worse', () => {
    expect(run(() => 0).lnSafe).toBeGreaterThan(Math.log(20));
    expect(run((row) => (row % 5 === 0 ? 1 : 0)).lnHarm).toBeGreaterThan(Math.log(20));
    expect(run((row) => (row % 5 === 0 ? 1 : 0)).lnSafe).toBeLessThan(0);
  });
});
