import * as z from 'zod';
import { type Anomaly, anomalySchema, counted, fault, notice, quoted } from './anomaly.ts';
import { type ColumnStatistics, columnStatisticsSchema } from './column-statistics.ts';
import { type ColumnSchema, columnSchema, type DataSchema } from './data-schema.ts';
import { type Evidence, evidenceSchema } from './evidence.ts';
import type { ModelConfig } from './model-config.ts';
import { columnAnomalies } from './validation-columns.ts';
import { labelAnomalies } from './validation-labels.ts';
import { valueAnomalies } from './validation-values.ts';

/** Everything that is known of a dataset when it is judged. */
export interface DatasetFacts {
  readonly config: ModelConfig;
  /** The columns of this dataset, as inferred under the configuration and the pinned schema. */
  readonly columns: readonly ColumnSchema[];
  readonly target: DataSchema['target'] | null;
  readonly pinned: DataSchema | null;
  readonly statistics: readonly ColumnStatistics[];
  readonly evidence: Evidence;
}

/** All anomalies of a dataset, errors first; no error means that it may be trained on. */
export function findAnomalies(facts: DatasetFacts): Anomaly[] {
  return errorsFirst([
    ...columnAnomalies(facts),
    ...labelAnomalies(facts),
    ...rowAnomalies(facts),
    ...valueAnomalies(facts),
  ]);
}

/** Keeps the order within a severity: what a rule found first is what a person reads first. */
export const errorsFirst = (anomalies: readonly Anomaly[]) =>
  [...anomalies].sort((a, b) => Number(a.severity === 'WARN') - Number(b.severity === 'WARN'));

function rowAnomalies({ config, evidence }: DatasetFacts): Anomaly[] {
  const { minRows, maxDuplicateIds } = config.validation;
  const { rows, ids, repeatedRows } = evidence;
  const anomalies: Anomaly[] = [];
  if (rows < minRows)
    anomalies.push(
      fault(
        'TOO_FEW_ROWS',
        `The data has ${counted(rows, 'row')}; at least ${minRows.toLocaleString('en-US')} are needed.`,
        'Upload more rows, or lower validation.minRows of this model.',
      ),
    );
  const column = config.problem.id;
  if (ids && column !== undefined && ids.duplicateRows > 0) {
    const [example] = ids.examples;
    const shown = example ? `: ${quoted(example.id)} stands in rows ${example.rows.join(', ')}` : '';
    const allowed = ids.duplicateRows <= maxDuplicateIds * rows;
    anomalies.push(
      (allowed ? notice : fault)(
        'DUPLICATE_ID',
        `In column ${quoted(column)}, ${counted(ids.duplicateRows, 'row')} share their id with another row${shown}.`,
        'Keep one row per id, or raise validation.maxDuplicateIds of this model.',
        { column, ...(example?.rows[1] === undefined ? {} : { row: example.rows[1] }) },
      ),
    );
  }
  if (ids && column !== undefined && ids.missing > 0)
    anomalies.push(
      notice(
        'ID_MISSING',
        `In column ${quoted(column)}, ${counted(ids.missing, 'row')} have no id; they are split by their content.`,
        'Give every row an id, so that it stays on its side of the split.',
        { column },
      ),
    );
  if (repeatedRows > 0)
    anomalies.push(
      notice(
        'DUPLICATE_ROWS',
        `${counted(repeatedRows, 'row')} repeat the features and the label of another row.`,
        'Nothing has to be done when the same thing may happen twice; otherwise keep one of each.',
      ),
    );
  return anomalies;
}

/** `validation.json`: what a person needs to correct an upload, and the run's record of what was checked. */
export const validationReportSchema = z.object({
  format: z.literal(1),
  model: z.string(),
  runId: z.string(),
  dataset: z.object({
    bucket: z.string(),
    key: z.string(),
    versionId: z.string(),
    sha256: z.string(),
    bytes: z.number(),
  }),
  valid: z.boolean(),
  summary: z.string(),
  whatToDo: z.string(),
  /** Rows are counted from 1, without the header and over all parts. */
  rows: z.int(),
  parts: z.array(z.object({ name: z.string(), rows: z.int() })),
  anomalies: z.array(anomalySchema),
  /** Anomalies that were found and are not listed. */
  unlisted: z.int(),
  columns: z.array(columnSchema),
  statistics: z.array(columnStatisticsSchema),
  /** Absent when the file itself could not be read. */
  evidence: evidenceSchema.optional(),
});
export type ValidationReport = z.infer<typeof validationReportSchema>;

/** One sentence for the outcome. */
export function summaryOf(anomalies: readonly Anomaly[], rows: number): string {
  const errors = anomalies.filter(({ severity }) => severity === 'ERROR');
  const warnings = anomalies.length - errors.length;
  if (errors.length > 0)
    return `The dataset is not used: ${counted(errors.length, 'error')}, ${counted(warnings, 'warning')}.`;
  return `The dataset of ${counted(rows, 'row')} is valid, with ${counted(warnings, 'warning')}.`;
}

/** The advice of the first error; what a person does first. */
export const whatToDo = (anomalies: readonly Anomaly[]) =>
  anomalies.find(({ severity }) => severity === 'ERROR')?.advice ?? 'Nothing has to be done.';

/** What a state machine carries of the errors: at most five, each short. */
export const shortReasons = (anomalies: readonly Anomaly[]) =>
  anomalies
    .filter(({ severity }) => severity === 'ERROR')
    .slice(0, 5)
    .map(({ reason }) => (reason.length > 400 ? `${reason.slice(0, 399)}…` : reason));
