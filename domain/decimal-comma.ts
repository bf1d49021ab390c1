/**
 * A number as programs of many countries write it where a semicolon or a tab tells columns apart: `1.234,5`, `12,5`,
 * `7`. The pattern is read alike by JavaScript and by DuckDB.
 */
export const DECIMAL_COMMA = '[+-]?([0-9]+|[0-9]{1,3}([.][0-9]{3})+)(,[0-9]+)?([eE][+-]?[0-9]+)?';

const whole = new RegExp(`^${DECIMAL_COMMA}$`);

/** The number with a decimal point; null when the text is not such a number, or has no comma to go by. */
export function withDecimalPoint(text: string): string | null {
  const trimmed = text.trim();
  return trimmed.includes(',') && whole.test(trimmed) ? trimmed.replaceAll('.', '').replace(',', '.') : null;
}
