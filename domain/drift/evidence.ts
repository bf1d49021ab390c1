import { logMean } from '../rollout/shift-evidence.ts';
import { type Divergence, shiftLogDensity } from '../statistics/relevance.ts';

/** Alternatives that drift is looked for at, as multiples of the index that is tolerated: .05, .1, .25 and 1 for .02. */
const ALTERNATIVES = [2.5, 5, 12.5, 50] as const;

/** A tolerance of 0 asks for any change; what is looked for is then the same as at the default. */
const LEAST_SCALE = 0.02;

/** ln of what one window multiplies the evidence by. */
export interface Increments {
  /** For each of the alternatives to "no more than tolerated": at most 1 in expectation while that holds. */
  readonly drift: readonly number[];
  /** For "not that far": at most 1 in expectation while the index is the smallest alternative or more. */
  readonly clear: number;
}

export function increments(shift: Divergence, delta: number): Increments {
  const unit = Math.max(delta, LEAST_SCALE);
  const at = (index: number) => shiftLogDensity(shift, index);
  const atDelta = at(delta);
  const alternatives = ALTERNATIVES.map((multiple) => at(multiple * unit));
  const [nearest = atDelta] = alternatives;
  return {
    drift: alternatives.map((density) => density - atDelta),
    clear: logMean([at(0), atDelta]) - nearest,
  };
}

/** Where evidence stands after a window; none and no `since` to begin with. */
export interface Accumulated {
  /** For each alternative. */
  readonly evidence: readonly number[];
  readonly since: string | null;
  readonly cleared: number;
}

export interface Step {
  /** What is carried on: nothing after an alert. */
  readonly state: { evidence: number[]; since: string | null; cleared: number };
  /** The mean over the alternatives, before an alert took it back. */
  readonly reached: number;
  readonly fresh: boolean;
}

/** The evidence that ends an alert, against "still so far off": a hundred to one. */
const CLEAR_AT = Math.log(100);

/** Evidence is stored: JSON has no infinity, and DynamoDB no number beyond 1e±125. Neither changes what is decided. */
const [MOST, LEAST] = [1e100, 1e-12];
const bounded = (evidence: number) => (evidence < LEAST ? 0 : Math.min(MOST, evidence));

/**
 * The e-detector S ← (1 + S)·e of each alternative, and their mean: until that first reaches `needed`, unchanged data take as
 * many windows on average. After an alert it starts again, and the alert lasts until as much speaks against it, counted
 * from the last window that did not.
 */
export function accumulate(before: Accumulated, by: Increments, { needed, at }: { needed: number; at: string }): Step {
  const evidence = by.drift.map((ln, index) => bounded((1 + (before.evidence[index] ?? 0)) * Math.exp(ln)));
  const reached = meanOf(evidence);
  if (reached >= needed)
    return { state: { evidence: [], since: before.since ?? at, cleared: 0 }, reached, fresh: true };
  const cleared = before.since === null ? 0 : Math.max(0, before.cleared + by.clear);
  const over = cleared >= CLEAR_AT;
  const state = { evidence, since: over ? null : before.since, cleared: over ? 0 : cleared };
  return { state, reached, fresh: false };
}

/** What is accumulated over all alternatives. */
export const meanOf = (evidence: readonly number[]): number =>
  evidence.reduce((sum, one) => sum + one / evidence.length, 0);

/** What a window multiplies evidence by that there was none of before. */
export const factorOf = ({ drift }: Increments): number => meanOf(drift.map((ln) => bounded(Math.exp(ln))));

/** Nothing to judge: all stays as it is. */
export const unchanged = ({ evidence, since, cleared }: Accumulated): Step => ({
  state: { evidence: [...evidence], since, cleared },
  reached: meanOf(evidence),
  fresh: false,
});
