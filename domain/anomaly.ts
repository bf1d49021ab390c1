import * as z from 'zod';

/** What can be wrong with a dataset; the codes are part of the report's contract. */
export const ANOMALY_CODES = [
  // the file itself
  'EMPTY',
  'NO_ROWS',
  'NOT_CSV',
  'NOT_UTF8',
  'TOO_LARGE',
  'UNREADABLE',
  'RAGGED_ROW',
  'UNCLOSED_QUOTE',
  'CELL_TOO_LARGE',
  'TOO_MANY_COLUMNS',
  'DUPLICATE_COLUMN',
  'UNNAMED_COLUMN',
  'UNSUPPORTED_TYPE',
  'PARTS_DIFFER',
  // columns
  'COLUMN_MISSING',
  'COLUMN_NEW',
  'COLUMN_IGNORED',
  'COLUMN_CONSTANT',
  'TYPE_MISMATCH',
  'TYPE_CHANGED',
  'NOT_FINITE',
  'NAN_VALUES',
  'MISSING_WORDS',
  'MISSING_SHARE',
  'OUT_OF_RANGE',
  'RANGE_SHIFT',
  'CATEGORY_UNKNOWN',
  'CATEGORY_NEW',
  'NO_FEATURES',
  'LEAKS_LABEL',
  // rows and labels
  'TOO_FEW_ROWS',
  'LABEL_MISSING',
  'LABEL_NOT_FINITE',
  'LABEL_CLASSES',
  'LABEL_CLASS_NEW',
  'LABEL_CLASS_RARE',
  'LABEL_CONSTANT',
  'DUPLICATE_ID',
  'ID_MISSING',
  'DUPLICATE_ROWS',
] as const;
export type AnomalyCode = (typeof ANOMALY_CODES)[number];

/** One finding. `reason` says what is wrong and where, `advice` what to do about it. */
export const anomalySchema = z.object({
  code: z.enum(ANOMALY_CODES),
  /** ERROR: the dataset is not trained on. WARN: it is, and a person should know. */
  severity: z.enum(['ERROR', 'WARN']),
  column: z.string().optional(),
  /** Data row, counted from 1 without the header. */
  row: z.int().optional(),
  value: z.string().optional(),
  reason: z.string(),
  advice: z.string(),
});
export type Anomaly = z.infer<typeof anomalySchema>;

type Place = Pick<Anomaly, 'column' | 'row' | 'value'>;

/** A finding that refuses the dataset. */
export const fault = (code: AnomalyCode, reason: string, advice: string, at: Place = {}): Anomaly => ({
  code,
  severity: 'ERROR',
  ...clipped(at),
  reason,
  advice,
});

/** A finding that lets the dataset pass. */
export const notice = (code: AnomalyCode, reason: string, advice: string, at: Place = {}): Anomaly => ({
  code,
  severity: 'WARN',
  ...clipped(at),
  reason,
  advice,
});

/**
 * Text from the data as it may stand in a sentence: short, on one line, and what one cannot see made visible, so that a
 * blank of no width is found. It is still untrusted: whoever renders it as HTML or CSV escapes it for that.
 */
export const quoted = (text: string, limit = 60) =>
  JSON.stringify([...text.slice(0, limit * 2)].slice(0, limit).join('')).replace(UNSEEN, escaped) +
  (text.length > limit ? '…' : '');

/** Controls, line breaks and characters without a shape; the joiner of emojis may stay. */
const UNSEEN = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

const clipped = (at: Place): Place => ({ ...at, ...(at.value === undefined ? {} : { value: at.value.slice(0, 200) }) });

/** `1 row`, `2,000 rows`. */
export const counted = (count: number, noun: string, plural = `${noun}s`) =>
  `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;

/** `"a", "b" and 3 more`. */
export function listed(names: readonly string[], shown = 5): string {
  const head = names.slice(0, shown).map((name) => quoted(name, 40));
  const rest = names.length - head.length;
  return rest > 0 ? `${head.join(', ')} and ${rest.toLocaleString('en-US')} more` : head.join(', ');
}
