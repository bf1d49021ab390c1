import { counted, showCount, showNumber } from '../wording.ts';
import type { Evidence, Watched } from './evidence.ts';
import type { Step } from './strategy.ts';

/** How evidence, times and steps read in sentences and cards. */

/** `12.4` for ln 12.4: how many times the evidence has multiplied a stake; `over 10,000` from there on. */
export function showEvidence(ln: number): string {
  if (ln >= Math.log(10_000)) return 'over 10,000';
  const value = Math.exp(ln);
  if (value < 0.01) return 'under 0.01';
  return value < 10 ? value.toFixed(value < 1 ? 2 : 1) : showCount(Math.floor(value));
}

const UNITS: readonly [noun: string, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `90 seconds`, `12 minutes`, `1.5 hours`, `3 days`. */
export function showDuration(ms: number): string {
  const [noun, size] = UNITS.find(([, unit]) => ms >= 2 * unit) ?? ['second', 1_000];
  const amount = ms / size;
  const shown = amount < 10 && noun !== 'second' ? Math.round(amount * 2) / 2 : Math.round(amount);
  return Number.isInteger(shown) ? counted(shown, noun) : `${shown} ${noun}s`;
}

export const showWeight = ({ weight, copies }: Step) =>
  copies > 0 ? `copies of ${Number((100 * copies).toFixed(1))} % of the requests` : `${weight} % of the traffic`;

/** What both versions did, as one clause. */
export function showComparison({ guardrail, evidence }: Watched): string {
  return `${guardrail.name}: ${compared(evidence)}`;
}

function compared(evidence: Evidence): string {
  if (evidence.kind === 'share') {
    const { challenger, champion } = evidence;
    return `${share(challenger)} against the champion's ${share(champion)}`;
  }
  if (evidence.kind === 'shift') {
    const rows = evidence.all.challenger.reduce((sum, count) => sum + count, 0);
    return `${counted(rows, 'request')} compared in ${counted(evidence.windows, 'window')}`;
  }
  if (evidence.n === 0) return 'no labels yet';
  return `mean loss ${showNumber(evidence.sum / evidence.n)} above the champion's on ${counted(evidence.n, 'row')}`;
}

function share({ n, bad }: { n: number; bad: number }): string {
  if (n === 0) return 'no requests';
  return `${showCount(bad)} of ${showCount(n)} (${((100 * bad) / n).toFixed(2)} %)`;
}
