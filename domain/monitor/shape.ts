import type { FeatureVerdict, WindowVerdict } from '../drift/verdict.ts';
import type { ColumnProfile, NumericProfile } from '../profile.ts';
import { isAlarm } from './conclude.ts';
import type { Shape } from './report.ts';
import { ATTENTION } from './signal-words.ts';

/** Training and now over the same bins; null where one of them has no values. */
export function shapeOf(training: ColumnProfile, current: ColumnProfile): Shape | null {
  if (training.n === 0 || current.n === 0) return null;
  if (training.kind === 'numeric' && current.kind === 'numeric') return numericShape(training, current);
  if (training.kind === 'categorical' && current.kind === 'categorical') {
    const counts = (column: typeof training) => [...column.counts, column.other, column.unseen];
    const labels = [...training.frame.levels, 'other', 'never seen'];
    const sides = [counts(training), counts(current)];
    const kept = labels.flatMap((_, index) => (sides.some((side) => (side[index] ?? 0) > 0) ? [index] : []));
    const sharesOf = (column: typeof training) => kept.map((index) => (counts(column)[index] ?? 0) / column.n);
    return {
      kind: 'categorical',
      labels: kept.map((index) => labels[index] ?? ''),
      training: sharesOf(training),
      current: sharesOf(current),
    };
  }
  return null;
}

function numericShape(training: NumericProfile, current: NumericProfile): Shape {
  const { edges, low, high } = training.frame;
  const shares = ({ counts, n }: NumericProfile) => counts.map((count) => count / n);
  const [least, most] = [shares(current)[0] ?? 0, shares(current).at(-1) ?? 0];
  const reach = (high - low || Math.abs(high) || 1) * FARTHEST;
  // The outer bins are drawn to where values go; farther only where more than usual is out there.
  const down = least > UNUSUAL && current.min !== null ? Math.max(Math.min(low, current.min), low - reach) : low;
  const up = most > UNUSUAL && current.max !== null ? Math.min(Math.max(high, current.max), high + reach) : high;
  return {
    kind: 'numeric',
    edges,
    low: down,
    high: up,
    now: { min: current.min, max: current.max },
    training: shares(training),
    current: shares(current),
  };
}

/** Twice what the outermost bin of training holds. */
const UNUSUAL = 0.02;
/** Widths of the usual range that a picture goes beyond it at most. */
const FARTHEST = 0.6;

/** Features with a picture: all that moved or may have, and where that is hardly any the most different ones. */
export function drawnFeatures(verdict: WindowVerdict): string[] {
  const watched = verdict.features.filter(({ unwatched, psi }) => unwatched === null && psi !== null);
  const rank = ({ signal, sides }: FeatureVerdict) =>
    Math.max(ATTENTION.length - ATTENTION.indexOf(signal), sides.some((side) => isAlarm(side.signal)) ? 3.5 : 0);
  const ordered = [...watched].sort((a, b) => rank(b) - rank(a) || (b.psi ?? 0) - (a.psi ?? 0));
  const telling = ordered.filter((column) => rank(column) > ATTENTION.length - ATTENTION.indexOf('INSUFFICIENT'));
  return (telling.length > 0 ? telling : ordered)
    .slice(0, telling.length > 0 ? MOST_DRAWN : FEW)
    .map(({ name }) => name);
}

const MOST_DRAWN = 24;
const FEW = 4;
