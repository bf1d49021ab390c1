import * as z from 'zod';
import { byName } from './by-name.ts';

/**
 * The table that gates read: one row per row of the test split, held column by column, written by the evaluation.
 * Challenger and champion stand side by side because every comparison is paired: same rows, same truth.
 */

const probability = z.number().min(0).max(1);
const attributes = byName(z.array(z.string().nullable()));

const binaryScores = z.object({
  kind: z.literal('binary'),
  /** The label that counts as 1. */
  positive: z.string(),
  truth: z.array(z.union([z.literal(0), z.literal(1)])),
  /** P(positive) by the challenger. */
  challenger: z.array(probability),
  champion: z.array(probability).nullable(),
  /** Values of the columns that slices and fairness look at, as text. */
  attributes,
});

const multiclassScores = z.object({
  kind: z.literal('multiclass'),
  classes: z.array(z.string()).min(2),
  /** Index into `classes`. */
  truth: z.array(z.int().min(0)),
  /** One row of class probabilities per row, in the order of `classes`. */
  challenger: z.array(z.array(probability)),
  champion: z.array(z.array(probability)).nullable(),
  attributes,
});

const regressionScores = z.object({
  kind: z.literal('regression'),
  truth: z.array(z.number()),
  challenger: z.array(z.number()),
  champion: z.array(z.number()).nullable(),
  attributes,
});

export const scoresSchema = z
  .discriminatedUnion('kind', [binaryScores, multiclassScores, regressionScores])
  .superRefine((scores, context) => {
    for (const [name, length] of columnLengths(scores)) {
      if (length !== scores.truth.length) {
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `expected ${scores.truth.length} rows as in truth, current count is ${length}`,
        });
      }
    }
    if (scores.kind === 'multiclass') checkClasses(scores, context);
  });

export type BinaryScores = z.infer<typeof binaryScores>;
export type MulticlassScores = z.infer<typeof multiclassScores>;
export type RegressionScores = z.infer<typeof regressionScores>;
export type Scores = BinaryScores | MulticlassScores | RegressionScores;

function columnLengths(scores: Scores): [string, number][] {
  return [
    ['challenger', scores.challenger.length],
    ...(scores.champion ? [['champion', scores.champion.length] as [string, number]] : []),
    ...Object.entries(scores.attributes).map(([name, values]): [string, number] => [name, values.length]),
  ];
}

function checkClasses(scores: MulticlassScores, context: z.RefinementCtx) {
  const count = scores.classes.length;
  const outside = scores.truth.find((index) => index >= count);
  if (outside !== undefined) {
    context.addIssue({ code: 'custom', path: ['truth'], message: `class index ${outside} of ${count} classes` });
  }
  for (const side of ['challenger', 'champion'] as const) {
    const short = scores[side]?.findIndex((row) => row.length !== count) ?? -1;
    if (short >= 0) {
      context.addIssue({ code: 'custom', path: [side, short], message: `expected ${count} probabilities` });
    }
  }
}
