import { type Anomaly, counted, fault, notice, quoted } from './anomaly.ts';
import type { ColumnStatistics } from './column-statistics.ts';
import { type ColumnSchema, canonicalText } from './data-schema.ts';
import type { Leak, Violation } from './evidence.ts';
import { declaredRule, missingValues } from './schema-inference.ts';
import type { DatasetFacts } from './validation.ts';

/** What is wrong with the values of the features. */
export function valueAnomalies(facts: DatasetFacts): Anomaly[] {
  const { evidence, config } = facts;
  const pairs = facts.columns.flatMap((column) => {
    const counts = facts.statistics.find(({ name }) => name === column.name);
    return column.role === 'feature' && counts ? [{ column, counts }] : [];
  });
  const rule = (name: string) => declaredRule(config.problem, name);
  return [
    ...evidence.mistyped.map((violation) => mistyped(violation, facts)),
    ...evidence.infinite.map((violation) =>
      fault(
        'NOT_FINITE',
        `Column ${quoted(violation.column)} holds numbers that are not finite: ${shown(violation)}.`,
        'Replace infinite values, or leave the cells empty where there is no value.',
        first(violation),
      ),
    ),
    ...evidence.belowMinimum.map((violation) =>
      outOfRange(violation, `below the minimum of ${rule(violation.column)?.min}`),
    ),
    ...evidence.aboveMaximum.map((violation) =>
      outOfRange(violation, `above the maximum of ${rule(violation.column)?.max}`),
    ),
    ...evidence.undeclaredCategories.map((violation) =>
      fault(
        'CATEGORY_UNKNOWN',
        `Column ${quoted(violation.column)} holds a category that is not declared: ${shown(violation)}.`,
        'Correct the value, or add it to the categories of the column under problem.columns.',
        first(violation),
      ),
    ),
    ...leakAnomalies(evidence.leaks),
    ...pairs.flatMap(({ column, counts }) => [
      ...missing(column, counts, facts),
      ...wordsAndNan(column, counts),
      ...constant(column, counts),
      ...changed(column, counts, facts),
    ]),
  ];
}

/** `row 7 holds "x"`, with how many more there are. */
export function shown({ count, examples }: Violation): string {
  const [example] = examples;
  const more = count > 1 ? `, and ${counted(count - 1, 'more row')} alike` : '';
  return example
    ? `row ${example.row.toLocaleString('en-US')} holds ${quoted(example.value)}${more}`
    : counted(count, 'row');
}

const first = ({ column, examples: [example] }: Violation) => ({ column, ...example });

function mistyped(violation: Violation, { columns, pinned, statistics }: DatasetFacts): Anomaly {
  const { column: name } = violation;
  const type = columns.find((column) => column.name === name)?.type ?? 'numeric';
  const values = statistics.find((column) => column.name === name)?.values ?? violation.count;
  const before = pinned?.columns.find((column) => column.name === name);
  const hint =
    (violation.examples[0]?.value ?? '').includes(',') && type === 'numeric' ? ' Write 1234.5 for 1,234.5.' : '';
  if (before && violation.count > 0.5 * values)
    return fault(
      'TYPE_CHANGED',
      `Column ${quoted(name)} was ${before.type} and is something else now: ${shown(violation)}.`,
      `Upload the column as it was.${hint}`,
      first(violation),
    );
  return fault(
    'TYPE_MISMATCH',
    `Column ${quoted(name)} is ${type}, but ${shown(violation)}.`,
    `Correct these values or leave the cells empty; declare the column as categorical if it is text.${hint}`,
    first(violation),
  );
}

const outOfRange = (violation: Violation, what: string) =>
  fault(
    'OUT_OF_RANGE',
    `Column ${quoted(violation.column)} has values ${what}: ${shown(violation)}.`,
    'Correct the values, or change the range of the column under problem.columns.',
    first(violation),
  );

/** Above these, a column does not predict the label, it is the label: better than any honest single feature. */
const TOO_GOOD: Record<Leak['measure'], number> = { auc: 0.995, r2: 0.999, explained: 0.99 };

const TELLS: Record<Leak['measure'], string> = {
  auc: 'ranks the rows by their label with an AUC of',
  r2: 'is a straight line of the label with an R² of',
  explained: 'tells the label by its value alone, with a share of',
};

function leakAnomalies(leaks: readonly Leak[]): Anomaly[] {
  const named = new Set<string>();
  return leaks
    .filter(({ measure, value }) => value > TOO_GOOD[measure])
    .filter(({ column }) => !named.has(column) && named.add(column))
    .map(({ column, measure, value }) =>
      fault(
        'LEAKS_LABEL',
        `Column ${quoted(column)} gives the label away: alone it ${TELLS[measure]} ${value.toFixed(4)}.`,
        'Remove the column or list it in problem.ignore if it is only known after the fact.',
        { column },
      ),
    );
}

const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

function missing(
  column: ColumnSchema,
  counts: ColumnStatistics,
  { config, pinned, evidence }: DatasetFacts,
): Anomaly[] {
  const share = evidence.rows === 0 ? 0 : missingValues(counts, column.type) / evidence.rows;
  const allowed = declaredRule(config.problem, column.name)?.maxMissing;
  const before = pinned?.columns.find(({ name }) => name === column.name)?.missingShare;
  const at = { column: column.name };
  const name = quoted(column.name);
  if (allowed !== undefined && share > allowed)
    return [
      fault(
        'MISSING_SHARE',
        `Column ${name} has no value in ${percent(share)} of the rows; at most ${percent(allowed)} are allowed.`,
        'Fill in the values, or raise maxMissing of the column under problem.columns.',
        at,
      ),
    ];
  if (share === 1)
    return [
      fault(
        'MISSING_SHARE',
        `Column ${name} has no value in any row.`,
        'Fill the column, or list it in problem.ignore.',
        at,
      ),
    ];
  if (before !== undefined && share > before + 0.2)
    return [
      notice(
        'MISSING_SHARE',
        `Column ${name} has no value in ${percent(share)} of the rows; it was ${percent(before)} in the first dataset.`,
        'Check where the values went.',
        at,
      ),
    ];
  return [];
}

function wordsAndNan(column: ColumnSchema, counts: ColumnStatistics): Anomaly[] {
  const name = quoted(column.name);
  const at = { column: column.name };
  const anomalies: Anomaly[] = [];
  if (counts.words > 0)
    anomalies.push(
      notice(
        'MISSING_WORDS',
        `Column ${name} spells a missing value as a word (such as NA or null) in ${counted(counts.words, 'row')}; ${
          column.type === 'categorical' ? 'the word is taken as a category' : 'these are taken as missing'
        }.`,
        'Leave the cells empty where there is no value.',
        at,
      ),
    );
  if (column.type === 'numeric' && counts.nan > 0)
    anomalies.push(
      notice(
        'NAN_VALUES',
        `Column ${name} holds NaN in ${counted(counts.nan, 'row')}; these are taken as missing.`,
        'Leave the cells empty where there is no value.',
        at,
      ),
    );
  return anomalies;
}

function constant(column: ColumnSchema, counts: ColumnStatistics): Anomaly[] {
  if (counts.missing > 0 || counts.values === 0) return [];
  const one = column.type === 'numeric' ? counts.min !== null && counts.min === counts.max : counts.levels.length === 1;
  if (!one || counts.distinct > 2) return [];
  return [
    notice(
      'COLUMN_CONSTANT',
      `Column ${quoted(column.name)} has the same value in every row.`,
      'List it in problem.ignore if it stays so.',
      { column: column.name },
    ),
  ];
}

function changed(column: ColumnSchema, counts: ColumnStatistics, { pinned }: DatasetFacts): Anomaly[] {
  const before = pinned?.columns.find(({ name, role }) => name === column.name && role === 'feature');
  if (!before) return [];
  const at = { column: column.name };
  if (column.type === 'categorical' && before.categories && before.categoriesComplete) {
    const known = new Set(before.categories.map((category) => canonicalText(category)));
    const added = counts.levels.filter(({ value }) => !known.has(value));
    if (added.length === 0) return [];
    const rows = added.reduce((sum, { count }) => sum + count, 0);
    return [
      notice(
        'CATEGORY_NEW',
        `Column ${quoted(column.name)} has new categories in ${counted(rows, 'row')}: ${added
          .slice(0, 5)
          .map(({ value }) => quoted(value, 40))
          .join(', ')}${added.length > 5 ? ' and more' : ''}.`,
        'Nothing has to be done if they are real; correct them if they are misspelled.',
        { ...at, ...(added[0] ? { value: added[0].value } : {}) },
      ),
    ];
  }
  if (column.type !== 'numeric' || !before.range || counts.min === null || counts.max === null) return [];
  const width = before.range.max - before.range.min;
  if (counts.min >= before.range.min - width && counts.max <= before.range.max + width) return [];
  return [
    notice(
      'RANGE_SHIFT',
      `Column ${quoted(column.name)} runs from ${counts.min} to ${counts.max}; it was ${before.range.min} to ${before.range.max} in the first dataset.`,
      'Check whether the unit has changed.',
      at,
    ),
  ];
}
