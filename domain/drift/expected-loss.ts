import type { WindowInput } from './compare.ts';
import type { WindowVerdict } from './verdict.ts';

/**
 * The loss that probabilities expect of themselves, were they calibrated (CBPE): P(wrong) of the label that was said. It is
 * blind to a change of concept, so nothing acts on it alone.
 */
export function expectedLoss(sums: WindowInput['expectedLoss']): WindowVerdict['expectedLoss'] {
  if (!sums || sums.window.n === 0 || sums.reference.n === 0) return null;
  const now = sums.window.expected / sums.window.n;
  const reference = sums.reference.expected / sums.reference.n;
  // What calibration was off by on the test rows is taken to be as much off now.
  const realised = sums.reference.losses / sums.reference.n;
  return { n: sums.window.n, now, reference, estimate: Math.min(1, Math.max(0, realised + now - reference)) };
}
