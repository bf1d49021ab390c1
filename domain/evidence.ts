import * as z from 'zod';

/** A cell that shows what is wrong: its row, counted from 1 over all parts, and its text. */
const exampleSchema = z.object({ row: z.int(), value: z.string() });

const violationSchema = z.object({ column: z.string(), count: z.int(), examples: z.array(exampleSchema) });
export type Violation = z.infer<typeof violationSchema>;

/** How well one column alone tells the label. */
const leakSchema = z.object({
  column: z.string(),
  /** `auc`: of a number, either direction. `r2`: of a straight line. `explained`: share of the label's variety that the column's values explain. */
  measure: z.enum(['auc', 'r2', 'explained']),
  value: z.number(),
});
export type Leak = z.infer<typeof leakSchema>;

/** What was found in the rows of a dataset once its columns had a type. */
export const evidenceSchema = z.object({
  rows: z.int(),
  labels: z.object({
    missing: z.object({ count: z.int(), rows: z.array(z.int()) }),
    /** Of a classification: every label with its rows, at most {@link MAX_LISTED_LABELS}, most frequent first. */
    classes: z.array(z.object({ label: z.string(), count: z.int() })),
    complete: z.boolean(),
    /** Of a regression: labels that are no number, and labels that are no finite one. */
    notNumeric: violationSchema.nullable(),
    notFinite: violationSchema.nullable(),
    constant: z.boolean(),
  }),
  /** Values that cannot be read as the type of their column. */
  mistyped: z.array(violationSchema),
  infinite: z.array(violationSchema),
  /** Values that a declared rule forbids. */
  belowMinimum: z.array(violationSchema),
  aboveMaximum: z.array(violationSchema),
  undeclaredCategories: z.array(violationSchema),
  ids: z
    .object({
      missing: z.int(),
      /** Rows whose id stands more than once. */
      duplicateRows: z.int(),
      examples: z.array(z.object({ id: z.string(), rows: z.array(z.int()) })),
    })
    .nullable(),
  /** Rows that repeat the features and the label of another row. */
  repeatedRows: z.int(),
  leaks: z.array(leakSchema),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const MAX_LISTED_LABELS = 101;
