import { counted, quoted, showCount, showPercent } from '../wording.ts';
import type { Comparison, RowTally } from './comparison.ts';
import type { Measure } from './row-difference.ts';

/** How the comparison of a shadow reads. */

/** A slice of fewer rows says more about chance than about the versions. */
const LEAST_ROWS = 20;

export function comparisonSentences(comparison: Comparison): string[] {
  const { requests, all, measure } = comparison;
  const left = requests.leftOut > 0 ? ` ${counted(requests.leftOut, 'request')} more were left out.` : '';
  const told = [
    `The challenger got copies of ${counted(requests.copied, 'request')}; callers waited for none of them.${left}`,
  ];
  if (requests.unanswered > 0) {
    const why = comparison.failures[0] ? `, such as ${quoted(comparison.failures[0].why)}` : '';
    told.push(`It had no answer to ${showCount(requests.unanswered)} of them${why}.`);
  }
  if (measure === null) return told;
  told.push(
    `Of ${counted(all.rows, 'row')} ${showPercent(sameShare(all))} got the same answer as from the champion; ${meanDifference(all, measure)}.`,
  );
  const worst = comparison.slices
    .filter(({ rows, others }) => rows >= LEAST_ROWS && !others)
    .sort((a, b) => sameShare(a) - sameShare(b) || meanSize(b) - meanSize(a))[0];
  if (worst && (sameShare(worst) < sameShare(all) || meanSize(worst) > meanSize(all))) {
    told.push(
      `They agree least where ${quoted(worst.column)} is ${worst.value === null ? 'missing' : quoted(worst.value)}: ${showPercent(sameShare(worst))} of ${counted(worst.rows, 'row')}.`,
    );
  }
  return told;
}

export const sameShare = ({ same, rows }: RowTally) => (rows === 0 ? 0 : same / rows);
export const meanSize = ({ size, rows, unanswered }: RowTally) => (rows > unanswered ? size / (rows - unanswered) : 0);
const mean = ({ sum, rows, unanswered }: RowTally) => (rows > unanswered ? sum / (rows - unanswered) : 0);

/** A difference as its measure is read: points of probability, or percent of the value. */
export const showDifference = (difference: number, measure: Measure): string => {
  if (measure === 'score') return `${difference < 0 ? '-' : '+'}${Math.abs(difference).toFixed(3)}`;
  const percent = showPercent(difference);
  return measure === 'value' && difference >= 0 ? `+${percent}` : percent;
};

const NAMES: Record<Measure, string> = {
  score: 'the score moved by',
  value: 'the value moved by',
  probabilities: 'the share of probability that went elsewhere is',
};

function meanDifference(tally: RowTally, measure: Measure): string {
  const size = showMeanSize(tally, measure);
  const signed = measure === 'probabilities' ? '' : ` (${showDifference(mean(tally), measure)} with its sign)`;
  return `${NAMES[measure]} ${size} on average${signed}`;
}

/** How far the answers are apart on average. */
export const showMeanSize = (tally: RowTally, measure: Measure): string =>
  measure === 'score' ? meanSize(tally).toFixed(3) : showPercent(meanSize(tally));

/** The mean with its sign, for answers that have one. */
export const showMean = (tally: RowTally, measure: Measure): string | null =>
  measure === 'probabilities' || tally.rows === tally.unanswered ? null : showDifference(mean(tally), measure);
