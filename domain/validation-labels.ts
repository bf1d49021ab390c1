import { type Anomaly, counted, fault, listed, notice, quoted } from './anomaly.ts';
import { canonicalText } from './data-schema.ts';
import { declaredRule } from './schema-inference.ts';
import type { DatasetFacts } from './validation.ts';
import { shown } from './validation-values.ts';

/** Rows of a class below which it cannot be learned and tested. */
const MIN_CLASS_ROWS = 10;
/** More labels than this are a quantity or a text, not classes. */
const MAX_CLASSES = 100;

/** Whether the labels are there and can be learned. */
export function labelAnomalies(facts: DatasetFacts): Anomaly[] {
  const { config, columns } = facts;
  const { problem } = config;
  if (!columns.some(({ role }) => role === 'target')) return [];
  return [...missingLabels(facts), ...(problem.kind === 'regression' ? numberLabels(facts) : classLabels(facts))];
}

function missingLabels({ config, evidence }: DatasetFacts): Anomaly[] {
  const { count, rows } = evidence.labels.missing;
  if (count === 0) return [];
  const column = config.problem.target;
  const allowed = declaredRule(config.problem, column)?.maxMissing ?? 0;
  const at = rows.map((row) => row.toLocaleString('en-US')).join('; ');
  return [
    (count <= allowed * evidence.rows && count < evidence.rows ? notice : fault)(
      'LABEL_MISSING',
      `The label ${quoted(column)} is missing in ${counted(count, 'row')}: row ${at}${count > rows.length ? ' and more' : ''}.`,
      `Label these rows or leave them out; maxMissing of ${quoted(column)} under problem.columns lets a share of them be dropped.`,
      { column, ...(rows[0] === undefined ? {} : { row: rows[0] }) },
    ),
  ];
}

function numberLabels({ config, evidence }: DatasetFacts): Anomaly[] {
  const { notNumeric, notFinite, constant } = evidence.labels;
  const column = config.problem.target;
  const anomalies: Anomaly[] = [];
  if (notNumeric)
    anomalies.push(
      fault(
        'TYPE_MISMATCH',
        `The label ${quoted(column)} has to be a number, but ${shown(notNumeric)}.`,
        "Correct these labels, or configure the problem as 'binary' or 'multiclass'.",
        { column, ...notNumeric.examples[0] },
      ),
    );
  if (notFinite)
    anomalies.push(
      fault(
        'LABEL_NOT_FINITE',
        `The label ${quoted(column)} has to be a finite number, at most 1e100, but ${shown(notFinite)}.`,
        'Correct these labels or leave the rows out.',
        { column, ...notFinite.examples[0] },
      ),
    );
  if (constant && !notNumeric)
    anomalies.push(
      fault(
        'LABEL_CONSTANT',
        `The label ${quoted(column)} is the same in every row.`,
        'Upload rows with different labels.',
        { column },
      ),
    );
  return anomalies;
}

function classLabels(facts: DatasetFacts): Anomaly[] {
  const { config, evidence, pinned } = facts;
  const { problem } = config;
  const { classes, complete } = evidence.labels;
  const column = problem.target;
  const labels = classes.map(({ label }) => label);
  const refuse = (reason: string, advice: string) => [fault('LABEL_CLASSES', reason, advice, { column })];
  if (labels.length === 0) return [];
  if (labels.length === 1)
    return refuse(
      `Every row has the label ${quoted(labels[0] ?? '')} in ${quoted(column)}; a model needs two to tell apart.`,
      'Upload rows of every class.',
    );
  if (problem.kind === 'binary' && labels.length > 2)
    return refuse(
      `The label ${quoted(column)} has ${complete ? labels.length : 'more than 100'} classes where a binary problem has two: ${listed(labels)}.`,
      "Correct the labels, or configure the problem as 'multiclass' (or 'regression' for quantities).",
    );
  if (!complete || labels.length > MAX_CLASSES)
    return refuse(
      `The label ${quoted(column)} has more than ${MAX_CLASSES} classes, such as ${listed(labels)}.`,
      "Configure the problem as 'regression' if the label is a quantity.",
    );
  return [
    ...unknownClasses(facts, labels),
    ...wrongPositive(facts, labels),
    ...rareClasses(facts),
    ...absentClasses(labels, pinned, column),
  ];
}

function unknownClasses({ evidence, pinned, config }: DatasetFacts, labels: readonly string[]): Anomaly[] {
  if (!pinned || !('classes' in pinned.target) || pinned.target.name !== config.problem.target) return [];
  const { classes } = pinned.target;
  const added = labels.filter((label) => !classes.includes(label));
  if (added.length === 0) return [];
  const rows = evidence.labels.classes
    .filter(({ label }) => added.includes(label))
    .reduce((sum, { count }) => sum + count, 0);
  return [
    fault(
      'LABEL_CLASS_NEW',
      `The label ${quoted(config.problem.target)} has classes that the model was not made for, in ${counted(rows, 'row')}: ${listed(added)}. Known are ${listed(classes)}.`,
      'Correct the labels; a model with other classes is another model.',
      { column: config.problem.target, ...(added[0] === undefined ? {} : { value: added[0] }) },
    ),
  ];
}

function wrongPositive({ config }: DatasetFacts, labels: readonly string[]): Anomaly[] {
  const { problem } = config;
  const positive = problem.kind === 'binary' ? canonicalText(problem.positive) : null;
  if (positive === null || labels.includes(positive)) return [];
  return [
    fault(
      'LABEL_CLASSES',
      `The label ${quoted(problem.target)} is never ${quoted(positive)}, which the configuration calls positive; it is ${listed(labels)}.`,
      'Correct problem.positive of this model, or the labels.',
      { column: problem.target },
    ),
  ];
}

function rareClasses({ config, evidence }: DatasetFacts): Anomaly[] {
  const { classes } = evidence.labels;
  const rare = classes.filter(({ count }) => count < MIN_CLASS_ROWS);
  const column = config.problem.target;
  const usable = classes.length - rare.length;
  if (rare.length === 0) return [];
  const named = rare.slice(0, 5).map(({ label, count }) => `${quoted(label)} has ${counted(count, 'row')}`);
  return [
    (usable < 2 ? fault : notice)(
      'LABEL_CLASS_RARE',
      `Classes of ${quoted(column)} have fewer than ${MIN_CLASS_ROWS} rows: ${named.join(', ')}.`,
      'Upload more rows of these classes; with so few they can be neither learned nor tested.',
      { column },
    ),
  ];
}

function absentClasses(labels: readonly string[], pinned: DatasetFacts['pinned'], column: string): Anomaly[] {
  if (!pinned || !('classes' in pinned.target)) return [];
  const absent = pinned.target.classes.filter((label) => !labels.includes(label));
  if (absent.length === 0) return [];
  return [
    notice(
      'LABEL_CLASS_RARE',
      `No row has the label ${listed(absent)} in ${quoted(column)}, which earlier datasets had.`,
      'Upload rows of every class, or the model unlearns it.',
      { column },
    ),
  ];
}
