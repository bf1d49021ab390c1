import { type CategoricalProfile, type ColumnProfile, momentsOf, type NumericProfile } from '../profile.ts';
import { listed, quoted, showNumber, showPercent, showSigned } from '../wording.ts';
import type { FeatureVerdict } from './verdict.ts';

export interface Move {
  readonly direction: NonNullable<FeatureVerdict['direction']>;
  /** From what to what, with numbers. */
  readonly sentence: string;
}

/** How the values of a column moved; null without values to tell it from. */
export function explainMove(reference: ColumnProfile, window: ColumnProfile): Move | null {
  if (reference.n === 0 || window.n === 0) return null;
  if (reference.kind === 'numeric' && window.kind === 'numeric') return explainNumbers(reference, window);
  if (reference.kind === 'categorical' && window.kind === 'categorical') return explainLevels(reference, window);
  return null;
}

/** A spread that changed by less than this is not worth a word. */
const SPREAD_RATIO = 1.2;

function explainNumbers(reference: NumericProfile, window: NumericProfile): Move {
  const { rise, fall, cut } = largestGaps(reference, window);
  const shares = `${showPercent(cut.now)} are ${cut.side} ${showNumber(cut.edge)}, ${showPercent(cut.usual)} in training`;
  const [was, is] = [momentsOf(reference), momentsOf(window)];
  const wider = ratioOf(was?.variance, is?.variance);
  // Both tails gained, or both lost: the edges see it even where outliers rule the variance.
  const direction = rise > 2 * fall ? 'up' : fall > 2 * rise ? 'down' : spreadOf(reference, window);
  const verb = { up: 'rose', down: 'fell', wider: 'spread out', narrower: 'narrowed', mixed: 'changed its shape' }[
    direction
  ];
  const parts = [shares];
  if (was && is && was.variance > 0) {
    const sigma = Math.sqrt(was.variance);
    parts.unshift(
      `mean ${showNumber(was.mean)} to ${showNumber(is.mean)} (${showSigned((is.mean - was.mean) / sigma)} σ)`,
    );
    if (wider > SPREAD_RATIO || wider < 1 / SPREAD_RATIO)
      parts.splice(1, 0, `standard deviation ${showNumber(sigma)} to ${showNumber(Math.sqrt(is.variance))}`);
  }
  return { direction, sentence: `${quoted(reference.name)} ${verb}: ${parts.join('; ')}` };
}

const ratioOf = (was = 0, is = 0) => (was > 0 ? Math.sqrt(is / was) : 1);

/** The largest gains of "above an edge" and of "below or at an edge", and the edge where the larger one is. */
function largestGaps(reference: NumericProfile, window: NumericProfile) {
  let [rise, fall] = [0, 0];
  let cut = { side: 'above', edge: reference.frame.edges[0] ?? 0, usual: 0, now: 0 };
  let [usual, now] = [1, 1];
  for (const [bin, edge] of reference.frame.edges.entries()) {
    usual -= (reference.counts[bin] ?? 0) / reference.n;
    now -= (window.counts[bin] ?? 0) / window.n;
    if (Math.abs(now - usual) > Math.max(rise, fall))
      cut = { side: 'above', edge, usual: Math.max(0, usual), now: Math.max(0, now) };
    rise = Math.max(rise, now - usual);
    fall = Math.max(fall, usual - now);
  }
  // Where nearly all of training is one value, what is less shares its bin; the count below the usual range does not.
  const below = { usual: reference.below / reference.n, now: window.below / window.n };
  if (below.now - below.usual > Math.max(rise, fall)) cut = { side: 'below', edge: reference.frame.low, ...below };
  return { rise, fall: Math.max(fall, below.now - below.usual), cut };
}

/** Whether the outer halves of the bins gained on the inner one. */
function spreadOf(reference: NumericProfile, window: NumericProfile): Move['direction'] {
  const inner = (column: NumericProfile) => {
    let [before, inside] = [0, 0];
    for (const [bin, count] of column.counts.entries()) {
      const usual = (reference.counts[bin] ?? 0) / reference.n;
      if (before + usual / 2 > 0.25 && before + usual / 2 < 0.75) inside += count / column.n;
      before += usual;
    }
    return inside;
  };
  const change = inner(window) - inner(reference);
  return change < -0.02 ? 'wider' : change > 0.02 ? 'narrower' : 'mixed';
}

/** Levels that are told of. */
const MOST_LEVELS = 3;

function explainLevels(reference: CategoricalProfile, window: CategoricalProfile): Move {
  const share = (count: number, column: CategoricalProfile) => count / column.n;
  const changes = [
    ...reference.frame.levels.map((level, index) => ({
      what: quoted(level),
      usual: share(reference.counts[index] ?? 0, reference),
      now: share(window.counts[index] ?? 0, window),
    })),
    { what: 'rare ones', usual: share(reference.other, reference), now: share(window.other, window) },
    { what: 'ones never seen in training', usual: 0, now: share(window.unseen, window) },
  ]
    .map((level) => ({ ...level, change: level.now - level.usual }))
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
  const least = Math.max(0.01, Math.abs(changes[0]?.change ?? 0) / 4);
  const told = changes.filter(({ change }, index) => index === 0 || Math.abs(change) >= least).slice(0, MOST_LEVELS);
  const parts = told.map(({ what, usual, now }) => `${what} ${showPercent(usual)} to ${showPercent(now)}`);
  return { direction: 'mixed', sentence: `${quoted(reference.name)} is divided otherwise: ${listed(parts)}` };
}
