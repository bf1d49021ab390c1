import { gainOverChampion } from '../metrics/gain.ts';
import { isInsufficient } from '../metrics/insufficient.ts';
import { type Gate, METRICS } from '../model-config.ts';
import type { MulticlassScores } from '../scores.ts';
import { METRIC_LABELS, showEstimate, showPercent, showSigned } from '../wording.ts';
import { type Evidence, UNDECIDED, type Verdict, verdicts } from './verdict.ts';

/** `at-least`: the metric, or its 95 % bound on the bad side, reaches a value; for a loss, stays under it. */
export function atLeast(gate: Extract<Gate, { gate: 'at-least' }>, { evaluation }: Evidence): Verdict {
  const verdict = verdicts('at-least');
  const { metric, value: limit, mode, tolerance } = gate;
  const label = METRIC_LABELS[metric];
  const estimate = evaluation.metrics.challenger[metric];
  const asked = { metric, limit, tolerance, mode };
  if (!estimate) {
    const reason = evaluation.unmeasured[metric] ?? 'the evaluation does not hold it';
    return verdict('INSUFFICIENT', `${label} cannot be told, because ${reason}; ${UNDECIDED}.`, asked);
  }
  const { lowerIsBetter } = METRICS[metric];
  const decided = mode === 'point' ? estimate.value : lowerIsBetter ? estimate.upper : estimate.lower;
  const reached = lowerIsBetter ? decided <= limit + tolerance : decided >= limit - tolerance;
  const word = lowerIsBetter ? 'at most' : 'at least';
  const by = mode === 'point' ? 'the point estimate' : `the ${lowerIsBetter ? 'upper' : 'lower'} 95 % bound`;
  const allowance = tolerance > 0 ? ` (tolerance ${tolerance})` : '';
  return verdict(
    reached ? 'PASS' : 'FAIL',
    `${label} is ${showEstimate(estimate)}; ${word} ${limit}${allowance} is asked of ${by}${reached ? '' : ', which misses it'}.`,
    { ...asked, ...estimate, decided },
  );
}

/** `better-than-trivial`: with 95 % confidence the model beats one that has learnt nothing. */
export function betterThanTrivial(_gate: Extract<Gate, { gate: 'better-than-trivial' }>, evidence: Evidence): Verdict {
  const { scores, evaluation } = evidence;
  if (scores.kind === 'multiclass') return betterThanCommonest(scores);
  const verdict = verdicts('better-than-trivial');
  const [metric, trivial] = scores.kind === 'binary' ? (['auc', 0.5] as const) : (['r2', 0] as const);
  const label = METRIC_LABELS[metric];
  const estimate = evaluation.metrics.challenger[metric];
  if (!estimate) {
    const reason = evaluation.unmeasured[metric] ?? 'the evaluation does not hold it';
    return verdict('INSUFFICIENT', `${label} cannot be told, because ${reason}; ${UNDECIDED}.`, { metric, trivial });
  }
  const guess = scores.kind === 'binary' ? 'guessing' : 'always saying the mean';
  const better = estimate.lower > trivial;
  return verdict(
    better ? 'PASS' : 'FAIL',
    `${label} is ${showEstimate(estimate)}, ${better ? 'better than' : 'which cannot be told from'} the ${trivial} of ${guess}.`,
    { metric, trivial, ...estimate },
  );
}

function betterThanCommonest(scores: MulticlassScores): Verdict {
  const verdict = verdicts('better-than-trivial');
  const counts = scores.classes.map((_, index) => scores.truth.filter((label) => label === index).length);
  const commonest = counts.indexOf(Math.max(...counts));
  const always = scores.classes.map((_, index) => (index === commonest ? 1 : 0));
  const gain = gainOverChampion({ ...scores, champion: scores.truth.map(() => always) }, 'accuracy');
  if (isInsufficient(gain)) {
    return verdict('INSUFFICIENT', `Accuracy cannot be told, because ${gain.insufficient}; ${UNDECIDED}.`);
  }
  const better = gain.bound > 0;
  return verdict(
    better ? 'PASS' : 'FAIL',
    `Accuracy is ${showPercent(gain.challenger)}, ${better ? 'better than' : 'which cannot be told from'} the ${showPercent(gain.champion)} ` +
      `of always saying the commonest class (gain ${showSigned(gain.gain)}, 95 % bound ${showSigned(gain.bound)}).`,
    { metric: 'accuracy', value: gain.challenger, trivial: gain.champion, gain: gain.gain, bound: gain.bound },
  );
}
