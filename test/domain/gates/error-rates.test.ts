import { describe, expect, test } from 'vitest';
import type { Estimate } from '../../../domain/flow.ts';
import { judge } from '../../../domain/gates/judge.ts';
import { gainOverChampion } from '../../../domain/metrics/gain.ts';
import { isInsufficient } from '../../../domain/metrics/insufficient.ts';
import { aucEstimate, measure } from '../../../domain/metrics/measure.ts';
import type { Gate, MetricName } from '../../../domain/model-config.ts';
import type { Scores } from '../../../domain/scores.ts';
import { type Random, random } from '../../../domain/statistics/random.ts';
import { binomialSf, normalCdf } from '../../../domain/statistics/special-functions.ts';
import { binaryScores, evaluationOf, logistic, regressionScores } from '../../support/domain-builders.ts';

/**
 * What the gates promise, simulated: each rate is compared with its promise by an exact binomial test at 0.1 %, so that a
 * seed that is merely unlucky passes and a broken interval does not.
 */
const atMost = (count: number, runs: number, promised: number) =>
  expect(binomialSf(count, runs, promised), `${count} of ${runs}, promised at most ${promised}`).toBeGreaterThan(0.001);
const atLeast = (count: number, runs: number, promised: number) => atMost(runs - count, runs, 1 - promised);

/** A cheap evaluation: these gates read the scores. */
const bare = (scores: Scores) => ({
  ...evaluationOf({ ...scores, truth: [], challenger: [], champion: null, attributes: {} } as Scores),
  championVersion: 1,
});
const statusOf = (gate: Gate, scores: Scores) => judge(bare(scores), scores, [gate]).verdicts[0]?.status;

const draws = { replicates: 1000, units: 400 };

describe('an equal retrain is called better in at most 5 of 100 cases', () => {
  test.each<[MetricName, number]>([
    ['auc', 600],
    ['logLoss', 300],
    ['accuracy', 300],
    ['f1', 300],
  ])('%s', (metric, runs) => {
    const source = random(11);
    let [better, above] = [0, 0];
    for (let run = 0; run < runs; run += 1) {
      const gain = gainOverChampion(binaryScores({ rows: 300, source }), metric, draws);
      if (isInsufficient(gain)) throw new Error(gain.insufficient);
      better += gain.interval.lower > 0 ? 1 : 0;
      above += gain.bound > 0 ? 1 : 0;
    }
    atMost(better, runs, 0.025);
    atMost(above, runs, 0.05);
  });

  test('rmse', () => {
    const source = random(12);
    let above = 0;
    for (let run = 0; run < 400; run += 1) {
      const gain = gainOverChampion(regressionScores({ rows: 200, source }), 'rmse', draws);
      above += 'bound' in gain && gain.bound > 0 ? 1 : 0;
    }
    atMost(above, 400, 0.05);
  });
});

describe('not-worse-than-champion', () => {
  /** AUC of a score that is `separation` standard deviations apart between classes. */
  const aucOf = (separation: number) => normalCdf(separation / Math.SQRT2);
  const separationOf = (target: number) => {
    let [low, high] = [0, 6];
    for (let step = 0; step < 60; step += 1) {
      const middle = (low + high) / 2;
      if (aucOf(middle) < target) low = middle;
      else high = middle;
    }
    return low;
  };

  /** Both sides share most of their noise, as two trainings on nearly the same data do. */
  function pair(source: Random, rows: number, loss: number): Scores {
    const [old, young] = [separationOf(0.85), separationOf(0.85 - loss)];
    const truth = Array.from({ length: rows }, () => (source.uniform() < 0.3 ? 1 : 0));
    const common = truth.map(() => Math.sqrt(0.8) * source.normal());
    const score = (separation: number) => (label: number, row: number) =>
      normalCdf((label ? separation : 0) + (common[row] ?? 0) + Math.sqrt(0.2) * source.normal());
    const [champion, challenger] = [truth.map(score(old)), truth.map(score(young))];
    return { kind: 'binary', positive: 'yes', truth, challenger, champion, attributes: {} };
  }

  const gate: Gate = { gate: 'not-worse-than-champion', metric: 'auc', margin: 0.02 };
  const passes = (rows: number, loss: number, runs: number) => {
    const source = random(13);
    let count = 0;
    for (let run = 0; run < runs; run += 1) count += statusOf(gate, pair(source, rows, loss)) === 'PASS' ? 1 : 0;
    return count;
  };

  test('rejects a challenger that is worse by the margin in 95 of 100 cases', () => {
    atMost(passes(500, 0.02, 400), 400, 0.05);
  });

  test('rejects one that is worse by twice the margin practically always', () => {
    atMost(passes(1500, 0.04, 150), 150, 0.005);
  });

  test('lets an equal challenger pass nine times of ten where there are rows enough', () => {
    atLeast(passes(3000, 0, 150), 150, 0.9);
  });
});

describe('a 95 % interval covers the truth in about 95 of 100 cases', () => {
  test.each([
    [300, 0.3, 1.5],
    [250, 0.1, 1.8],
  ])('AUC of %d rows, a share of %d positive', (rows, share, separation) => {
    const source = random(14);
    const truthful = normalCdf(separation / Math.SQRT2);
    let covered = 0;
    for (let run = 0; run < 1000; run += 1) {
      const truth = Array.from({ length: rows }, (_, row) => (row < share * rows ? 1 : 0));
      const estimate = aucEstimate(
        truth,
        truth.map((label) => label * separation + source.normal()),
      );
      covered += 'value' in estimate && estimate.lower <= truthful && truthful <= estimate.upper ? 1 : 0;
    }
    atLeast(covered, 1000, 0.94);
    atMost(covered, 1000, 0.97);
  });

  test('log loss, Brier score, accuracy and F1 of 200 rows', () => {
    const noise = { challenger: 0.6, champion: null };
    const population = measure(binaryScores({ rows: 200_000, source: random(15), noise }), {
      replicates: 20,
    }).challenger;
    const covered = coverage(400, () => binaryScores({ rows: 200, source: shared, noise }), population);
    for (const metric of ['logLoss', 'brier', 'accuracy', 'f1']) atLeast(covered[metric] ?? 0, 400, 0.945);
  });

  test('losses of a weak model, which hang on a class mix that is another in every test set', () => {
    const weak = (rows: number, source: Random): Scores => {
      const truth = Array.from({ length: rows }, () => (source.uniform() < 0.2 ? (1 as const) : (0 as const)));
      const challenger = truth.map((label) => logistic(-1.4 + 0.5 * label + 0.3 * source.normal()));
      return { kind: 'binary', positive: 'yes', truth, challenger, champion: null, attributes: {} };
    };
    const population = measure(weak(200_000, random(21)), { replicates: 20 }).challenger;
    const covered = coverage(300, () => weak(200, shared), population);
    for (const metric of ['logLoss', 'brier']) atLeast(covered[metric] ?? 0, 300, 0.945);
  });

  test('RMSE, MAE and R² of 200 rows', () => {
    const population = measure(regressionScores({ rows: 200_000, source: random(17) }), { replicates: 20 }).challenger;
    const covered = coverage(
      200,
      () => ({ ...regressionScores({ rows: 200, source: shared }), champion: null }),
      population,
    );
    for (const metric of ['rmse', 'mae', 'r2']) atLeast(covered[metric] ?? 0, 200, 0.94);
  });

  const shared = random(16);
  function coverage(runs: number, draw: () => Scores, population: Record<string, Estimate>) {
    const covered: Record<string, number> = {};
    for (let run = 0; run < runs; run += 1) {
      for (const [metric, { lower, upper }] of Object.entries(measure(draw(), { replicates: 500 }).challenger)) {
        const value = population[metric]?.value ?? Number.NaN;
        if (lower <= value && value <= upper) covered[metric] = (covered[metric] ?? 0) + 1;
      }
    }
    return covered;
  }
});

describe('slices', () => {
  const gate = (metric: MetricName): Gate => ({
    gate: 'slices',
    metric,
    columns: ['plan', 'region'],
    margin: 0,
    minRows: 100,
    minRarerClass: 20,
  });
  const attributes = (_: number, source: Random) => ({
    plan: `p${source.below(4)}`,
    region: `r${source.below(5)}`,
  });

  test.each<[MetricName, number]>([
    ['auc', 250],
    ['accuracy', 80],
  ])(
    '%s: equal models are blocked by any of nine slices in at most 5 of 100 cases, at no margin at all',
    (metric, runs) => {
      const source = random(18);
      let blocked = 0;
      for (let run = 0; run < runs; run += 1) {
        const scores = binaryScores({ rows: 900, source, attributes });
        blocked += statusOf(gate(metric), scores) === 'FAIL' ? 1 : 0;
      }
      atMost(blocked, runs, 0.05);
    },
  );
});

describe('fairness', () => {
  const gate: Gate = { gate: 'fairness', attribute: 'sex', disparateImpact: 0.8, equalOpportunity: 0.1, minRows: 100 };

  /** Groups that are predicted positive at their rate, among the positive and the negative alike. */
  function groups(source: Random, rates: readonly number[], perGroup: number): Scores {
    const truth: (0 | 1)[] = [];
    const challenger: number[] = [];
    const sex: string[] = [];
    rates.forEach((rate, index) => {
      for (let row = 0; row < perGroup; row += 1) {
        truth.push(source.uniform() < 0.4 ? 1 : 0);
        challenger.push(source.uniform() < rate ? 0.9 : 0.1);
        sex.push(`g${index}`);
      }
    });
    return { kind: 'binary', positive: 'yes', truth, challenger, champion: null, attributes: { sex } };
  }
  const blocked = (rates: readonly number[], perGroup: number, runs: number, equalOpportunity = 0.1) => {
    const source = random(19);
    let count = 0;
    for (let run = 0; run < runs; run += 1) {
      const scores = groups(source, rates, perGroup);
      count += statusOf({ ...gate, equalOpportunity } as Gate, scores) === 'FAIL' ? 1 : 0;
    }
    return count;
  };

  test('blocks at the limit of disparate impact in at most 5 of 100 cases', () => {
    atMost(blocked([0.4, 0.32], 500, 500, 0.9), 500, 0.05);
  });

  test('blocks at the limit of equal opportunity in at most 5 of 100 cases', () => {
    const source = random(20);
    let count = 0;
    for (let run = 0; run < 500; run += 1) {
      const scores = groups(source, [0.85, 0.75], 500);
      count += statusOf({ ...gate, disparateImpact: 0.1 } as Gate, scores) === 'FAIL' ? 1 : 0;
    }
    atMost(count, 500, 0.05);
  });

  test('rarely blocks six equal groups, although fifteen pairs are compared', () => {
    atMost(blocked([0.4, 0.4, 0.4, 0.4, 0.4, 0.4], 150, 300), 300, 0.05);
  });

  test('finds a group that is picked half as often', () => {
    atLeast(blocked([0.5, 0.25], 500, 100), 100, 0.95);
  });
});
