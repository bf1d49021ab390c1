import * as z from 'zod';

/** What was counted in one column, every value taken as text; blank cells are missing and nothing else. */
export const columnStatisticsSchema = z.object({
  name: z.string(),
  /** Cells that are not blank. */
  values: z.int(),
  missing: z.int(),
  /** Values that are one of `MISSING_WORDS`. */
  words: z.int(),
  /** Values that are finite numbers; of those, whole ones. */
  numbers: z.int(),
  integers: z.int(),
  nan: z.int(),
  infinite: z.int(),
  /** Numbers with a comma in them, such as `1,234`; counted only in columns that are not all numbers. */
  commaNumbers: z.int(),
  /** Whole numbers that begin with a zero: codes, not quantities. */
  codes: z.int(),
  booleans: z.int(),
  /** The same for the first {@link HEAD_ROWS} rows: what a column was before something changed in it. */
  head: z.object({ values: z.int(), words: z.int(), numbers: z.int(), booleans: z.int() }),
  /** Different values: an estimate within a few percent, exact where `unique` matters. */
  distinct: z.int(),
  /** No value stands twice. */
  unique: z.boolean(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  /** Bytes of the longest value. */
  longest: z.int(),
  /** Canonical values with their counts, most frequent first; of columns that are not all numbers. */
  levels: z.array(z.object({ value: z.string(), count: z.int() })),
  levelsComplete: z.boolean(),
});
export type ColumnStatistics = z.infer<typeof columnStatisticsSchema>;

/** Rows at the beginning that tell what a column is meant to hold. */
export const HEAD_ROWS = 1_000;
