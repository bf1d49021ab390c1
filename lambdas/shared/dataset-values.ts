import { FALSE_SPELLINGS, MISSING_LABELS, MISSING_WORDS, TRUE_SPELLINGS } from '../../domain/data-schema.ts';
import { sqlTexts } from './duckdb.ts';

/** How a cell of table `raw` is read, as SQL. The domain says the same in TypeScript: a test holds both to one table. */

/**
 * The cell without surrounding blanks; NULL when nothing is left. Trimming costs more than all the rest together, and
 * hardly a cell needs it: blanks sort before `!`.
 */
export const presentSql = (cell: string) =>
  `CASE WHEN ${cell} >= '!' AND NOT ends_with(${cell}, ' ') THEN ${cell} ELSE nullif(trim(${cell}, E' \\t\\r\\n'), '') END`;

/**
 * The number in a cell, blanks around it or not: NULL when it holds something else. DuckDB would take `1_000` for a
 * number; no other part of the path does. Infinite when the text says so or is beyond a double.
 */
export const numberSql = (cell: string) =>
  `CASE WHEN contains(${cell}, '_') THEN NULL ELSE TRY_CAST(${cell} AS DOUBLE) END`;

/** `canonicalText` of domain/data-schema. */
export function canonicalSql(cell: string): string {
  const text = `trim(regexp_replace(${cell}, '\\p{Cc}+', ' ', 'g'))`;
  // Plain words are their own spelling and nearly all there is; `true` and `false` have four letters and five.
  return `CASE WHEN strlen(${cell}) NOT IN (4, 5) AND regexp_full_match(${cell}, '[A-Za-z_][A-Za-z0-9_-]*') THEN ${cell}
    WHEN ${text} = '' THEN NULL
    WHEN lower(${text}) IN ('true', 'false') THEN lower(${text})
    WHEN contains(${text}, '.') AND regexp_full_match(${text}, '-?(0|[1-9][0-9]*)\\.[0-9]*')
      THEN regexp_replace(rtrim(rtrim(${text}, '0'), '.'), '^-0$', '0')
    WHEN ${text} = '-0' THEN '0'
    ELSE ${text} END`;
}

/** `canonicalBoolean` of domain/data-schema, NULL for anything that is not a boolean. */
export const booleanSql = (cell: string) =>
  `CASE WHEN lower(${canonicalSql(cell)}) IN ${sqlTexts(TRUE_SPELLINGS)} THEN 'true'
    WHEN lower(${canonicalSql(cell)}) IN ${sqlTexts(FALSE_SPELLINGS)} THEN 'false' END`;

/** Whether a cell holds a word for "missing". */
export const missingWordSql = (cell: string) => `(lower(${presentSql(cell)}) IN ${sqlTexts(MISSING_WORDS)})`;

/** The label of a row; NULL when it has none. */
export const labelSql = (cell: string) =>
  `CASE WHEN lower(trim(${cell})) IN ${sqlTexts(MISSING_LABELS)} THEN NULL ELSE ${canonicalSql(cell)} END`;

/**
 * The time in a text, in UTC: of its zone where it names one, else as it stands. DuckDB would drop a zone, or take one
 * from the machine. NULL when it is no time.
 */
export const timeSql = (cell: string) =>
  `CASE WHEN isfinite(TRY_CAST(${cell} AS TIMESTAMP)) THEN
    CASE WHEN regexp_matches(${cell}, '[0-9:](Z|[+-][0-9]{2}(:?[0-9]{2})?)$') AND contains(${cell}, ':')
      THEN TRY_CAST(${cell} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' ELSE TRY_CAST(${cell} AS TIMESTAMP) END END`;

/** The value of a feature by its type; NULL is missing, NaN of a numeric one included. */
export const VALUE_SQL: Record<'numeric' | 'categorical' | 'boolean', (cell: string) => string> = {
  numeric: (cell) => `nullif(${numberSql(cell)}, 'nan'::DOUBLE)`,
  categorical: canonicalSql,
  boolean: booleanSql,
};
