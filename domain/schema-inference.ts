import type { ColumnStatistics } from './column-statistics.ts';
import { type ColumnSchema, type ColumnType, canonicalText, type DataSchema } from './data-schema.ts';
import type { Problem } from './model-config.ts';

export interface LabelCount {
  readonly label: string;
  readonly count: number;
}

/**
 * What each column of a dataset is: declared rules win, then the pinned schema, then what the values look like.
 * Columns that a pinned schema knows come first and in its order.
 */
export function inferColumns(
  statistics: readonly ColumnStatistics[],
  { problem, pinned, rows }: { problem: Problem; pinned: DataSchema | null; rows: number },
): ColumnSchema[] {
  const order = new Map(pinned?.columns.map((column, index) => [column.name, index]));
  const place = (name: string) => order.get(name) ?? Number.MAX_SAFE_INTEGER;
  const budget = { characters: MAX_LISTED_CHARACTERS };
  return statistics
    .map((column) => describe(column, rolesOf(column, problem, pinned), { problem, pinned, rows, budget }))
    .sort((a, b) => place(a.name) - place(b.name));
}

/** The target as the schema states it, or null when the labels do not allow one; validation says why. */
export function inferTarget(
  labels: readonly LabelCount[],
  { problem, pinned }: { problem: Problem; pinned: DataSchema | null },
): DataSchema['target'] | null {
  const name = problem.target;
  if (problem.kind === 'regression') return { kind: 'regression', name };
  const before = pinned && 'classes' in pinned.target ? pinned.target.classes : [];
  const classes = [...new Set([...before, ...labels.map(({ label }) => label)])].sort();
  if (problem.kind === 'multiclass') return classes.length < 2 ? null : { kind: 'multiclass', name, classes };
  if (classes.length !== 2) return null;
  const rarest = [...labels].sort((a, b) => a.count - b.count || (a.label < b.label ? 1 : -1))[0]?.label;
  const was = pinned?.target.kind === 'binary' ? pinned.target.positive : undefined;
  const positive = canonicalText(problem.positive) ?? was ?? rarest;
  return positive !== undefined && classes.includes(positive) ? { kind: 'binary', name, classes, positive } : null;
}

/** The rule that the configuration declares for a column; a column may be called `constructor`. */
export const declaredRule = (problem: Problem, name: string) =>
  Object.hasOwn(problem.columns, name) ? problem.columns[name] : undefined;

type Guess = Pick<ColumnSchema, 'role' | 'type' | 'because'>;

function rolesOf(column: ColumnStatistics, problem: Problem, pinned: DataSchema | null): Guess {
  const { name } = column;
  if (name === problem.target)
    return { role: 'target', type: problem.kind === 'regression' ? 'numeric' : 'categorical' };
  if (name === problem.id) return { role: 'id', type: 'categorical' };
  const before = pinned?.columns.find((known) => known.name === name);
  const rule = declaredRule(problem, name);
  const guess = before ? { role: before.role, type: before.type, because: before.because } : guessColumn(column);
  const type = rule?.type ?? guess.type;
  if (problem.ignore.includes(name)) return { role: 'ignored', type, because: 'problem.ignore names it' };
  if (rule || before?.role === 'feature') return { role: 'feature', type };
  if (pinned && !before) return { role: 'ignored', type, because: 'the model was first trained without it' };
  // Pinned as target or id of a configuration that has changed since.
  if (guess.role === 'target' || guess.role === 'id') return { role: 'feature', type };
  return { ...guess, type };
}

/** A type that the beginning or nearly all of a column agrees on is the type; what does not fit is then an error. */
function guessColumn(column: ColumnStatistics): Guess {
  const present = column.values - column.words;
  const numeric = column.numbers + column.nan + column.infinite;
  const head = column.head.values - column.head.words;
  if (present === column.nan) return { role: 'ignored', type: 'categorical', because: 'it holds no value' };
  if (column.codes > 0 && numeric === present) return guessText(column, present);
  const numericHead = head >= MIN_HEAD && column.head.numbers === head;
  const nearlyNumeric = column.distinct > MAX_CODE_LEVELS && numeric >= 0.95 * present;
  const withCommas = column.commaNumbers > 0 && numeric + column.commaNumbers >= 0.95 * present;
  if (numeric === present || numericHead || nearlyNumeric || withCommas) return guessNumber(column, present);
  const booleanHead = head >= MIN_HEAD && column.head.booleans === head;
  if (column.booleans === present || booleanHead) return { role: 'feature', type: 'boolean' };
  return guessText(column, present);
}

function guessNumber(column: ColumnStatistics, present: number): Guess {
  const consecutive =
    column.unique &&
    column.integers === present &&
    present >= MIN_IDENTIFIERS &&
    (column.max ?? 0) - (column.min ?? 0) + 1 <= present;
  if (consecutive) return { role: 'ignored', type: 'numeric', because: 'it numbers the rows' };
  return { role: 'feature', type: 'numeric' };
}

function guessText(column: ColumnStatistics, present: number): Guess {
  const type: ColumnType = 'categorical';
  if (column.unique && present >= MIN_IDENTIFIERS)
    return { role: 'ignored', type, because: 'it has another value in every row, like an identifier or a free text' };
  if (column.distinct > MIN_IDENTIFIERS && column.distinct > 0.5 * present)
    return { role: 'ignored', type, because: 'hardly any of its values stands twice, as in a free text' };
  return { role: 'feature', type };
}

const MIN_HEAD = 20;
const MIN_IDENTIFIERS = 50;
/** Numbers of no more than this many kinds may be codes among other codes. */
const MAX_CODE_LEVELS = 20;
/** Of all categories that a schema lists: it has to fit into one registry item with the rest of it. */
const MAX_LISTED_CHARACTERS = 100_000;

function describe(
  column: ColumnStatistics,
  guess: Guess,
  context: { problem: Problem; pinned: DataSchema | null; rows: number; budget: { characters: number } },
): ColumnSchema {
  const rule = declaredRule(context.problem, column.name);
  const before = context.pinned?.columns.find((known) => known.name === column.name);
  const isFeature = guess.role === 'feature';
  return {
    name: column.name,
    role: guess.role,
    type: guess.type,
    required: guess.role === 'ignored' ? false : !isFeature || (rule?.required ?? before?.required ?? true),
    ...(guess.because === undefined ? {} : { because: guess.because }),
    ...(isFeature && guess.type === 'categorical' ? listedCategories(column, context.budget) : {}),
    ...(guess.type === 'numeric' && column.min !== null && column.max !== null
      ? { range: { min: within32Bits(column.min), max: within32Bits(column.max) } }
      : {}),
    missingShare: context.rows === 0 ? 0 : missingValues(column, guess.type) / context.rows,
  };
}

/** Rows of a column that hold no value, as its type reads them. */
export function missingValues(column: ColumnStatistics, type: ColumnType): number {
  if (type === 'numeric') return column.missing + column.words + column.nan;
  return type === 'boolean' ? column.missing + column.words : column.missing;
}

/** Learners compare in 32 bits, so that beyond them nothing differs; and a registry item takes no number above 1e126. */
function within32Bits(value: number): number {
  if (Math.abs(value) < SMALLEST_FLOAT32) return 0;
  return Math.max(-LARGEST_FLOAT32, Math.min(LARGEST_FLOAT32, value));
}
const SMALLEST_FLOAT32 = 1.1754943508222875e-38;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

function listedCategories(column: ColumnStatistics, budget: { characters: number }) {
  const categories = column.levels.map(({ value }) => value);
  const size = categories.reduce((sum, value) => sum + value.length + 3, 0);
  if (size > budget.characters || categories.length === 0) return { categories: [], categoriesComplete: false };
  budget.characters -= size;
  return { categories, categoriesComplete: column.levelsComplete };
}
