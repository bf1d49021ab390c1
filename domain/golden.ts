import * as z from 'zod';
import { byName } from './by-name.ts';

/** `golden.json`: rows of the test split with the answers that the challenger gave; whoever serves it must repeat them. */

const instanceSchema = byName(z.union([z.string(), z.number(), z.boolean(), z.null()]));

const predictionSchema = z.union([
  z.object({ label: z.string(), score: z.number().optional(), probabilities: byName(z.number()) }),
  z.object({ value: z.number() }),
]);
export type GoldenPrediction = z.infer<typeof predictionSchema>;

export const goldenSchema = z.object({
  model: z.string(),
  runId: z.string(),
  artifactSha256: z.string(),
  rows: z.array(z.object({ instance: instanceSchema, prediction: predictionSchema })),
});
export type Golden = z.infer<typeof goldenSchema>;

/**
 * Why the answers of a deployed version are not those of the golden rows, or null when they are. A tiny difference is
 * allowed: two processors need not add floating point numbers in the same order.
 */
export function goldenMismatch(golden: Golden, predictions: readonly unknown[]): string | null {
  if (predictions.length !== golden.rows.length)
    return `expected ${golden.rows.length} predictions, current count is ${predictions.length}`;
  const wrong = golden.rows.findIndex(({ prediction }, index) => !repeats(prediction, predictions[index]));
  if (wrong < 0) return null;
  const [expected, current] = [golden.rows[wrong]?.prediction, predictions[wrong]];
  return `golden row ${wrong + 1}: expected ${JSON.stringify(expected)}, current answer is ${JSON.stringify(current)}`;
}

function repeats(expected: GoldenPrediction, current: unknown): boolean {
  const parsed = predictionSchema.safeParse(current);
  if (!parsed.success) return false;
  const answer = parsed.data;
  if ('value' in expected) return 'value' in answer && near(answer.value, expected.value, Math.abs(expected.value));
  if ('value' in answer) return false;
  const given = new Map(Object.entries(answer.probabilities));
  const alike = Object.entries(expected.probabilities).every(([name, value]) => near(given.get(name), value, 1));
  // Two labels that are equally likely may swap places by a rounding.
  return alike && near(given.get(answer.label), given.get(expected.label) ?? Number.NaN, 1);
}

const near = (a: number | undefined, b: number, scale: number) =>
  a !== undefined && Math.abs(a - b) <= TOLERANCE * Math.max(scale, Number.MIN_VALUE);
const TOLERANCE = 1e-5;
