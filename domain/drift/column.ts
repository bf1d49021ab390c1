import { type ColumnProfile, mergeColumns } from '../profile.ts';
import { populationShift, relevancePValue, shiftLowerBound } from '../statistics/relevance.ts';
import { chiSquareQuantile } from '../statistics/special-functions.ts';
import { binsOf, missingOf, type Paired, pairedBins, valuesNeeded } from './bins.ts';
import { accumulate, factorOf, type Increments, increments, meanOf } from './evidence.ts';
import { judgeSides, looksBroken, sharesOf } from './sides.ts';
import type { ColumnState } from './state.ts';
import type { FeatureVerdict } from './verdict.ts';

/** What a column is judged by. */
export interface ColumnRule {
  /** The window's id. */
  readonly at: string;
  readonly delta: number;
  /** p below which a single window alerts, p below which one of the sides does, and evidence that is an alert. */
  readonly single: number;
  readonly side: number;
  readonly needed: number;
  /** How many columns share the budget. */
  readonly columns: number;
  /** φ of its values, and of what is missing of them. */
  readonly overdispersion: { readonly values: number; readonly missing: number };
}

/** A verdict without what only the other columns can tell. */
export type JudgedColumn = Omit<FeatureVerdict, 'importance' | 'weight' | 'direction' | 'sentence'>;

/** Holds a column of a window against that of the training data, and against what earlier windows said. */
export function judgeColumn(
  reference: ColumnProfile,
  window: ColumnProfile,
  { state, rule }: { state: ColumnState; rule: ColumnRule },
): { verdict: JudgedColumn; state: ColumnState; counts: ColumnProfile } {
  const counts = withCarried(reference, window, state.carried);
  const windows = 1 + (state.carried?.windows ?? 0);
  const needs = valuesNeeded(reference);
  const enough = counts.n >= needs;
  const rows = rowsOf(window) >= LEAST_ROWS ? window : rowsOf(counts) >= LEAST_ROWS ? counts : null;
  const sides = judgeSides(sharesOf(reference, rows, enough ? counts : null), state.sides, {
    overdispersion: rule.overdispersion,
    level: rule.side,
    columns: rule.columns,
    at: rule.at,
  });
  const base = {
    name: reference.name,
    kind: reference.kind,
    unwatched: null,
    n: counts.n,
    needs,
    windows,
    overdispersion: rule.overdispersion.values,
    needed: rule.needed,
    sides: sides.verdicts,
    broken: looksBroken(sides.verdicts),
  };
  if (!enough) {
    const { evidence, since, cleared } = state;
    const signal = since === null ? ('INSUFFICIENT' as const) : ('ALERT' as const);
    const open = { psi: null, atLeast: null, p: null, factor: null, fresh: false, delta: rule.delta };
    // What is missing was told already where there were rows enough for it.
    const carried = { windows, counts: frameless(rows ? { ...counts, ...NONE_MISSING } : counts) };
    return {
      verdict: { ...base, ...open, signal, evidence: meanOf(evidence), since },
      state: { name: reference.name, evidence, since, cleared, sides: sides.state, carried },
      counts,
    };
  }
  const seen = compareBins(pairedBins(reference, counts), reference, rule);
  const step = accumulate(state, seen.by, { needed: rule.needed, at: rule.at });
  const signal = step.state.since !== null ? 'ALERT' : seen.p < rule.single ? 'ALERT_SINGLE' : 'NONE';
  return {
    verdict: {
      ...base,
      signal,
      psi: seen.psi,
      atLeast: seen.atLeast,
      p: seen.p,
      delta: seen.delta,
      evidence: step.reached,
      factor: factorOf(seen.by),
      fresh: step.fresh,
      since: step.state.since,
    },
    state: { name: reference.name, ...step.state, sides: sides.state, carried: null },
    counts,
  };
}

/** Rows that the share of missing ones is judged by. */
const LEAST_ROWS = 200;
const rowsOf = (column: ColumnProfile) => missingOf(column) + column.n;
const NONE_MISSING = { missing: 0, nan: 0 };

interface Seen {
  readonly psi: number;
  readonly atLeast: number;
  readonly p: number;
  readonly delta: number;
  readonly by: Increments;
}

/** All rows in one bin, then and now. */
const SAME: Omit<Seen, 'delta'> = { psi: 0, atLeast: 0, p: 1, by: { drift: [-Infinity], clear: Infinity } };

function compareBins(bins: Paired, reference: ColumnProfile, rule: ColumnRule): Seen {
  const phi = rule.overdispersion.values;
  const delta = knowableDelta(rule, { bins: binsOf(reference).length, rows: reference.n, phi });
  if (bins.reference.length < 2) return { ...SAME, delta };
  const shift = populationShift(bins.reference, bins.window, phi);
  return {
    psi: shift.reported,
    atLeast: shiftLowerBound(shift),
    p: storable(relevancePValue(shift, rule.delta)),
    delta,
    by: increments(shift, delta),
  };
}

/** Below that it makes no difference how small it is. */
const storable = (p: number) => (p < 1e-100 ? 0 : p);

/**
 * Every window is held against the same training rows, so that their chance adds up where that of windows cancels out: what
 * few of them are off by in one column of all, with a probability of 5 %, is no evidence of anything.
 */
function knowableDelta(
  { delta, columns }: ColumnRule,
  { bins, rows, phi }: { bins: number; rows: number; phi: number },
): number {
  if (bins < 2 || rows === 0) return delta;
  return Math.max(delta, (chiSquareQuantile(1 - 0.05 / columns, bins - 1) * phi) / rows);
}

function withCarried(reference: ColumnProfile, window: ColumnProfile, carried: ColumnState['carried']): ColumnProfile {
  if (!carried || carried.counts.kind !== window.kind) return window;
  const { name, frame } = reference;
  return mergeColumns({ ...carried.counts, name, frame } as ColumnProfile, window);
}

/** What is needed to count on; extremes are not, and a table item could not hold every one of them. */
function frameless(column: ColumnProfile) {
  const bare = column.kind === 'numeric' ? { ...column, min: null, max: null } : column;
  const { name: _, frame: __, ...counts } = bare;
  return counts as NonNullable<ColumnState['carried']>['counts'];
}
