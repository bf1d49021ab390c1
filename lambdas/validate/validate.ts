import type * as z from 'zod';
import type { Anomaly } from '../../domain/anomaly.ts';
import type { ColumnStatistics } from '../../domain/column-statistics.ts';
import type { ColumnSchema, DataSchema } from '../../domain/data-schema.ts';
import type { Evidence } from '../../domain/evidence.ts';
import type { Run, validateInput, validateOutput } from '../../domain/flow.ts';
import type { ModelConfig } from '../../domain/model-config.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import { declaredRule, inferColumns, inferTarget } from '../../domain/schema-inference.ts';
import {
  errorsFirst,
  findAnomalies,
  shortReasons,
  summaryOf,
  type ValidationReport,
  whatToDo,
} from '../../domain/validation.ts';
import { type Dataset, loadDataset } from '../shared/dataset.ts';
import { gatherEvidence } from '../shared/dataset-evidence.ts';
import { columnStatistics } from '../shared/dataset-statistics.ts';
import { type Engine, type EngineLimits, withEngine } from '../shared/duckdb.ts';
import type { ObjectStore } from '../shared/objects.ts';

export interface ValidatePorts {
  readonly objects: ObjectStore;
  readonly config: ModelConfig;
  readonly artifactBucket: string;
  /** What the model's first dataset looked like; null before there was one. */
  readonly pinnedSchema: () => Promise<DataSchema | null>;
  readonly engine: EngineLimits;
}

/**
 * Checks a dataset and writes what was found to the run: always `validation.json`, and `schema.json` when the data may
 * be trained on. Bad data is an answer, not an error: whoever uploaded it is told why.
 */
export async function validate(
  { run }: z.infer<typeof validateInput>,
  ports: ValidatePorts,
): Promise<z.infer<typeof validateOutput>> {
  const pinned = await ports.pinnedSchema();
  const found = await withEngine(ports.engine, (engine) => examine(engine, { run, pinned, ports }));
  const anomalies = errorsFirst(found.anomalies);
  const valid = found.schema !== null && !anomalies.some(({ severity }) => severity === 'ERROR');
  const prefix = runPrefix(run.model, run.runId);
  const at = (file: string) => ({ bucket: ports.artifactBucket, key: `${prefix}${file}` });
  await ports.objects.putJson(at(RUN_FILES.validation), reportOf(run, { ...found, anomalies, valid }));
  if (valid) await ports.objects.putJson(at(RUN_FILES.schema), found.schema);
  return {
    valid,
    rows: found.rows,
    columns: found.columns.length,
    schemaKey: at(RUN_FILES.schema).key,
    reportKey: at(RUN_FILES.validation).key,
    reasons: shortReasons(anomalies),
  };
}

interface Examination {
  readonly anomalies: readonly Anomaly[];
  readonly rows: number;
  readonly parts: Dataset['parts'];
  readonly columns: readonly ColumnSchema[];
  readonly statistics: readonly ColumnStatistics[];
  readonly evidence?: Evidence;
  /** Null when the data do not allow one. */
  readonly schema: DataSchema | null;
}

async function examine(
  engine: Engine,
  { run, pinned, ports }: { run: Run; pinned: DataSchema | null; ports: ValidatePorts },
): Promise<Examination> {
  const { config, objects } = ports;
  const { problem } = config;
  const pinnedText = new Set(pinned?.columns.filter(({ type }) => type !== 'numeric').map(({ name }) => name));
  const asText = (name: string) => {
    const declared = declaredRule(problem, name)?.type;
    return declared === undefined ? pinnedText.has(name) : declared !== 'numeric';
  };
  const loaded = await loadDataset(engine, run.dataset, {
    objects,
    limits: config.validation,
    isText: (name) => asText(name) || name === problem.id || (name === problem.target && problem.kind !== 'regression'),
  });
  if (!loaded.readable)
    return { anomalies: loaded.anomalies, rows: 0, parts: [], columns: [], statistics: [], schema: null };
  const { dataset } = loaded;
  const statistics = await columnStatistics(engine, dataset, { asText });
  const { rows, parts } = dataset;
  const columns = inferColumns(statistics, { problem, pinned, rows });
  const evidence = await gatherEvidence(engine, dataset, { problem, columns, statistics });
  const target = inferTarget(evidence.labels.classes, { problem, pinned });
  const anomalies = findAnomalies({ config, columns, target, pinned, statistics, evidence });
  const schema: DataSchema | null = target === null ? null : { format: 1, target, columns };
  return { anomalies, rows, parts, columns, statistics, evidence, schema };
}

/** A report with more anomalies than this is read by nobody. */
const MAX_LISTED = 500;

function reportOf(run: Run, found: Omit<Examination, 'schema'> & { valid: boolean }): ValidationReport {
  const { bucket, key, versionId, sha256, bytes } = run.dataset;
  return {
    format: 1,
    model: run.model,
    runId: run.runId,
    dataset: { bucket, key, versionId, sha256, bytes },
    valid: found.valid,
    summary: summaryOf(found.anomalies, found.rows),
    whatToDo: whatToDo(found.anomalies),
    rows: found.rows,
    parts: [...found.parts],
    anomalies: found.anomalies.slice(0, MAX_LISTED),
    unlisted: Math.max(0, found.anomalies.length - MAX_LISTED),
    columns: [...found.columns],
    statistics: [...found.statistics],
    ...(found.evidence ? { evidence: found.evidence } : {}),
  };
}
