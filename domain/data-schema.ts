import * as z from 'zod';

export const COLUMN_TYPES = ['numeric', 'categorical', 'boolean'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** What a model's data looks like in one column; inferred from the first dataset, then pinned. */
export const columnSchema = z.object({
  name: z.string(),
  role: z.enum(['feature', 'target', 'id', 'ignored']),
  type: z.enum(COLUMN_TYPES),
  /** A dataset without this column is refused. */
  required: z.boolean(),
  /** Why an ignored column is ignored, as a person reads it. */
  because: z.string().optional(),
  /** Levels of a categorical column, most frequent first; only the first {@link MAX_CATEGORIES} when not complete. */
  categories: z.array(z.string()).optional(),
  categoriesComplete: z.boolean().optional(),
  /** Smallest and largest number seen. */
  range: z.object({ min: z.number(), max: z.number() }).optional(),
  /** Share of rows without a value, 0 to 1. */
  missingShare: z.number(),
});
export type ColumnSchema = z.infer<typeof columnSchema>;

const targetSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('binary'),
    name: z.string(),
    /** Both labels as canonical text, sorted. */
    classes: z.array(z.string()).length(2),
    positive: z.string(),
  }),
  z.object({ kind: z.literal('multiclass'), name: z.string(), classes: z.array(z.string()).min(2) }),
  z.object({ kind: z.literal('regression'), name: z.string() }),
]);

/** The data contract of a model. The order of its features is the order of `f0…fn` in a train split. */
export const dataSchema = z.object({
  format: z.literal(1),
  target: targetSchema,
  columns: z.array(columnSchema),
});
export type DataSchema = z.infer<typeof dataSchema>;

/** Levels that a schema lists of one column; the registry holds a schema in one item of at most 400 KB. */
export const MAX_CATEGORIES = 200;

/** The columns a model learns from, in the order of {@link learnerColumn}. */
export const featuresOf = (schema: DataSchema): ColumnSchema[] =>
  schema.columns.filter((column) => column.role === 'feature');

export const idColumnOf = (schema: DataSchema): ColumnSchema | undefined =>
  schema.columns.find((column) => column.role === 'id');

/** Name of the `index`-th feature in a train split: learners never see names that people chose. */
export const learnerColumn = (index: number) => `f${index}`;

/** Name of the target in a train split. */
export const LEARNER_LABEL = 'label';

/**
 * One spelling per value, whatever it was read from: `1`, `1.0` and `' 1'` are `'1'`, `TRUE` is `'true'`. Labels,
 * categories and ids are compared in this form. `null` is a missing value. DuckDB repeats it in `canonicalSql`.
 */
export function canonicalText(value: string | number | boolean | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  const text = String(value)
    .replace(/\p{Cc}+/gu, ' ')
    .replace(/^ +| +$/g, '');
  if (text === '') return null;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase();
  if (/^-?(0|[1-9][0-9]*)\.[0-9]*$/.test(text)) return unsignedZero(text.replace(/0+$/, '').replace(/\.$/, ''));
  return unsignedZero(text);
}

const unsignedZero = (text: string) => (text === '-0' ? '0' : text);

/** `'true'` or `'false'` for the usual spellings, `null` for a missing value, `undefined` for anything else. */
export function canonicalBoolean(value: string | number | boolean | null | undefined): string | null | undefined {
  const text = canonicalText(value)?.toLowerCase();
  if (text === undefined) return null;
  if (TRUE_SPELLINGS.includes(text)) return 'true';
  return FALSE_SPELLINGS.includes(text) ? 'false' : undefined;
}

/** Canonical, lower-case spellings of a column that is boolean. */
export const TRUE_SPELLINGS: readonly string[] = ['true', 't', 'yes', 'y', '1'];
export const FALSE_SPELLINGS: readonly string[] = ['false', 'f', 'no', 'n', '0'];

/** Words that stand for a missing value in a numeric or boolean column; in a categorical one they are categories. */
export const MISSING_WORDS: readonly string[] = ['na', 'n/a', '#n/a', 'null', 'none', 'nil', '?', '-'];

/** Words that no label is called; `none` and `?` may be one. */
export const MISSING_LABELS: readonly string[] = ['na', 'n/a', '#n/a', 'null', 'nan'];

/**
 * A cell of a train split. Text is prefixed with `=`, so that a learner which guesses types never takes a category
 * for a number; empty is missing.
 */
export const learnerText = (canonical: string | null) => (canonical === null ? '' : `=${canonical}`);
