import type { ColumnProfile, NumericProfile } from '../profile.ts';
import type { Shape } from './report.ts';

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
