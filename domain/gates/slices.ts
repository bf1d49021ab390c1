import { gainOverChampion } from '../metrics/gain.ts';
import { isInsufficient } from '../metrics/insufficient.ts';
import { type Slice, slicesOf } from '../metrics/slices.ts';
import type { Gate } from '../model-config.ts';
import { holm } from '../statistics/multiplicity.ts';
import { studentCdf } from '../statistics/special-functions.ts';
import { counted, listed, METRIC_LABELS, quoted, showSigned } from '../wording.ts';
import { type Evidence, UNDECIDED, type Verdict, verdicts } from './verdict.ts';

type SlicesGate = Extract<Gate, { gate: 'slices' }>;

interface Tested {
  readonly name: string;
  readonly rows: number;
  readonly gain: number;
  /** One-sided p of "not worse than the champion by more than the margin". */
  readonly p: number;
}

/** False alarms of the whole family of slices. */
const ALPHA = 0.05;

/**
 * `slices`: blocks on evidence that some slice lost more than the margin, Holm over all slices tested. A slice without
 * the support to tell is counted and decides nothing.
 */
export function slices(gate: SlicesGate, { evaluation, scores }: Evidence): Verdict {
  const verdict = verdicts('slices');
  const asked = { metric: gate.metric, margin: gate.margin, columns: gate.columns.join(', ') };
  if (evaluation.incomparable !== null) {
    return verdict('INSUFFICIENT', `The champion cannot be compared: ${evaluation.incomparable}; ${UNDECIDED}.`, asked);
  }
  if (!scores.champion) return verdict('PASS', 'There is no champion yet, so no slice can have lost.', asked);

  const all = gate.columns.flatMap((column) => slicesOf(scores, column));
  const tested = all.flatMap((slice) => testSlice(slice, gate));
  const tooSmall = all.length - tested.length;
  const numbers = { ...asked, slices: tested.length, tooSmall };
  const support = `${gate.minRows} rows${scores.kind === 'regression' ? '' : ` and ${gate.minRarerClass} of the rarer class`}`;
  if (tested.length === 0) {
    return verdict('INSUFFICIENT', `No slice has the ${support} that are needed; ${UNDECIDED}.`, numbers);
  }
  const adjusted = holm(tested.map(({ p }) => p));
  const harmed = tested.filter((_, index) => (adjusted[index] ?? 1) <= ALPHA).sort((a, b) => a.gain - b.gain);
  const worst = tested.reduce((a, b) => (b.gain < a.gain ? b : a));
  const found = {
    ...numbers,
    harmed: harmed.length,
    worst: worst.name,
    worstGain: worst.gain,
    p: Math.min(...adjusted),
  };
  const label = METRIC_LABELS[gate.metric];
  const aside = tooSmall > 0 ? ` ${counted(tooSmall, 'slice')} had fewer than ${support} and decided nothing.` : '';
  if (harmed.length === 0) {
    const sentence = `None of ${counted(tested.length, 'slice')} shows ${label} worse than the champion's by more than ${gate.margin}; the lowest is ${told(worst)}.`;
    return verdict('PASS', sentence + aside, found);
  }
  const named = listed(harmed.slice(0, 3).map(told)) + (harmed.length > 3 ? ` and ${harmed.length - 3} more` : '');
  return verdict(
    'FAIL',
    `${label} is worse than the champion's by more than ${gate.margin} in ${named}.${aside}`,
    found,
  );
}

function testSlice(slice: Slice, gate: SlicesGate): Tested[] {
  const rows = slice.scores.truth.length;
  if (rows < gate.minRows || (slice.rarerClass ?? Infinity) < gate.minRarerClass) return [];
  const gain = gainOverChampion(slice.scores, gate.metric, { replicates: 1000, units: 400 });
  if (isInsufficient(gain)) return [];
  const over = gain.gain + gate.margin;
  const p = gain.standardError > 0 ? studentCdf(over / gain.standardError, gain.degrees) : over < 0 ? 0 : 1;
  const value = slice.value === null ? 'missing' : quoted(slice.value);
  return [{ name: `${quoted(slice.column)} = ${value}`, rows, gain: gain.gain, p }];
}

const told = ({ name, gain, rows }: Tested) => `${name} (${showSigned(gain)}, ${counted(rows, 'row')})`;
