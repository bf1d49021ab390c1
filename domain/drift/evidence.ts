import { logMean } from '../rollout/shift-evidence.ts';
import { type Divergence, shiftLogDensity } from '../statistics/relevance.ts';

/** Alternatives that drift is looked for at, as multiples of the index that is tolerated: .05, .1, .25 and 1 for .02. */
const ALTERNATIVES = [2.5, 5, 12.5, 50] as const;

/** A tolerance of 0 asks for any change; what is looked for is then the same as at the default. */
const LEAST_SCALE = 0.02;

/** ln of what one window multiplies the evidence by. */
export interface Increments {
  /** For drift beyond `delta`: at most 1 in expectation while there is none. */
  readonly drift: number;
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
    drift: logMean(alternatives) - atDelta,
    clear: logMean([at(0), atDelta]) - nearest,
  };
}

/** Where evidence stands after a window; `evidence` of 0 and no `since` to begin with. */
export interface Accumulated {
  readonly evidence: number;
  readonly since: string | null;
  readonly cleared: number;
}

export interface Step extends Accumulated {
  /** What the evidence was before an alert took it back to 0. */
  readonly reached: number;
  readonly fresh: boolean;
}

/** The evidence that ends an alert, against "still so far off": a hundred to one. */
const CLEAR_AT = Math.log(100);

/** JSON has no infinity, and an alert comes long before. */
const MOST = 1e300;

/**
 * The e-detector S ← (1 + S)·e: whenever S may first reach `needed`, unchanged data take that many windows on average. After
 * an alert it starts again, and the alert lasts until as much speaks against it, counted from the last window that did not.
 */
export function accumulate(before: Accumulated, by: Increments, { needed, at }: { needed: number; at: string }): Step {
  const reached = Math.min(MOST, (1 + before.evidence) * Math.exp(Math.min(by.drift, 690)));
  if (reached >= needed) return { evidence: 0, since: before.since ?? at, cleared: 0, reached, fresh: true };
  const cleared = before.since === null ? 0 : Math.max(0, before.cleared + by.clear);
  const over = cleared >= CLEAR_AT;
  return { evidence: reached, since: over ? null : before.since, cleared: over ? 0 : cleared, reached, fresh: false };
}
