import { type Accumulated, accumulate, type Increments, type Step, unchanged } from '../drift/evidence.ts';
import { wilson, Z_ONE_SIDED } from '../statistics/proportion.ts';

/** How many times the tolerated loss is looked for. */
const GROWTH = [1.1, 1.25, 1.5, 2, 3] as const;
/** A bet on more than this could lose everything on one row. */
const LARGEST = 0.95;

export interface Losses {
  readonly n: number;
  readonly losses: number;
}

/** θ0: what the loss at evaluation may at most have been, with 95 %, and epsilon. */
export const toleratedLoss = ({ n, losses }: Losses, epsilon: number): number =>
  Math.min(1, (n > 0 ? wilson(losses, n, Z_ONE_SIDED).upper : 1) + epsilon);

/** ln of what bets on a loss of so many times the tolerated one win: at most 1 in expectation while it is no more than that. */
export const lossIncrements = ({ n, losses }: Losses, tolerated: number): number[] =>
  betsOn(tolerated).map(
    (growth) => losses * Math.log(growth) + (n - losses) * Math.log((1 - growth * tolerated) / (1 - tolerated)),
  );

function betsOn(tolerated: number): number[] {
  const usual = GROWTH.filter((growth) => growth * tolerated <= LARGEST);
  // A model that is nearly always wrong, of a hundred classes for example, can only become a little worse.
  return usual.length > 0 ? usual : [LARGEST / tolerated].filter((growth) => growth > 1);
}

/** ln of a bet on the loss of the evaluation, at most 1 in expectation while it is a quarter above the tolerated one. */
function clearIncrement({ n, losses }: Losses, { usual, tolerated }: { usual: number; tolerated: number }): number {
  const harm = Math.min(LARGEST, 1.25 * tolerated);
  const good = Math.min(harm, Math.max(usual, tolerated / 10));
  return losses * Math.log(good / harm) + (n - losses) * Math.log((1 - good) / (1 - harm));
}

/** Takes a cohort into the evidence, by the rule that drift is accumulated by. */
export function accumulateLoss(
  before: Accumulated,
  seen: Losses,
  limits: { usual: number; tolerated: number; needed: number; at: string },
): Step {
  if (seen.n === 0) return unchanged(before);
  const by: Increments = { drift: lossIncrements(seen, limits.tolerated), clear: clearIncrement(seen, limits) };
  return accumulate(before, by, limits);
}
