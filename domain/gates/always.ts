import { quoted, showNumber } from '../wording.ts';
import { type Evidence, UNDECIDED, type Verdict, verdicts } from './verdict.ts';

/**
 * A feature that tells the target better than this alone is the target under another name. Quantities do follow each other
 * closely, area and price, distance and fare; only what is a copy up to rounding is refused.
 */
export const LEAKAGE_LIMIT = { auc: 0.995, r2: 0.999 } as const;

/** Always on: no single feature gives the answer away. */
export function leakage({ evaluation }: Evidence): Verdict {
  const verdict = verdicts('leakage');
  if (evaluation.leakage.length === 0) {
    return verdict('INSUFFICIENT', `No feature was looked at alone; ${UNDECIDED}.`);
  }
  const strongest = evaluation.leakage.reduce((a, b) => (b.value > a.value ? b : a));
  const measure = strongest.measure === 'auc' ? 'AUC' : 'R²';
  const limit = LEAKAGE_LIMIT[strongest.measure];
  const numbers = { column: strongest.column, measure, value: strongest.value, limit };
  const alone = `${quoted(strongest.column)} alone reaches ${measure} ${showNumber(strongest.value)}`;
  return strongest.value > limit
    ? verdict('FAIL', `${alone}: it gives the answer away and would not be known beforehand (limit ${limit}).`, numbers)
    : verdict('PASS', `No feature gives the answer away: the strongest, ${alone} (limit ${limit}).`, numbers);
}

/** Always on: the model does not say the same for every row. */
export function collapse({ evaluation }: Evidence): Verdict {
  const verdict = verdicts('collapse');
  return evaluation.constantPrediction
    ? verdict('FAIL', 'The model says the same for every row: it has collapsed.', { rows: evaluation.rows })
    : verdict('PASS', 'Predictions differ from row to row.', { rows: evaluation.rows });
}

const QUALITY_GATES: ReadonlySet<string> = new Set(['at-least', 'better-than-trivial', 'not-worse-than-champion']);

/**
 * One gate without support decides nothing; if none of those that look at quality has support, nothing speaks for the
 * model, and silence must not promote it.
 */
export function noEvidence(all: readonly Verdict[]): Verdict[] {
  const quality = all.filter((verdict) => QUALITY_GATES.has(verdict.gate) && !passedUnopposed(verdict));
  if (quality.length === 0 || quality.some(({ status }) => status !== 'INSUFFICIENT')) return [];
  const sentence = 'No gate had the support to tell how good the model is, and a model is not promoted unseen.';
  return [verdicts('evidence')('FAIL', sentence, { undecided: quality.length })];
}

/** "No champion yet" is a pass that says nothing of the model. */
const passedUnopposed = ({ status, numbers }: Verdict) => status === 'PASS' && numbers.championVersion === null;
