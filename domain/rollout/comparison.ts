import * as z from 'zod';
import { byName } from '../by-name.ts';
import { inferenceId } from '../capture.ts';
import { compareRow, headline, MEASURES, type RowDifference, type RowPrediction } from './row-difference.ts';

/** How a challenger answered the copies of live requests, row by row and slice by slice, small enough for a table's item. */

/** One live request, and what became of its copy. */
export interface Copy {
  readonly requestId: string;
  readonly at: string;
  readonly instances: readonly Readonly<Record<string, unknown>>[];
  readonly champion: readonly RowPrediction[];
  /** One prediction per instance, or why there are none although the champion had some. */
  readonly challenger: readonly RowPrediction[] | { readonly failure: string };
}

const tallySchema = z.object({
  rows: z.int().min(0),
  /** Rows that the challenger did not answer. */
  unanswered: z.int().min(0),
  same: z.int().min(0),
  /** Of the differences, with and without their sign. */
  sum: z.number(),
  size: z.number(),
});
export type RowTally = z.infer<typeof tallySchema>;

const cell = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const exampleSchema = z.object({
  /** What the caller knows the prediction by. */
  inferenceId: z.string(),
  at: z.string(),
  instance: byName(cell),
  champion: z.union([z.number(), z.string()]),
});

export const comparisonSchema = z.object({
  measure: z.enum(MEASURES).nullable(),
  requests: z.object({
    copied: z.int().min(0),
    unanswered: z.int().min(0),
    /** Captured and not copied: outside of the sample, or more than a look can send. */
    leftOut: z.int().min(0),
  }),
  all: tallySchema,
  /** Rows by the size of their difference, see `DIFFERENCE_EDGES`. */
  sizes: z.array(z.int().min(0)),
  slices: z.array(tallySchema.extend({ column: z.string(), value: z.string().nullable(), others: z.boolean() })),
  /** The rows that differ most, largest first. */
  biggest: z.array(exampleSchema.extend({ challenger: z.union([z.number(), z.string()]), difference: z.number() })),
  /** Some of the rows that were not answered. */
  failures: z.array(exampleSchema.extend({ why: z.string() })),
});
export type Comparison = z.infer<typeof comparisonSchema>;

/** Upper ends of the bins of `sizes`; the last bin holds what is larger. */
export const DIFFERENCE_EDGES = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2] as const;

const NO_ROWS: RowTally = { rows: 0, unanswered: 0, same: 0, sum: 0, size: 0 };
const MOST_EXAMPLES = 10;
const MOST_FAILURES = 5;
const MOST_COLUMNS = 20;
/** More values of one column are counted together: they are identities, not slices. */
const MOST_VALUES = 20;
const MOST_FIELDS = 30;
const LONGEST_TEXT = 60;

export const startComparison = (): Comparison => ({
  measure: null,
  requests: { copied: 0, unanswered: 0, leftOut: 0 },
  all: NO_ROWS,
  sizes: Array.from({ length: DIFFERENCE_EDGES.length + 1 }, () => 0),
  slices: [],
  biggest: [],
  failures: [],
});

/** Takes in the copies of a look; `columns` divide the rows into slices. */
export function compare(
  known: Comparison,
  { copies, leftOut, columns }: { copies: readonly Copy[]; leftOut: number; columns: readonly string[] },
): Comparison {
  const { requests } = known;
  const next: Comparison = {
    ...known,
    requests: {
      copied: requests.copied + copies.length,
      unanswered: requests.unanswered + copies.filter(({ challenger }) => 'failure' in challenger).length,
      leftOut: requests.leftOut + leftOut,
    },
    sizes: [...known.sizes],
    slices: known.slices.map((slice) => ({ ...slice })),
    biggest: [...known.biggest],
    failures: [...known.failures],
  };
  const slices = slicer(next.slices, columns.slice(0, MOST_COLUMNS));
  for (const copy of copies) for (const row of copy.instances.keys()) takeRow(next, copy, row, slices);
  return next;
}

function takeRow(into: Comparison, copy: Copy, row: number, slices: Slicer) {
  const { challenger } = copy;
  const [champion, instance] = [copy.champion[row], copy.instances[row]];
  if (!champion || !instance) return;
  const own = 'failure' in challenger ? undefined : challenger[row];
  const difference = own ? compareRow(champion, own) : null;
  const found = counted(difference);
  into.all = addTally(into.all, found);
  slices(instance, found);
  const example = () => ({
    inferenceId: inferenceId(copy.requestId, row),
    at: copy.at,
    instance: shown(instance),
    champion: headline(champion),
  });
  if (!own || !difference) {
    const why = 'failure' in challenger ? challenger.failure : 'an answer of another kind';
    if (into.failures.length < MOST_FAILURES) into.failures.push({ ...example(), why: why.slice(0, 200) });
    return;
  }
  into.measure = difference.measure;
  const size = Math.abs(difference.difference);
  const edge = DIFFERENCE_EDGES.findIndex((end) => size <= end);
  const bin = edge < 0 ? DIFFERENCE_EDGES.length : edge;
  into.sizes[bin] = (into.sizes[bin] ?? 0) + 1;
  if (into.biggest.length === MOST_EXAMPLES && size <= sizeOf(into.biggest.at(-1))) return;
  into.biggest.push({ ...example(), challenger: headline(own), difference: difference.difference });
  into.biggest.sort((a, b) => sizeOf(b) - sizeOf(a)).splice(MOST_EXAMPLES);
}

const sizeOf = (row: { difference: number } | undefined) => Math.abs(row?.difference ?? 0);

const counted = (difference: RowDifference | null): RowTally => ({
  rows: 1,
  unanswered: difference ? 0 : 1,
  same: difference?.same ? 1 : 0,
  sum: difference?.difference ?? 0,
  size: Math.abs(difference?.difference ?? 0),
});

const addTally = (a: RowTally, b: RowTally): RowTally => ({
  rows: a.rows + b.rows,
  unanswered: a.unanswered + b.unanswered,
  same: a.same + b.same,
  sum: a.sum + b.sum,
  size: a.size + b.size,
});

type Slicer = (instance: Readonly<Record<string, unknown>>, found: RowTally) => void;

/** Adds rows to the slices of the columns, and new slices where there is room. */
function slicer(slices: Comparison['slices'], columns: readonly string[]): Slicer {
  const places = columns.map((column) => {
    const own = slices.filter((slice) => slice.column === column);
    return {
      column,
      values: new Map(own.filter(({ others }) => !others).map((slice) => [slice.value, slice])),
      others: own.find(({ others }) => others),
    };
  });
  return (instance, found) => {
    for (const place of places) {
      const value = sliceValue(instance[place.column]);
      const known = place.values.get(value) ?? place.others;
      if (known) {
        Object.assign(known, addTally(known, found));
        continue;
      }
      const others = place.values.size >= MOST_VALUES;
      const slice = { column: place.column, value: others ? null : value, others, ...found };
      slices.push(slice);
      if (others) place.others = slice;
      else place.values.set(value, slice);
    }
  };
}

const sliceValue = (value: unknown): string | null =>
  value === null || value === undefined || value === '' ? null : String(value).slice(0, LONGEST_TEXT);

/** What a person recognizes a row by. */
function shown(instance: Readonly<Record<string, unknown>>): Record<string, z.infer<typeof cell>> {
  const fields = Object.entries(instance).filter(([name]) => name !== '');
  return Object.fromEntries(
    fields.slice(0, MOST_FIELDS).map(([name, value]) => [name.slice(0, LONGEST_TEXT), shownValue(value)]),
  );
}

/** Numbers that a table cannot hold (DynamoDB ends at 1e126) are told as text. */
function shownValue(value: unknown): z.infer<typeof cell> {
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && (value === 0 || (Math.abs(value) < 1e100 && Math.abs(value) > 1e-100))) return value;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.slice(0, LONGEST_TEXT);
}
