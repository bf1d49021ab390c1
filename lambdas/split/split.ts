import { join } from 'node:path';
import type * as z from 'zod';
import { type DataSchema, dataSchema, LEARNER_LABEL, learnerColumn } from '../../domain/data-schema.ts';
import { InvalidDataset } from '../../domain/errors.ts';
import type { splitInput, splitOutput } from '../../domain/flow.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import type { TrainingProfile } from '../../domain/profile.ts';
import { attributeColumns } from '../../domain/validation-columns.ts';
import { loadDataset } from '../shared/dataset.ts';
import { overdispersionOf } from '../shared/dataset-overdispersion.ts';
import { profileTraining } from '../shared/dataset-profile.ts';
import { type Engine, type EngineLimits, sqlText, withEngine } from '../shared/duckdb.ts';
import type { ObjectStore } from '../shared/objects.ts';
import { writeTestRows } from './test-rows.ts';
import { type TypedRows, typeRows } from './typed-rows.ts';

export interface SplitPorts {
  readonly objects: ObjectStore;
  readonly config: NamedModelConfig;
  readonly artifactBucket: string;
  readonly engine: EngineLimits;
}

/** More rows than this make an evaluation slower and its intervals hardly narrower. */
export const MAX_TEST_ROWS = 50_000;

/**
 * Divides a valid dataset into what is trained on and what is tested with, and profiles the first. A row's side follows
 * from its id (or its content) and the model's name alone: it is the same in every dataset that holds the row.
 */
export async function split(
  { run, schemaKey }: z.infer<typeof splitInput>,
  { objects, config, artifactBucket, engine: limits }: SplitPorts,
): Promise<z.infer<typeof splitOutput>> {
  const prefix = runPrefix(run.model, run.runId);
  const at = (file: string) => ({ bucket: artifactBucket, key: `${prefix}${file}` });
  const schema = await objects.getJson({ bucket: artifactBucket, key: schemaKey }, dataSchema);
  const numeric = new Set(schema.columns.filter(({ type }) => type === 'numeric').map(({ name }) => name));
  return withEngine(limits, async (engine) => {
    const loaded = await loadDataset(engine, run.dataset, {
      objects,
      limits: config.validation,
      isText: (name) => !numeric.has(name),
    });
    if (!loaded.readable) throw new InvalidDataset(`The dataset cannot be read: ${loaded.anomalies[0]?.reason}`);
    const typed = await typeRows(engine, loaded.dataset, {
      schema,
      attributes: attributeColumns(config),
      salt: `sluice:${run.model}`,
    });
    const sides = await divide(engine, schema, config.evaluation.testShare);
    const files = { train: join(engine.folder, RUN_FILES.train), test: join(engine.folder, RUN_FILES.test) };
    await writeTrainRows(engine, typed, { schema, file: files.train, from: sides.train });
    await writeTestRows(engine, typed, { file: files.test, from: sides.test });
    const table = profiled(typed, schema, sides.train);
    const counted = await profileTraining(engine, table);
    const profile: TrainingProfile = {
      ...counted,
      split: { rows: loaded.dataset.rows, ...sides.counts, rejected: typed.rejected },
      overdispersion: await overdispersionOf(engine, { ...table, position: 'r', rows: loaded.dataset.rows }, counted),
    };
    await objects.upload(files.train, at(RUN_FILES.train), { contentType: 'text/csv' });
    await objects.upload(files.test, at(RUN_FILES.test), { contentType: 'application/x-ndjson' });
    await objects.putJson(at(RUN_FILES.profile), profile);
    return {
      trainKey: at(RUN_FILES.train).key,
      trainRows: sides.counts.train,
      testKey: at(RUN_FILES.test).key,
      testRows: sides.counts.test,
      unusedTestRows: sides.counts.unused,
      profileKey: at(RUN_FILES.profile).key,
      features: typed.features.length,
    };
  });
}

/** The two sides as `FROM` clauses, and their sizes. */
async function divide(engine: Engine, schema: DataSchema, testShare: number) {
  // The first 53 bits are all that a double knows of the share; the hash has 64.
  const limit = BigInt(Math.round(testShare * 2 ** 53)) << 11n;
  const tested = `h < ${limit}::UBIGINT`;
  const classes = schema.target.kind === 'regression' ? '2' : `count(DISTINCT label) FILTER (NOT ${tested})`;
  const [row = []] = await engine.rows(`SELECT count_if(NOT ${tested}), count_if(${tested}), ${classes} FROM data`);
  const [train = 0, test = 0, trainedClasses = 0] = row.map(Number);
  if (train === 0 || test === 0 || trainedClasses < 2)
    throw new InvalidDataset(
      `The data cannot be divided: ${train} rows to train on with ${trainedClasses} classes, ${test} to test with. ` +
        'Rows with the same content stay together; name an id column as problem.id, or upload more different rows.',
    );
  const used = Math.min(test, MAX_TEST_ROWS);
  return {
    train: `data WHERE NOT (${tested})`,
    test: `data WHERE ${tested} ORDER BY h, r LIMIT ${MAX_TEST_ROWS}`,
    counts: { train, test: used, unused: test - used },
  };
}

/** Trees compare in 32 bits, and a number beyond them would be read as infinite. */
const LARGEST_FLOAT32 = '3.4028234663852886e38::DOUBLE';

async function writeTrainRows(
  engine: Engine,
  typed: TypedRows,
  { schema, file, from }: { schema: DataSchema; file: string; from: string },
): Promise<void> {
  const number = (cell: string) =>
    `CASE WHEN NOT isnan(${cell}) THEN greatest(least(${cell}, ${LARGEST_FLOAT32}), -${LARGEST_FLOAT32}) END`;
  const features = typed.features.map(({ type }, index) => {
    const cell = learnerColumn(index);
    return `${type === 'numeric' ? number(cell) : `'=' || ${cell}`} AS ${cell}`;
  });
  const label = schema.target.kind === 'regression' ? LEARNER_LABEL : `'=' || ${LEARNER_LABEL} AS ${LEARNER_LABEL}`;
  await engine.run(
    `COPY (SELECT ${[...features, label].join(', ')} FROM ${from} ORDER BY r) TO ${sqlText(file)}
     (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '')`,
  );
}

const profiled = (typed: TypedRows, { target }: DataSchema, from: string) => ({
  from,
  features: typed.features.map(({ name, type }, index) => ({
    name,
    kind: type === 'numeric' ? ('numeric' as const) : ('categorical' as const),
    sql: learnerColumn(index),
  })),
  target: {
    name: target.name,
    kind: target.kind === 'regression' ? ('numeric' as const) : ('categorical' as const),
    sql: LEARNER_LABEL,
  },
});
