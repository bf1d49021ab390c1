import type { Evaluation } from '../evaluation.ts';
import type { Gate, Problem } from '../model-config.ts';
import type { Scores } from '../scores.ts';
import { atLeast, betterThanTrivial } from './absolute.ts';
import { collapse, leakage, noEvidence } from './always.ts';
import { goldenRows, latency } from './behaviour.ts';
import { fairness } from './fairness.ts';
import { notWorseThanChampion } from './not-worse.ts';
import { slices } from './slices.ts';
import type { Evidence, Verdict } from './verdict.ts';

export interface Judgement {
  /** No gate failed. */
  readonly passed: boolean;
  /** One for each declared gate in its order, then those that are always on. */
  readonly verdicts: Verdict[];
}

/** Runs every gate on one evaluation: numbers in, verdicts with their numbers out, the same on every machine. */
export function judge(evaluation: Evaluation, scores: Scores, gates: readonly Gate[]): Judgement {
  const evidence: Evidence = { evaluation, scores };
  let goldenRow = 0;
  const declared = gates.map((gate) => {
    const first = goldenRow;
    if (gate.gate === 'golden-rows') goldenRow += gate.rows.length;
    return run(gate, evidence, first);
  });
  const verdicts = [...declared, leakage(evidence), collapse(evidence)];
  const all = [...verdicts, ...noEvidence(verdicts)];
  return { passed: all.every(({ status }) => status !== 'FAIL'), verdicts: all };
}

/**
 * The gates of a model that declares none: it knows something, it is not worse than the champion, it answers in time.
 * With a margin of 0.02 an equal retrain, whose errors are mostly the champion's own, passes nine times of ten on about a
 * thousand test rows; a smaller one would mostly measure the size of the test split.
 */
export function defaultGates(problem: Pick<Problem, 'kind'>): Gate[] {
  return [
    { gate: 'better-than-trivial' },
    { gate: 'not-worse-than-champion', metric: HEADLINE_METRICS[problem.kind], margin: 0.02 },
    { gate: 'latency', p95: 100 },
  ];
}

/** The metric that stands for a model where there is room for one; between 0 and 1, higher is better. */
export const HEADLINE_METRICS = { binary: 'auc', multiclass: 'accuracy', regression: 'r2' } as const;

type Runners = {
  [Name in Gate['gate']]: (gate: Extract<Gate, { gate: Name }>, at: Evidence, first: number) => Verdict;
};

const RUNNERS: Runners = {
  'at-least': atLeast,
  'better-than-trivial': betterThanTrivial,
  'not-worse-than-champion': notWorseThanChampion,
  slices,
  fairness,
  latency,
  'golden-rows': goldenRows,
};

function run<Name extends Gate['gate']>(
  gate: Extract<Gate, { gate: Name }>,
  evidence: Evidence,
  first: number,
): Verdict {
  const runner: Runners[Name] = RUNNERS[gate.gate as Name];
  return runner(gate, evidence, first);
}
