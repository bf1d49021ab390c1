import { shiftLogDensity } from '../statistics/relevance.ts';
import type { Guardrail } from './guardrail.ts';
import { windowSize } from './shift-evidence.ts';
import type { Step } from './strategy.ts';
import { divergence, information } from './two-arm.ts';

/** How fast evidence comes, before it comes. */

/** What one live request gives each version to answer; in a shadow only what was copied is compared. */
export const armsOf = ({ weight, copies }: Step) => ({
  challenger: copies > 0 ? copies : weight / 100,
  champion: copies > 0 ? copies : 1 - weight / 100,
});

/**
 * Requests that the challenger has to answer until harm of `delta` is ruled out, if it is as good as the champion and the
 * champion has answered many more: ln(1/α)/KL(base ‖ base + δ), which for a champion without errors is about ln(1/α)/δ.
 */
export const requestsNeeded = (base: number, delta: number, alpha: number): number =>
  Math.ceil(-Math.log(alpha) / divergence(base, base + delta));

/**
 * Nats of evidence against harm that a live request brings on average while both versions are the same; null where nobody
 * can know, because it depends on when labels come and on how often the two disagree.
 */
export function natsPerRequest(guardrail: Guardrail, step: Step, base: number): number | null {
  const arms = armsOf(step);
  if (arms.challenger === 0 || arms.champion === 0) return 0;
  if (guardrail.kind === 'share') return information(arms, base, guardrail.delta);
  if (guardrail.kind === 'pairs') return null;
  const { bins, delta, harm, overdispersion } = guardrail;
  const requests = windowSize(bins) / Math.min(arms.challenger, arms.champion);
  const rows = (requests * arms.challenger * arms.champion) / (arms.challenger + arms.champion);
  const degrees = bins - 1;
  const usual = { psi: 0, reported: 0, statistic: degrees, scale: rows / overdispersion, degrees };
  const [same, tolerated, harmful] = [0, delta, harm].map((index) => shiftLogDensity(usual, index));
  const gained = Math.log((Math.exp((same ?? 0) - (harmful ?? 0)) + Math.exp((tolerated ?? 0) - (harmful ?? 0))) / 2);
  return gained / requests;
}
