import { type DataSchema, featuresOf, learnerColumn } from '../../domain/data-schema.ts';
import type { ProfiledItem, WorkItem } from '../../domain/monitor/flow.ts';
import { PREDICTION, predictionReference } from '../../domain/monitor/predictions.ts';
import { WINDOW_FILES, windowPrefix } from '../../domain/names.ts';
import type { Profile } from '../../domain/profile.ts';
import type { Scores } from '../../domain/scores.ts';
import { loadCaptures } from '../shared/captures-table.ts';
import { type ProfiledColumn, profileInFrame } from '../shared/dataset-profile.ts';
import { type Engine, withEngine } from '../shared/duckdb.ts';
import { matchLabels } from './match-labels.ts';
import type { MonitorPorts } from './ports.ts';
import { versionFiles } from './version-files.ts';

/**
 * Counts a few objects of captures in the frame of what their version was trained on, or matches them with the labels that
 * have come. Whatever stands in the objects is counted, never thrown: only what another try may help with fails.
 */
export async function profile(
  { window, item }: { window: string; item: WorkItem },
  ports: MonitorPorts,
): Promise<{ rows: number }> {
  const result = item.cohort === null ? await profileCaptures(item, ports) : await matchLabels({ window, item }, ports);
  const key = `${windowPrefix(ports.config.name, window)}${WINDOW_FILES.profile(item.id)}`;
  await ports.objects.putJson({ bucket: ports.artifactBucket, key }, result);
  return { rows: result.rows };
}

async function profileCaptures(item: WorkItem, ports: MonitorPorts): Promise<ProfiledItem> {
  const { id, version } = item;
  const { schema, profile: frame, scores, unjudged } = await versionFiles(version, ports);
  const nothing = { profile: null, predictions: null, expected: null };
  if (!schema) return { format: 1, id, version, rows: 0, ...nothing, ...NO_READING, unjudged };
  return withEngine(ports.engine, async (engine) => {
    const read = await loadCaptures(
      engine,
      item.objects.map(({ key }) => key),
      {
        objects: ports.objects,
        bucket: ports.dataBucket,
        schema,
        version,
        redact: ports.config.monitoring.capture.redact,
      },
    );
    const { rows, brokenLines, brokenObjects, leftOut, newColumns, wrongTypes, absent } = read;
    const counted = frame && scores ? await countRows(engine, { schema, frame, scores }) : nothing;
    const met = { brokenLines, brokenObjects: [...brokenObjects], leftOut, newColumns, wrongTypes, absent };
    return { format: 1, id, version, rows, ...counted, ...met, unjudged };
  });
}

const NO_READING = { brokenLines: 0, brokenObjects: [], leftOut: 0, newColumns: {}, wrongTypes: {}, absent: {} };

/** The features, and the predictions as one more column; there is no target yet. */
async function countRows(
  engine: Engine,
  { schema, frame, scores }: { schema: DataSchema; frame: Profile; scores: Scores },
) {
  const reference = predictionReference(scores);
  const sql = scores.kind === 'multiclass' ? 'label' : 'prediction';
  const prediction: ProfiledColumn = { name: PREDICTION, kind: reference.kind, sql };
  const columns = featuresOf(schema).map(
    ({ name, type }, index): ProfiledColumn => ({
      name,
      kind: type === 'numeric' ? 'numeric' : 'categorical',
      sql: learnerColumn(index),
    }),
  );
  const unknown = frame.target.kind === 'numeric' ? 'NULL::DOUBLE' : 'NULL::VARCHAR';
  const target: ProfiledColumn = { name: frame.target.name, kind: frame.target.kind, sql: unknown };
  const framed = { ...frame, features: [...frame.features, reference] };
  const all = await profileInFrame(engine, { from: 'captures', features: [...columns, prediction], target }, framed);
  return {
    profile: { ...all, features: all.features.slice(0, -1) },
    predictions: all.features.at(-1) ?? null,
    expected: await expectedLoss(engine, scores.kind),
  };
}

/** How wrong the model believes itself to be: what its probabilities leave for the classes that it did not choose. */
async function expectedLoss(engine: Engine, kind: Scores['kind']) {
  if (kind === 'regression') return null;
  const loss = kind === 'binary' ? 'least(prediction, 1 - prediction)' : '1 - prediction';
  const [[n = 0, expected = 0] = []] = await engine.rows(
    `SELECT count(prediction), coalesce(sum(${loss}), 0) FROM captures`,
  );
  return { n: Number(n), expected: Number(expected) };
}
