import { type Anomaly, fault, listed, notice, quoted } from './anomaly.ts';
import type { ColumnSchema } from './data-schema.ts';
import type { Gate } from './model-config.ts';
import { declaredRule } from './schema-inference.ts';
import type { DatasetFacts } from './validation.ts';

/** Columns that are absent, new or of no use; compared by name, never by position. */
export function columnAnomalies(facts: DatasetFacts): Anomaly[] {
  const features = facts.columns.filter(({ role }) => role === 'feature');
  return [
    ...missingColumns(facts),
    ...newColumns(facts),
    ...ignoredColumns(facts),
    ...(features.length > 0
      ? []
      : [
          fault(
            'NO_FEATURES',
            'No column is left to learn from.',
            'Upload columns that describe each row, or declare them under problem.columns.',
          ),
        ]),
  ];
}

function missingColumns({ config, columns, pinned }: DatasetFacts): Anomaly[] {
  const { problem } = config;
  const present = new Set(columns.map(({ name }) => name));
  const wanted = new Map<string, string>();
  const want = (name: string, why: string) => {
    if (!present.has(name) && !wanted.has(name)) wanted.set(name, why);
  };
  want(problem.target, 'is what the model predicts');
  if (problem.id !== undefined) want(problem.id, 'is the id of the rows');
  for (const [name, rule] of Object.entries(problem.columns))
    if (rule.required !== false) want(name, 'is declared under problem.columns');
  for (const name of config.evaluation.slices) want(name, 'is declared as a slice');
  for (const gate of config.gates ?? [])
    for (const name of gateColumns(gate)) want(name, `is used by the gate ${gate.gate}`);
  for (const column of pinned?.columns ?? [])
    if (column.role === 'feature' && isRequired(column, problem))
      want(column.name, 'is part of what the model learned from');
  const names = columns.map(({ name }) => name);
  return [...wanted].map(([name, why]) => {
    const known = pinned?.columns.find((column) => column.name === name);
    return fault(
      'COLUMN_MISSING',
      `Column ${quoted(name)} is missing; it ${why}.${renameHint(known, columns, pinned)} The columns are ${listed(names, 8)}.`,
      known
        ? 'Bring the column back under this name, or list it in problem.ignore to train without it.'
        : 'Check the first line: it has to hold the column names, spelled as in the configuration.',
      { column: name },
    );
  });
}

function isRequired(column: ColumnSchema, problem: DatasetFacts['config']['problem']): boolean {
  const isUsed = !problem.ignore.includes(column.name) && column.name !== problem.target && column.name !== problem.id;
  return isUsed && (declaredRule(problem, column.name)?.required ?? column.required);
}

const gateColumns = (gate: Gate): readonly string[] => {
  if (gate.gate === 'slices') return gate.columns;
  return gate.gate === 'fairness' ? [gate.attribute] : [];
};

/** Columns that the model's slices and fairness gates look at, features or not. */
export const attributeColumns = (config: DatasetFacts['config']): string[] => [
  ...new Set([...config.evaluation.slices, ...config.monitoring.slices, ...(config.gates ?? []).flatMap(gateColumns)]),
];

function renameHint(
  known: ColumnSchema | undefined,
  columns: readonly ColumnSchema[],
  pinned: DatasetFacts['pinned'],
): string {
  if (!known || !pinned) return '';
  const before = new Set(pinned.columns.map(({ name }) => name));
  const added = columns.filter(({ name, type }) => !before.has(name) && type === known.type);
  return added.length === 1 && added[0] ? ` Was it renamed to ${quoted(added[0].name)}?` : '';
}

function newColumns({ config, columns, pinned }: DatasetFacts): Anomaly[] {
  if (!pinned) return [];
  const before = new Set(pinned.columns.map(({ name }) => name));
  const { problem } = config;
  const spoken = new Set([...problem.ignore, problem.target, problem.id]);
  return columns
    .filter(({ name }) => !before.has(name) && !spoken.has(name))
    .map(({ name, role }) =>
      notice(
        'COLUMN_NEW',
        `Column ${quoted(name)} is new and ${role === 'feature' ? 'used as declared' : 'not used'}.`,
        role === 'feature'
          ? 'Nothing has to be done; the version that learns from it has a new input contract.'
          : 'Declare it under problem.columns to learn from it, or list it in problem.ignore.',
        { column: name },
      ),
    );
}

function ignoredColumns({ config, columns, pinned }: DatasetFacts): Anomaly[] {
  if (pinned) return [];
  return columns
    .filter(
      ({ name, role, because }) => role === 'ignored' && because !== undefined && !config.problem.ignore.includes(name),
    )
    .map(({ name, because }) =>
      notice(
        'COLUMN_IGNORED',
        `Column ${quoted(name)} is not used: ${because}.`,
        'Declare it under problem.columns to learn from it, name it as problem.id, or list it in problem.ignore.',
        { column: name },
      ),
    );
}
