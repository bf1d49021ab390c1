import * as z from 'zod';
import { populationShift, shiftLogDensity } from '../statistics/relevance.ts';
import type { GuardrailOf } from './guardrail.ts';

const histogram = z.array(z.int().min(0));

/** Predictions of both versions, counted in the same frozen bins. Take one prediction of a request: rows of one caller are alike. */
export const histogramsSchema = z.object({ challenger: histogram, champion: histogram });
export type Histograms = z.infer<typeof histogramsSchema>;

export const shiftEvidenceSchema = z.object({
  kind: z.literal('shift'),
  lnSafe: z.number(),
  lnHarm: z.number(),
  windows: z.int().min(0),
  /** Everything counted so far. */
  all: histogramsSchema,
  /** The window that is not full yet. */
  open: histogramsSchema,
});
export type ShiftEvidence = z.infer<typeof shiftEvidenceSchema>;

export const startShift = ({ bins }: GuardrailOf<'shift'>): ShiftEvidence => ({
  kind: 'shift',
  lnSafe: 0,
  lnHarm: 0,
  windows: 0,
  all: emptyHistograms(bins),
  open: emptyHistograms(bins),
});

/**
 * Predictions of each version that make a window. The test asks for ten a bin; a promotion at an index of 0.1 keeps its 5 %
 * in simulation from twenty on (with ten it was 5.9 %), while no bin holds less than a twentieth of the champion's.
 */
export const windowSize = (bins: number): number => Math.max(200, 20 * bins);

/** Takes in what a tick saw; evidence comes window by window. */
export function foldShift(evidence: ShiftEvidence, tick: Histograms, guardrail: GuardrailOf<'shift'>): ShiftEvidence {
  for (const side of ['challenger', 'champion'] as const)
    if (tick[side].length !== guardrail.bins)
      throw new RangeError(`${guardrail.name}: expected ${guardrail.bins} bins, the ${side} has ${tick[side].length}`);
  const all = addHistograms(evidence.all, tick);
  const open = addHistograms(evidence.open, tick);
  const needed = windowSize(guardrail.bins);
  if (sum(open.challenger) < needed || sum(open.champion) < needed) return { ...evidence, all, open };
  const { safe, harm } = increments(open, guardrail);
  return {
    kind: 'shift',
    lnSafe: evidence.lnSafe + safe,
    lnHarm: evidence.lnHarm + harm,
    windows: evidence.windows + 1,
    all,
    open: emptyHistograms(guardrail.bins),
  };
}

/** A window must not span two divisions of the traffic: input that changes meanwhile would look like a shift. */
export const divideShift = (evidence: ShiftEvidence): ShiftEvidence => ({
  ...evidence,
  open: emptyHistograms(evidence.open.champion.length),
});

/** Alternatives that the harm is looked for at, as multiples of the index that is tolerated: 0.05 to 1 for 0.02. */
const ALTERNATIVES = [2.5, 5, 12.5, 50] as const;

function increments({ challenger, champion }: Histograms, { delta, harm, overdispersion }: GuardrailOf<'shift'>) {
  const shift = populationShift(champion, challenger, overdispersion);
  const at = (index: number) => shiftLogDensity(shift, index);
  return {
    safe: logMean([at(0), at(delta)]) - at(harm),
    harm: logMean(ALTERNATIVES.map((multiple) => at(multiple * delta))) - at(delta),
  };
}

/** ln of the mean of exponentials, without overflow. */
export function logMean(logs: readonly number[]): number {
  const top = Math.max(...logs);
  if (top === -Infinity) return top;
  return top + Math.log(logs.reduce((total, value) => total + Math.exp(value - top), 0) / logs.length);
}

const emptyHistograms = (bins: number): Histograms => ({
  challenger: new Array<number>(bins).fill(0),
  champion: new Array<number>(bins).fill(0),
});

const addHistograms = (a: Histograms, b: Histograms): Histograms => ({
  challenger: a.challenger.map((count, bin) => count + (b.challenger[bin] ?? 0)),
  champion: a.champion.map((count, bin) => count + (b.champion[bin] ?? 0)),
});

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
