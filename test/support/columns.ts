import type { ColumnStatistics } from '../../domain/column-statistics.ts';

/** Statistics of a column of 1,000 texts, with what the test is about. */
export const column = (overrides: Partial<ColumnStatistics> = {}): ColumnStatistics => ({
  name: 'x',
  values: 1_000,
  missing: 0,
  words: 0,
  numbers: 0,
  integers: 0,
  nan: 0,
  infinite: 0,
  commaNumbers: 0,
  codes: 0,
  booleans: 0,
  head: { values: 1_000, words: 0, numbers: 0, booleans: 0 },
  distinct: 200,
  unique: false,
  min: null,
  max: null,
  mean: null,
  longest: 10,
  levels: [],
  levelsComplete: false,
  ...overrides,
});
