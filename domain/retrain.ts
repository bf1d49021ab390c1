import * as z from 'zod';

/** What the function that composes a dataset out of labelled predictions is asked, and what it answers. */
export const retrainInput = z.object({
  /** Names the dataset: asking again for the same one changes nothing. */
  incident: z.string().regex(/^[\w.:-]{1,200}$/, { error: 'expected letters, digits and . : - _' }),
  /** Predictions from then on are taken. Null: since the champion's data was uploaded. */
  since: z.iso.datetime({ offset: true }).nullish(),
});
export type RetrainInput = z.infer<typeof retrainInput>;

export const RETRAIN_STATUSES = [
  'COMPOSED',
  /** It was there already. */
  'REPEATED',
  'NO_CHAMPION',
  'NOT_ENOUGH_LABELS',
  /** A field that the model learns from is not captured. */
  'REDACTED',
  /** The data that the champion was trained on is gone. */
  'NO_DATASET',
] as const;

export const retrainOutput = z.object({
  status: z.enum(RETRAIN_STATUSES),
  /** Rows of the dataset, those of the last one among them. */
  rows: z.int().min(0),
  /** Labelled predictions that could be used. */
  labelled: z.int().min(0),
  needed: z.int().min(0),
  /** In the data bucket; null where nothing was composed. */
  key: z.string().nullable(),
  /** Why nothing was composed, as a sentence. */
  because: z.string().nullable(),
});
export type RetrainOutput = z.infer<typeof retrainOutput>;
