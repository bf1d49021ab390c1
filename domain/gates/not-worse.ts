import { type Gain, gainOverChampion } from '../metrics/gain.ts';
import { isInsufficient } from '../metrics/insufficient.ts';
import type { Gate } from '../model-config.ts';
import { Z_ONE_SIDED } from '../statistics/proportion.ts';
import { METRIC_LABELS, showCount, showInterval, showNumber, showSigned } from '../wording.ts';
import { type Evidence, UNDECIDED, type Verdict, verdicts } from './verdict.ts';

/**
 * `not-worse-than-champion`: a non-inferiority test on the same rows. Passes when the one-sided 95 % bound of the gain is
 * above −margin; "better" is said only when the whole two-sided interval is above 0, so that an equal retrain says it in
 * one case of forty.
 */
export function notWorseThanChampion(
  gate: Extract<Gate, { gate: 'not-worse-than-champion' }>,
  { evaluation, scores }: Evidence,
): Verdict {
  const verdict = verdicts('not-worse-than-champion');
  const { metric, margin } = gate;
  const asked = { metric, margin, championVersion: evaluation.championVersion };
  if (evaluation.incomparable !== null) {
    return verdict('INSUFFICIENT', `The champion cannot be compared: ${evaluation.incomparable}; ${UNDECIDED}.`, asked);
  }
  if (!scores.champion) {
    return verdict('PASS', 'There is no champion yet, so there is nothing to be worse than.', asked);
  }
  const gain = gainOverChampion(scores, metric);
  const label = METRIC_LABELS[metric];
  if (isInsufficient(gain)) {
    return verdict('INSUFFICIENT', `${label} cannot be compared, because ${gain.insufficient}; ${UNDECIDED}.`, asked);
  }
  const passed = isNotWorse(gain, margin);
  const rowsNeeded = passed || margin === 0 ? null : rowsToShow(gain, margin, scores.truth.length);
  const better = gain.interval.lower > 0;
  const numbers = {
    ...asked,
    challenger: gain.challenger,
    champion: gain.champion,
    gain: gain.gain,
    lower: gain.interval.lower,
    upper: gain.interval.upper,
    bound: gain.bound,
    standardError: gain.standardError,
    method: gain.method,
    better: better ? 'yes' : 'no',
    rowsNeeded,
  };
  const compared =
    `${label} is ${showNumber(gain.challenger)} against the champion's ${showNumber(gain.champion)} ` +
    `(gain ${showSigned(gain.gain)}, 95 % interval ${showInterval(gain.interval)})`;
  return passed
    ? verdict('PASS', `${compared}: ${better ? 'better' : `not worse by more than ${margin}`}.`, numbers)
    : verdict('FAIL', `${compared}: ${whyNot(gain, margin, rowsNeeded)}.`, numbers);
}

/** Equal on every row is not worse at any margin; otherwise the bound has to be inside it. */
function isNotWorse(gain: Gain, margin: number): boolean {
  return gain.standardError === 0 ? gain.gain >= -margin : gain.bound > -margin;
}

function whyNot(gain: Gain, margin: number, rowsNeeded: number | null): string {
  if (gain.interval.upper < -margin) return `worse by more than ${margin}`;
  const doubt = `a loss of more than ${margin} cannot be ruled out (95 % bound ${showSigned(gain.bound)})`;
  return rowsNeeded === null
    ? doubt
    : `${doubt}; an equal model needs about ${showCount(rowsNeeded)} test rows to show it`;
}

/** z of 80 % power. */
const Z_POWER = 0.8416;

/** Test rows with which an equal challenger passes four times of five; null when there are enough already. */
function rowsToShow(gain: Gain, margin: number, rows: number): number | null {
  const needed = rows * (((Z_ONE_SIDED + Z_POWER) * gain.standardError) / margin) ** 2;
  return needed > rows ? Math.ceil(needed / 100) * 100 : null;
}
