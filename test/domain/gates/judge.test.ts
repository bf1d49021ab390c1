import { describe, expect, test } from 'vitest';
import type { Evaluation } from '../../../domain/evaluation.ts';
import { defaultGates, judge } from '../../../domain/gates/judge.ts';
import type { Gate } from '../../../domain/model-config.ts';
import type { Scores } from '../../../domain/scores.ts';
import { random } from '../../../domain/statistics/random.ts';
import { binaryScores, evaluationOf, regressionScores } from '../../support/domain-builders.ts';

/** The verdict of one gate alone. */
function verdictOf(gate: Gate, scores: Scores, overrides: Partial<Evaluation> = {}) {
  const [verdict] = judge(evaluationOf(scores, overrides), scores, [gate]).verdicts;
  if (!verdict) throw new Error('no verdict');
  return verdict;
}

const good = binaryScores();
const first = { ...good, champion: null };
const atLeast = (overrides: Partial<Extract<Gate, { gate: 'at-least' }>>): Gate => ({
  gate: 'at-least',
  metric: 'auc',
  value: 0.75,
  mode: 'point',
  tolerance: 0,
  ...overrides,
});

describe('at-least', () => {
  const auc = { value: 0.76, lower: 0.73, upper: 0.79 };
  const logLoss = { value: 0.51, lower: 0.48, upper: 0.54 };
  const metrics = { challenger: { auc, logLoss }, champion: null };

  test.each([
    ['the point reaches it', atLeast({}), 'PASS'],
    ['the bound does not', atLeast({ mode: 'bound' }), 'FAIL'],
    ['the bound does within the tolerance', atLeast({ mode: 'bound', tolerance: 0.02 }), 'PASS'],
    ['the point misses it', atLeast({ value: 0.77 }), 'FAIL'],
    ['a loss is below', atLeast({ metric: 'logLoss', value: 0.52 }), 'PASS'],
    ['the upper bound of a loss is not', atLeast({ metric: 'logLoss', value: 0.52, mode: 'bound' }), 'FAIL'],
    ['the metric is not there', atLeast({ metric: 'f1' }), 'INSUFFICIENT'],
  ] as const)('%s: %s', (_, gate, status) => {
    expect(verdictOf(gate, first, { metrics }).status).toBe(status);
  });

  test('says what decided', () => {
    expect(verdictOf(atLeast({ mode: 'bound' }), first, { metrics }).sentence).toMatchInlineSnapshot(
      `"AUC is 0.760 (95 % interval 0.730 to 0.790); at least 0.75 is asked of the lower 95 % bound, which misses it."`,
    );
  });
});

describe('better-than-trivial', () => {
  const gate: Gate = { gate: 'better-than-trivial' };
  const source = random(9);

  test('passes a model that knows something, of every kind', () => {
    expect(verdictOf(gate, first).status).toBe('PASS');
    expect(verdictOf(gate, regressionScores()).status).toBe('PASS');
  });

  test('fails noise', () => {
    expect(verdictOf(gate, { ...first, challenger: first.truth.map(() => source.uniform()) }).status).toBe('FAIL');
    const line = regressionScores();
    expect(verdictOf(gate, { ...line, challenger: line.truth.map(() => source.normal()) }).status).toBe('FAIL');
  });

  test('asks a classifier of several classes for more than the commonest', () => {
    const truth = Array.from({ length: 300 }, () => Math.min(2, source.below(5)));
    const say = (right: number) =>
      truth.map((label) => {
        const said = source.uniform() < right ? label : 2;
        return [0, 1, 2].map((index) => (index === said ? 0.8 : 0.1));
      });
    const scores = (right: number): Scores => ({
      kind: 'multiclass',
      classes: ['a', 'b', 'c'],
      truth,
      challenger: say(right),
      champion: null,
      attributes: {},
    });
    expect(verdictOf(gate, scores(0.5)).status).toBe('PASS');
    expect(verdictOf(gate, scores(0)).status).toBe('FAIL');
  });
});

describe('not-worse-than-champion', () => {
  const gate: Gate = { gate: 'not-worse-than-champion', metric: 'auc', margin: 0.02 };
  const worse = (rows: number) => binaryScores({ rows, noise: { challenger: 1.6, champion: 0.4 } });
  const better = binaryScores({ rows: 2000, noise: { challenger: 0.3, champion: 1.2 } });
  const equal = binaryScores({ rows: 4000, noise: { challenger: 0.3, champion: 0.3 } });

  test('passes what is better, and says so', () => {
    expect(verdictOf(gate, better)).toMatchObject({
      status: 'PASS',
      sentence: /: better\.$/,
      numbers: { better: 'yes' },
    });
  });

  test('passes what is equal without calling it better', () => {
    expect(verdictOf(gate, equal)).toMatchObject({ status: 'PASS', numbers: { better: 'no', method: 'DeLong' } });
  });

  test('fails what is worse', () => {
    expect(verdictOf(gate, worse(2000))).toMatchObject({ status: 'FAIL', sentence: /worse by more than 0\.02\.$/ });
  });

  test('fails what it cannot tell, and says how many rows would', () => {
    const verdict = verdictOf({ ...gate, margin: 0.005 }, binaryScores({ rows: 200 }));
    expect(verdict).toMatchObject({ status: 'FAIL', sentence: /cannot be ruled out.*needs about [\d,]+ test rows/ });
    expect(verdict.numbers.rowsNeeded).toBeGreaterThan(1000);
  });

  test('passes identical predictions at a margin of nothing', () => {
    expect(verdictOf({ ...gate, margin: 0 }, { ...good, champion: good.challenger }).status).toBe('PASS');
  });

  test('passes the first version with a note', () => {
    expect(verdictOf(gate, first)).toMatchObject({ status: 'PASS', sentence: /no champion yet/ });
  });

  test('decides nothing about a champion that cannot be scored on these rows', () => {
    const verdict = verdictOf(gate, first, { championVersion: 3, incomparable: 'column "age" is gone' });
    expect(verdict).toMatchObject({
      status: 'INSUFFICIENT',
      sentence: /column "age" is gone; this gate decides nothing/,
    });
  });

  test('compares by bootstrap what DeLong does not cover', () => {
    const scores = regressionScores({ rows: 1000, error: { challenger: 1, champion: 0.2 } });
    const verdict = verdictOf({ ...gate, metric: 'rmse' }, scores);
    expect(verdict).toMatchObject({ status: 'FAIL', numbers: { method: 'bootstrap' } });
  });
});

describe('slices', () => {
  const gate: Gate = {
    gate: 'slices',
    metric: 'auc',
    columns: ['plan'],
    margin: 0.02,
    minRows: 100,
    minRarerClass: 20,
  };

  /** Rows of one plan are scored backwards by the challenger. */
  function harmed(plan: string): Scores {
    const attributes = (row: number) => ({ plan: row < 30 ? 'tiny' : row % 2 ? 'basic' : 'pro' });
    const scores = binaryScores({ rows: 1200, attributes });
    const challenger = scores.challenger.map((p, row) => (scores.attributes.plan?.[row] === plan ? 1 - p : p));
    return { ...scores, challenger };
  }

  test('blocks on evidence of harm and names the slice', () => {
    expect(verdictOf(gate, harmed('pro'))).toMatchObject({
      status: 'FAIL',
      sentence: /"plan" = "pro".*1 slice had fewer than 100 rows and 20 of the rarer class and decided nothing/,
      numbers: { slices: 2, tooSmall: 1, harmed: 1 },
    });
  });

  test('does not block on a slice without support', () => {
    expect(verdictOf(gate, harmed('tiny')).status).toBe('PASS');
  });

  test('decides nothing where no slice has support', () => {
    expect(verdictOf({ ...gate, minRows: 5000 }, harmed('pro'))).toMatchObject({ status: 'INSUFFICIENT' });
  });
});

describe('fairness', () => {
  const gate: Gate = { gate: 'fairness', attribute: 'sex', disparateImpact: 0.8, equalOpportunity: 0.1, minRows: 100 };

  /** `rates[sex]` of a group is predicted positive, whatever the truth. */
  function selected(rates: Record<string, number>, perGroup: number): Scores {
    const names = Object.keys(rates);
    const rows = names.flatMap((sex) =>
      Array.from({ length: perGroup }, (_, row) => ({ sex, truth: row % 2, said: row / perGroup < (rates[sex] ?? 0) })),
    );
    return {
      kind: 'binary',
      positive: 'yes',
      truth: rows.map(({ truth }) => (truth ? 1 : 0)),
      challenger: rows.map(({ said }) => (said ? 0.9 : 0.1)),
      champion: null,
      attributes: { sex: rows.map(({ sex }) => sex) },
    };
  }

  test.each([
    ['equal shares', { f: 0.5, m: 0.5 }, 1000, 'PASS'],
    ['clearly unequal shares', { f: 0.3, m: 0.6 }, 1000, 'FAIL'],
    ['unequal by chance, perhaps', { f: 0.4, m: 0.52 }, 120, 'WARN'],
    ['no positive predictions but enough positives', { f: 0, m: 0 }, 400, 'PASS'],
    ['groups too small', { f: 0.1, m: 0.9 }, 60, 'INSUFFICIENT'],
  ] as const)('%s: %s', (_, rates, rows, status) => {
    expect(verdictOf(gate, selected(rates, rows)).status).toBe(status);
  });

  test('tells the two groups apart by name and number', () => {
    expect(verdictOf(gate, selected({ f: 0.3, m: 0.6 }, 1000)).sentence).toMatchInlineSnapshot(
      `"Over "sex": "f" is predicted positive 0.500 (95 % interval 0.450 to 0.557) times as often as "m", at least 0.8 is asked; the share of positives found differs by 0.300 (95 % interval 0.240 to 0.358) between "m" and "f", at most 0.1 is asked. A limit is crossed with 95 % confidence."`,
    );
  });

  test('decides nothing outside binary problems', () => {
    expect(verdictOf(gate, regressionScores()).status).toBe('INSUFFICIENT');
  });
});

describe('latency and golden rows', () => {
  test.each([
    [{ samples: 500, p50: 1, p95: 19, p99: 40 }, 'PASS'],
    [{ samples: 500, p50: 1, p95: 21, p99: 40 }, 'FAIL'],
    [{ samples: 19, p50: 1, p95: 1, p99: 1 }, 'INSUFFICIENT'],
  ] as const)('latency of %j: %s', (latencyMs, status) => {
    expect(verdictOf({ gate: 'latency', p95: 20 }, first, { latencyMs }).status).toBe(status);
  });

  const golden: Gate = {
    gate: 'golden-rows',
    rows: [
      { instance: { age: 30 }, label: 'yes' },
      { instance: { age: 60 }, min: 0.2, max: 0.4 },
    ],
  };

  test.each([
    [
      [
        { label: 'yes', score: 0.8 },
        { label: 'no', score: 0.3 },
      ],
      'PASS',
      /2 of 2/,
    ],
    [
      [
        { label: 'no', score: 0.4 },
        { label: 'no', score: 0.5 },
      ],
      'FAIL',
      /row 1 is "no", expected "yes" and row 2 is 0\.500, expected at most 0\.4/,
    ],
    [[{ label: 'yes', score: 0.8 }], 'FAIL', /row 2 was not scored/],
    [[{ error: 'unknown field' }, { score: 0.3 }], 'FAIL', /row 1 was refused \(unknown field\)/],
  ] as const)('golden rows %j: %s', (answers, status, sentence) => {
    const goldenRows = answers.map((answer) => ({ instance: {}, ...answer }));
    expect(verdictOf(golden, first, { goldenRows })).toMatchObject({ status, sentence });
  });

  test('two golden gates read their own rows', () => {
    const one = (label: string): Gate => ({ gate: 'golden-rows', rows: [{ instance: {}, label }] });
    const goldenRows = ['yes', 'no'].map((label) => ({ instance: {}, label }));
    const { passed } = judge(evaluationOf(first, { goldenRows }), first, [one('yes'), one('no')]);
    expect(passed).toBe(true);
  });
});

describe('judge()', () => {
  test('always looks for leakage and collapse', () => {
    const leak = [{ column: 'churned_on', measure: 'auc' as const, value: 0.999 }];
    const constant = { ...first, challenger: first.truth.map(() => 0.3) };
    const { passed, verdicts } = judge(evaluationOf(constant, { leakage: leak }), constant, []);
    expect(passed).toBe(false);
    expect(verdicts.map(({ gate, status }) => `${gate} ${status}`)).toEqual(['leakage FAIL', 'collapse FAIL']);
    expect(verdicts[0]?.sentence).toMatch(/^"churned_on" alone reaches AUC 0\.999: it gives the answer away/);
  });

  test.each([
    ['auc', 0.996, 'FAIL'],
    ['r2', 0.998, 'PASS'],
    ['r2', 0.9995, 'FAIL'],
  ] as const)('a single feature with %s %d: %s', (measure, value, status) => {
    const { verdicts } = judge(evaluationOf(first, { leakage: [{ column: 'area', measure, value }] }), first, []);
    expect(verdicts.find(({ gate }) => gate === 'leakage')).toMatchObject({ status, numbers: { value } });
  });

  test('does not promote a model that no gate could judge', () => {
    const one = { ...first, truth: [1 as const], challenger: [0.7] };
    const { passed, verdicts } = judge(evaluationOf(one), one, defaultGates({ kind: 'binary' }));
    expect(passed).toBe(false);
    expect(verdicts.map(({ gate, status }) => `${gate} ${status}`)).toMatchInlineSnapshot(`
      [
        "better-than-trivial INSUFFICIENT",
        "not-worse-than-champion PASS",
        "latency PASS",
        "leakage PASS",
        "collapse PASS",
        "evidence FAIL",
      ]
    `);
  });

  test('lets a first version pass when all that was asked is to be no worse than a champion', () => {
    const gates: Gate[] = [{ gate: 'not-worse-than-champion', metric: 'auc', margin: 0.01 }];
    expect(judge(evaluationOf(first), first, gates).passed).toBe(true);
  });

  test('lets the default gates pass a good first version of every kind', () => {
    for (const scores of [first, { ...regressionScores(), champion: null }]) {
      expect(judge(evaluationOf(scores), scores, defaultGates({ kind: scores.kind })).passed).toBe(true);
    }
  });

  test('says the same twice', () => {
    const evaluation = evaluationOf(good);
    const gates = defaultGates({ kind: 'binary' });
    expect(judge(evaluation, good, gates)).toEqual(judge(evaluation, good, gates));
  });
});
