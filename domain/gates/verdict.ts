import * as z from 'zod';
import type { Evaluation } from '../evaluation.ts';
import type { Scores } from '../scores.ts';

export const VERDICT_STATUSES = ['PASS', 'FAIL', 'WARN', 'INSUFFICIENT'] as const;
export type VerdictStatus = (typeof VERDICT_STATUSES)[number];

/** What one gate says. FAIL blocks; WARN and INSUFFICIENT (too little support to decide) do not, and say so. */
export const verdictSchema = z.object({
  gate: z.string(),
  status: z.enum(VERDICT_STATUSES),
  /** One sentence that a person understands, with the numbers. */
  sentence: z.string(),
  numbers: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** What every gate may look at. */
export interface Evidence {
  readonly evaluation: Evaluation;
  readonly scores: Scores;
}

/** Binds a gate's name, so that its verdicts read `verdict('PASS', sentence, numbers)`. */
export function verdicts(gate: string) {
  return (status: VerdictStatus, sentence: string, numbers: Verdict['numbers'] = {}): Verdict => ({
    gate,
    status,
    sentence,
    numbers,
  });
}

/** Ends the sentence of a gate that could not decide. */
export const UNDECIDED = 'this gate decides nothing, the others do';
