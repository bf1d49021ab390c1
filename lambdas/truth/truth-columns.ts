import { type Anomaly, fault, listed, quoted } from '../../domain/anomaly.ts';
import type { DataSchema } from '../../domain/data-schema.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { rawColumn } from '../shared/dataset-columns.ts';
import { canonicalSql, labelSql, missingWordSql, numberSql, presentSql, timeSql } from '../shared/dataset-values.ts';
import { sqlText, sqlTexts } from '../shared/duckdb.ts';

type Role = 'id' | 'label' | 'at';

/** The names that a column may have, beside the target's own for the label. */
const NAMES: Record<Role, readonly string[]> = {
  id: ['inference_id'],
  label: ['label'],
  at: ['at', 'time', 'timestamp'],
};

const ROLES = ['id', 'label', 'at'] as const;

/** `Inference ID`, `inference-id` and `inferenceId` are one name. */
const spelled = (name: string) =>
  name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();

/** What a column of late labels says; undefined for one of no use. */
export const roleOf = (name: string, { problem }: NamedModelConfig): Role | undefined =>
  name === problem.target ? 'label' : ROLES.find((role) => NAMES[role].includes(spelled(name)));

interface TruthColumn {
  readonly name: string;
  readonly cell: string;
}
export interface TruthColumns {
  readonly id: TruthColumn;
  readonly label: TruthColumn;
  readonly at: TruthColumn | undefined;
}

/** Finds the columns, or says why they cannot be found. */
export function columnsOf(names: readonly string[], config: NamedModelConfig): TruthColumns | { anomalies: Anomaly[] } {
  const all = names.map((name, index) => ({ name, cell: rawColumn(index), role: roleOf(name, config) }));
  const of = (role: Role) => all.filter((column) => column.role === role);
  const [[id], [label], [at]] = [of('id'), of('label'), of('at')];
  const twice = ROLES.find((role) => of(role).length > 1);
  if (id && label && twice === undefined) return { id, label, at };
  const advice = 'Name the columns inference_id, label and, if labels have a time, at.';
  const missing = [...(id ? [] : ['inference_id']), ...(label ? [] : ['label'])];
  return {
    anomalies: [
      ...missing.map((column) =>
        fault('COLUMN_MISSING', `The file has no column ${quoted(column)}; its columns are ${listed(names)}.`, advice, {
          column,
        }),
      ),
      ...(twice === undefined
        ? []
        : [
            fault(
              'DUPLICATE_COLUMN',
              `More than one column says the ${twice === 'at' ? 'time' : twice}: ${listed(of(twice).map(({ name }) => name))}.`,
              advice,
            ),
          ]),
    ],
  };
}

/** The three values of a row in SQL, and what can be wrong with them. */
export interface TypedCells {
  readonly id: string;
  readonly label: string;
  readonly at: string;
  readonly faults: readonly {
    readonly column: TruthColumn;
    readonly wrong: string;
    tell(example: { row: number; value: string }, more: string): Anomaly;
  }[];
}

/** How the columns are read, by what the model predicts. */
export function typed(
  columns: TruthColumns,
  { config, pinned, receivedAt }: { config: NamedModelConfig; pinned: DataSchema | null; receivedAt: string },
): TypedCells {
  const { id, label, at } = columns;
  const regression = config.problem.kind === 'regression';
  const empty = regression
    ? `(${presentSql(label.cell)} IS NULL OR ${missingWordSql(label.cell)})`
    : `${labelSql(label.cell)} IS NULL`;
  const place = (column: TruthColumn, row: number) => `Row ${row}, column ${quoted(column.name)}`;
  const faults: TypedCells['faults'][number][] = [
    {
      column: id,
      wrong: `${presentSql(id.cell)} IS NULL`,
      tell: ({ row }, more) =>
        fault(
          'ID_MISSING',
          `${place(id, row)}: expected the id of a prediction, the cell is empty${more}.`,
          'Send each label with the id that its prediction was answered with ("inference_ids").',
          { column: id.name, row },
        ),
    },
  ];
  const classes = pinned && pinned.target.kind !== 'regression' ? pinned.target.classes : null;
  if (regression)
    faults.push({
      column: label,
      wrong: `NOT ${empty} AND NOT coalesce(isfinite(${numberSql(label.cell)}) AND abs(${numberSql(label.cell)}) <= 1e100, false)`,
      tell: ({ row, value }, more) =>
        fault(
          'TYPE_MISMATCH',
          `${place(label, row)}: expected a finite number, current value is ${quoted(value)}${more}.`,
          `Labels of "${config.name}" are numbers, because it is a regression.`,
          { column: label.name, row, value },
        ),
    });
  else if (classes)
    faults.push({
      column: label,
      wrong: `NOT ${empty} AND ${labelSql(label.cell)} NOT IN ${sqlTexts(classes)}`,
      tell: ({ row, value }, more) =>
        fault(
          'LABEL_CLASS_NEW',
          `${place(label, row)}: expected one of ${listed(classes)}, current value is ${quoted(value)}${more}.`,
          'Write labels as they stand in the training data; a new class needs a new dataset first.',
          { column: label.name, row, value },
        ),
    });
  if (at) {
    const time = timeSql(presentSql(at.cell));
    faults.push(
      {
        column: at,
        wrong: `${presentSql(at.cell)} IS NOT NULL AND ${time} IS NULL`,
        tell: ({ row, value }, more) =>
          fault(
            'TYPE_MISMATCH',
            `${place(at, row)}: expected a time, current value is ${quoted(value)}${more}.`,
            'Write times as 2026-11-23T10:00:00Z, or leave them empty.',
            { column: at.name, row, value },
          ),
      },
      {
        column: at,
        wrong: `${time} > ${sqlText(receivedAt)}::TIMESTAMP + INTERVAL 1 DAY`,
        tell: ({ row, value }, more) =>
          fault(
            'OUT_OF_RANGE',
            `${place(at, row)}: expected a time before the upload, current value is ${quoted(value)}${more}.`,
            'A label of the future would outlast every correction; correct the clock, or leave the time empty.',
            { column: at.name, row, value },
          ),
      },
    );
  }
  return {
    id: presentSql(id.cell),
    label: `CASE WHEN NOT ${empty} THEN ${regression ? canonicalSql(label.cell) : labelSql(label.cell)} END`,
    at: at ? timeSql(presentSql(at.cell)) : 'NULL::TIMESTAMP',
    faults,
  };
}
