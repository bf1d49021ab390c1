import type { ColumnProfile } from '../profile.ts';
import { wilson } from '../statistics/proportion.ts';
import { binomialSf, normalQuantile } from '../statistics/special-functions.ts';
import { showNumber, showPercent } from '../wording.ts';
import { missingOf } from './bins.ts';
import type { ColumnState } from './state.ts';
import type { Side, SideVerdict } from './verdict.ts';

export interface SideOptions {
  /** φ of the values, and of what is missing. */
  readonly overdispersion: { readonly values: number; readonly missing: number };
  /** p below which a share is out of bounds. */
  readonly level: number;
  /** How many columns are looked at. */
  readonly columns: number;
  /** The window's id. */
  readonly at: string;
}

interface Share {
  readonly side: Side;
  readonly reference: Counted;
  readonly window: Counted;
  sentence(now: string, usual: string): string;
}
interface Counted {
  readonly count: number;
  readonly of: number;
}

/** Half a percentage point more than training may have had is no news. */
const MARGIN = 0.005;

/** The shares of missing rows, tested where there are rows enough, and of odd values, where there are values enough. */
export function sharesOf(
  reference: ColumnProfile,
  rows: ColumnProfile | null,
  values: ColumnProfile | null,
): readonly Share[] {
  const missing: Share[] = rows
    ? [
        {
          side: 'missing',
          reference: { count: missingOf(reference), of: missingOf(reference) + reference.n },
          window: { count: missingOf(rows), of: missingOf(rows) + rows.n },
          sentence: (now, usual) => `${now} of the rows have no value, ${usual} in training`,
        },
      ]
    : [];
  return [...missing, ...(values ? oddValues(reference, values) : [])];
}

function oddValues(reference: ColumnProfile, window: ColumnProfile): Share[] {
  const of = (count: number, column: ColumnProfile): Counted => ({ count, of: column.n });
  if (reference.kind === 'numeric' && window.kind === 'numeric') {
    const { low, high, top } = reference.frame;
    return [
      {
        side: 'range',
        // The usual range ends at two of the training rows: of what lies beyond, they are the part that was seen.
        reference: { count: reference.below + reference.above + 2, of: reference.n + 1 },
        window: of(window.below + window.above, window),
        sentence: (now, usual) =>
          `${now} lie outside of ${showNumber(low)} to ${showNumber(high)}, ${usual} in training`,
      },
      {
        side: 'top',
        reference: of(reference.topCount, reference),
        window: of(window.topCount, window),
        sentence: (now, usual) => `${now} are exactly ${showNumber(top)}, ${usual} in training`,
      },
    ];
  }
  if (reference.kind !== 'categorical' || window.kind !== 'categorical' || !reference.frame.closed) return [];
  const { once, rare } = reference.frame;
  return [
    {
      side: 'unseen',
      // As many rows will have a new level as had one that nobody shared (Good and Turing); rare ones are at least that many.
      reference: of(once ?? rare.length, reference),
      window: of(window.unseen, window),
      sentence: (now, usual) => `${now} have a value that training never had, ${usual} were to be expected`,
    },
  ];
}

/**
 * Holds each share against the upper bound of what it was in training, by the exact binomial test of effective rows. All
 * windows are held against the same bound: with 95 % it is above the truth in all columns at once.
 */
export function judgeSides(shares: readonly Share[], before: ColumnState['sides'], options: SideOptions) {
  const z = normalQuantile(1 - 0.05 / options.columns);
  const verdicts = shares.map(({ side, reference, window, sentence }): SideVerdict => {
    const phi = side === 'missing' ? options.overdispersion.missing : options.overdispersion.values;
    const upper = reference.of > 0 ? wilson(reference.count / phi, reference.of / phi, z).upper : 1;
    const tolerated = Math.min(1, upper + MARGIN);
    const p = tolerated < 1 ? binomialSf(window.count / phi, window.of / phi, tolerated) : 1;
    const [usual, now] = [shareOf(reference), shareOf(window)];
    const earlier = before.find((one) => one.side === side);
    const alarm = p < options.level;
    return {
      side,
      signal: alarm ? (earlier ? 'ALERT' : 'ALERT_SINGLE') : 'NONE',
      reference: usual,
      tolerated,
      now,
      p: p < 1e-100 ? 0 : Math.min(1, p),
      since: alarm ? (earlier?.since ?? options.at) : null,
      sentence: sentence(showPercent(now), showPercent(usual)),
    };
  });
  const judged = new Set(shares.map(({ side }) => side));
  const alarms = verdicts.flatMap(({ side, since }) => {
    const windows = (before.find((one) => one.side === side)?.windows ?? 0) + 1;
    return since === null ? [] : [{ side, since, windows }];
  });
  // What this window is too small to speak of stays as it was.
  return { verdicts, state: [...before.filter(({ side }) => !judged.has(side)), ...alarms] };
}

const shareOf = ({ count, of }: Counted) => (of > 0 ? count / of : 0);

/** What looks like a fault: values gone, stuck, in another unit or spelled otherwise. */
const BROKEN_FROM: Readonly<Record<Side, number>> = { missing: 0, top: 0, range: 0.2, unseen: 0.5 };

export const looksBroken = (sides: readonly SideVerdict[]): boolean =>
  sides.some(({ side, signal, now }) => signal !== 'NONE' && now >= BROKEN_FROM[side]);
