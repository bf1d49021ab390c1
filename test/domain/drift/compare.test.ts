import { describe, expect, test } from 'vitest';
import { type Table, trainingProfile, windowProfile } from '../../../bench/drift/values.ts';
import { USUAL } from '../../../bench/drift/watch.ts';
import { compareWindow, type WindowInput } from '../../../domain/drift/compare.ts';
import { driftSettings } from '../../../domain/drift/settings.ts';
import { emptyMonitorState, type MonitorState, monitorStateSchema } from '../../../domain/drift/state.ts';
import { type WindowVerdict, windowVerdictSchema } from '../../../domain/drift/verdict.ts';
import { emptyProfile, mergeProfiles, type Profile } from '../../../domain/profile.ts';
import { random } from '../../../domain/statistics/random.ts';
import { monitoringSchema } from '../../../domain/watch-config.ts';

const PLANS = ['basic', 'family', 'business'];

/** Rows of a phone company; `change` may replace any of the values. */
function rows(count: number, seed: number, change: (row: Row, index: number) => Partial<Row> = () => ({})): Table {
  const source = random(seed);
  const all = Array.from({ length: count }, (_, index): Row => {
    const row = {
      age: 40 + 12 * source.normal(),
      spend: Math.exp(3 + source.normal()),
      sensor: 20 + source.normal(),
      plan: PLANS[Math.floor(3 * source.uniform() ** 1.5)] ?? 'basic',
    };
    return { ...row, ...change(row, index) };
  });
  return {
    age: all.map((row) => row.age),
    spend: all.map((row) => row.spend),
    sensor: all.map((row) => row.sensor),
    plan: all.map((row) => row.plan),
  };
}
interface Row {
  readonly age: number | null;
  readonly spend: number | null;
  readonly sensor: number | null;
  readonly plan: string | null;
}

const reference = trainingProfile(rows(8_000, 1));
const windowOf = (table: Table) => windowProfile(reference, table);

function look(window: Profile, input: Partial<WindowInput> = {}) {
  const settings = { ...USUAL, ...input.settings };
  return compareWindow({
    id: '2026-11-23T10:00Z',
    reference,
    window,
    predictions: null,
    state: emptyMonitorState,
    ...input,
    settings,
  });
}
const featureOf = ({ features }: WindowVerdict, name: string) => {
  const found = features.find((feature) => feature.name === name);
  if (!found) throw new Error(`no verdict of ${name}`);
  return found;
};

/** A column that alerted before. */
const raised = (name: string) => ({ name, evidence: [], since: 'window 0', cleared: 0, sides: [], carried: null });

describe('a window', () => {
  test('like training is fine, and what is stored of it can be read', () => {
    const { verdict, state } = look(windowOf(rows(500, 2)));
    expect(verdict).toMatchObject({ signal: 'NONE', alerts: [], suspects: [], data: { signal: 'NONE', findings: [] } });
    expect(verdict.budget).toEqual({ windows: 2_184, features: 4 });
    expect(windowVerdictSchema.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
    expect(monitorStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });

  test('in which a feature moved alerts with what moved, how far, and since when', () => {
    const older = windowOf(rows(600, 3, (row) => ({ age: (row.age ?? 0) + 9 })));
    const { verdict } = look(older, {
      importance: [
        { column: 'age', importance: 3 },
        { column: 'spend', importance: 1 },
      ],
    });
    expect(verdict).toMatchObject({ signal: 'ALERT', alerts: ['age'] });
    const age = featureOf(verdict, 'age');
    expect(age).toMatchObject({ fresh: true, since: '2026-11-23T10:00Z', direction: 'up', importance: 0.75 });
    expect(age.psi).toBeGreaterThan(age.atLeast ?? 1);
    expect(age.atLeast).toBeGreaterThan(0.3);
    expect(age.evidence).toBeGreaterThanOrEqual(age.needed);
    expect(age.weight).toBeCloseTo(0.75 * Math.sqrt(age.psi ?? 0), 10);
    expect(age.sentence).toMatch(
      /^"age" rose: mean 39\.\d+ to 4\d\.\d+ \(\+0\.7\d+ σ\); \d\d\.\d % are above 4\d\.\d+, \d\d\.\d % in training$/,
    );
  });

  test('of features that moved names first what matters most to the model', () => {
    const moved = windowOf(rows(600, 4, (row) => ({ age: (row.age ?? 0) + 12, spend: 2 * (row.spend ?? 0) })));
    const importance = (age: number) => ({
      importance: [
        { column: 'age', importance: age },
        { column: 'spend', importance: 1 },
      ],
    });
    expect(look(moved, importance(0.1)).verdict.alerts).toEqual(['spend', 'age']);
    expect(look(moved, importance(10)).verdict.alerts).toEqual(['age', 'spend']);
  });

  test('tells a spread from a shift, and levels by name', () => {
    const odd = windowOf(
      rows(800, 5, (row, index) => ({
        age: 40 + 1.7 * ((row.age ?? 0) - 40),
        spend: (row.spend ?? 0) / 2,
        plan: index % 2 ? 'business' : row.plan,
      })),
    );
    const { verdict } = look(odd);
    expect(featureOf(verdict, 'age')).toMatchObject({ direction: 'wider' });
    expect(featureOf(verdict, 'age').sentence).toMatch(
      /^"age" spread out: .*standard deviation 1[12]\.\d+ to (19|20|21)/,
    );
    expect(featureOf(verdict, 'spend')).toMatchObject({ direction: 'down' });
    expect(featureOf(verdict, 'plan').sentence).toMatch(
      /^"plan" is divided otherwise: "business" 2\d\.\d % to 6\d\.\d %/,
    );
  });

  test('in which a value that never changed is less now says that it fell', () => {
    const still = trainingProfile({ level: Array.from({ length: 2_000 }, (_, index) => (index % 50 === 0 ? 5 : 4)) });
    const lower = windowProfile(still, { level: Array.from({ length: 400 }, (_, index) => (index % 3 === 0 ? 4 : 2)) });
    const { verdict } = look(lower, { reference: still, state: { ...emptyMonitorState, features: [raised('level')] } });
    expect(verdict.features[0]).toMatchObject({
      direction: 'down',
      sentence: expect.stringMatching(
        /^"level" fell: mean 4\.0\d\d to 2\.\d+ .*66\.5 % are below 4\.000, 0\.0 % in training$/,
      ),
    });
  });

  test('of no rows says nothing', () => {
    const { verdict, state } = look(emptyProfile(reference));
    expect(verdict.signal).toBe('INSUFFICIENT');
    expect(verdict.data.signal).toBe('NONE');
    expect(featureOf(verdict, 'age').psi).toBeNull();
    expect(monitorStateSchema.parse(state)).toEqual(state);
  });

  test('of millions of rows is judged as any other', () => {
    const window = windowOf(rows(5_000, 6));
    let many: Profile = window;
    for (let doubling = 0; doubling < 11; doubling += 1) many = mergeProfiles(many, many);
    const { verdict } = look(many);
    expect(verdict.rows).toBe(5_000 * 2 ** 11);
    expect(verdict.signal).toBe('NONE');
    expect(
      look({ ...many, features: windowOf(rows(5_000, 7, (row) => ({ age: 1.02 * (row.age ?? 0) }))).features }).verdict
        .signal,
    ).toBe('NONE');
  });

  test('says the same of parts that are merged, in whatever order they came', () => {
    const table = rows(900, 8, (row) => ({ spend: 1.3 * (row.spend ?? 0) }));
    const part = (from: number, to: number) =>
      windowOf(Object.fromEntries(Object.entries(table).map(([name, values]) => [name, values.slice(from, to)])));
    const whole = JSON.stringify(look(windowOf(table)));
    const parts = [part(0, 10), part(10, 500), part(500, 501), part(501, 900)];
    expect(JSON.stringify(look(parts.reduce(mergeProfiles)))).toBe(whole);
    expect(JSON.stringify(look(parts.reduceRight(mergeProfiles)))).toBe(whole);
  });
});

describe('small windows', () => {
  test('are carried until there are enough rows, and then judged as one', () => {
    let state: MonitorState = emptyMonitorState;
    const verdicts = [20, 21, 22, 23].map((seed) => {
      const outcome = look(windowOf(rows(70, seed, (row) => ({ age: (row.age ?? 0) + 20 }))), {
        id: `window ${seed}`,
        state: monitorStateSchema.parse(JSON.parse(JSON.stringify(state))),
      });
      state = outcome.state;
      return featureOf(outcome.verdict, 'age');
    });
    expect(verdicts.map(({ signal }) => signal)).toEqual(['INSUFFICIENT', 'INSUFFICIENT', 'ALERT', 'ALERT']);
    expect(verdicts.map(({ n }) => n)).toEqual([70, 140, 210, 70]);
    expect(verdicts[2]).toMatchObject({ windows: 3, since: 'window 22' });
    expect(state.features[0]?.carried).toMatchObject({ windows: 1, counts: { n: 70 } });
  });

  test('need ten values a bin, however many levels there are', () => {
    const levels = Array.from({ length: 6_000 }, (_, index) => `level ${index % 60}`);
    const wide = trainingProfile({ level: levels });
    const verdict = (count: number) =>
      look(windowProfile(wide, { level: levels.slice(0, count) }), { reference: wide }).verdict.features[0];
    expect(verdict(600)).toMatchObject({ signal: 'INSUFFICIENT', needs: 610 });
    expect(verdict(610)).toMatchObject({ signal: 'NONE' });
  });
});

describe('drift that stays', () => {
  const shifted = (seed: number) => windowOf(rows(400, seed, (row) => ({ age: (row.age ?? 0) + 6 })));

  function follow(windows: readonly Profile[]) {
    let state: MonitorState = emptyMonitorState;
    return windows.map((window, index) => {
      const outcome = look(window, { id: `window ${index}`, state });
      state = outcome.state;
      return featureOf(outcome.verdict, 'age');
    });
  }

  test('keeps being seen since its first window, and ends when windows speak against it', () => {
    const windows = Array.from({ length: 40 }, (_, index) =>
      index < 5 || index >= 30 ? windowOf(rows(400, 50 + index)) : shifted(50 + index),
    );
    const verdicts = follow(windows);
    const first = verdicts.findIndex(({ signal }) => signal === 'ALERT');
    expect(first).toBeGreaterThanOrEqual(5);
    expect(first).toBeLessThan(8);
    for (const verdict of verdicts.slice(first, 30))
      expect(verdict).toMatchObject({ signal: 'ALERT', since: `window ${first}` });
    // Evidence starts again after an alert, and alerts again while the drift lasts.
    expect(verdicts.slice(first, 30).filter(({ fresh }) => fresh).length).toBeGreaterThan(5);
    const over = verdicts.findIndex(({ signal }, index) => index >= 30 && signal !== 'ALERT');
    expect(over).toBeLessThan(36);
    expect(verdicts.slice(over).every(({ since }) => since === null)).toBe(true);
  });

  test('does not end with one window that looks well, nor with an empty one', () => {
    const verdicts = follow([shifted(70), shifted(71), windowOf(rows(200, 72)), emptyProfile(reference), shifted(73)]);
    expect(verdicts.map(({ signal }) => signal)).toEqual(['ALERT', 'ALERT', 'ALERT', 'ALERT', 'ALERT']);
    expect(new Set(verdicts.map(({ since }) => since))).toEqual(new Set(['window 0']));
  });
});

describe('predictions', () => {
  const scores = (count: number, seed: number, shift = 0) => {
    const source = random(seed);
    return { score: Array.from({ length: count }, () => 1 / (1 + Math.exp(-source.normal() - shift))) };
  };
  const usual = trainingProfile(scores(4_000, 30));
  const column = usual.features[0];
  const predicted = (count: number, seed: number, shift?: number) => {
    const window = windowProfile(usual, scores(count, seed, shift)).features[0];
    if (!column || !window) throw new Error('no column of predictions');
    return { reference: column, window };
  };

  test('are held against those on the test rows, with a budget of their own', () => {
    const { verdict } = look(windowOf(rows(600, 31)), { predictions: predicted(600, 32) });
    expect(verdict.prediction).toMatchObject({ signal: 'NONE', needed: 6 * 2_184, sides: [] });
    const moved = look(windowOf(rows(600, 31)), { predictions: predicted(600, 33, 0.7) }).verdict;
    expect(moved).toMatchObject({ signal: 'NONE', prediction: { signal: 'ALERT', direction: 'up' } });
  });

  test('of a loss that probabilities expect, the difference to the test rows is shown', () => {
    const { verdict } = look(windowOf(rows(300, 34)), {
      expectedLoss: { reference: { n: 1_000, expected: 120, losses: 130 }, window: { n: 500, expected: 90 } },
    });
    expect(verdict.expectedLoss?.estimate).toBeCloseTo(0.19, 10);
    expect(verdict.signal).toBe('NONE');
  });
});

test('the settings of a model give the budget in windows', () => {
  const monitoring = monitoringSchema.parse({
    every: '6 hours',
    capture: { redact: ['name'] },
    drift: { ignore: ['day'] },
  });
  expect(driftSettings(monitoring)).toEqual({
    delta: 0.02,
    falseAlarmWindows: 364,
    ignore: ['day'],
    redacted: ['name'],
  });
});

test('whatever was seen, its numbers fit into an item of the table', () => {
  let state = emptyMonitorState;
  const numbers: number[] = [];
  const collect = (_: string, value: unknown) => {
    if (typeof value === 'number') numbers.push(Math.abs(value));
    return value;
  };
  const still = windowOf(rows(5_000, 90));
  const far = windowOf(rows(5_000, 91, () => ({ age: 1e300, spend: 5e-320 })));
  const few = windowOf(rows(50, 92, () => ({ age: -1e308, spend: 5e-324 })));
  for (const window of [far, mergeProfiles(still, still), still, few]) {
    const outcome = look(window, { state });
    state = outcome.state;
    JSON.stringify(outcome, collect);
  }
  expect(Math.max(...numbers)).toBeLessThan(1e125);
  expect(Math.min(...numbers.filter((number) => number > 0))).toBeGreaterThan(1e-125);
});
