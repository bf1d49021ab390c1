import { featuresOf, learnerColumn } from '../../domain/data-schema.ts';
import type { LabelledItem, WorkItem } from '../../domain/monitor/flow.ts';
import { windowPlanSchema } from '../../domain/monitor/plan.ts';
import { WINDOW_FILES, windowPrefix } from '../../domain/names.ts';
import { addDelays, type LabelDelays, noDelays } from '../../domain/quality/maturity.ts';
import { type QualityReference, qualityReference } from '../../domain/quality/reference.ts';
import { loadCaptures } from '../shared/captures-table.ts';
import { canonicalSql } from '../shared/dataset-values.ts';
import { type Engine, withEngine } from '../shared/duckdb.ts';
import { joinLabels, loadLabels } from '../shared/labels.ts';
import { lossSql } from './loss-sql.ts';
import type { MonitorPorts } from './ports.ts';
import { versionFiles } from './version-files.ts';

/** Matches captures of one day with the labels that have come for them, and counts which of them were wrong. */
export async function matchLabels(
  { window, item }: { window: string; item: WorkItem },
  ports: MonitorPorts,
): Promise<LabelledItem> {
  const { objects, artifactBucket, config } = ports;
  const cohort = item.cohort ?? '';
  const known = { format: 1 as const, id: item.id, version: item.version, cohort };
  const { schema, scores } = await versionFiles(item.version, ports);
  if (!schema || !scores) {
    const unjudged = `the files of version ${item.version} cannot be read`;
    return { ...known, rows: 0, labelled: 0, losses: 0, slices: [], delays: noDelays, unjudged };
  }
  const planKey = `${windowPrefix(config.name, window)}${WINDOW_FILES.plan}`;
  const { labelKeys } = await objects.getJson({ bucket: artifactBucket, key: planKey }, windowPlanSchema);
  const reference = qualityReference(scores, config.monitoring.slices);
  return withEngine(ports.engine, async (engine) => {
    const { rows } = await loadCaptures(
      engine,
      item.objects.map(({ key }) => key),
      { objects, bucket: ports.dataBucket, schema, version: item.version, redact: config.monitoring.capture.redact },
    );
    await loadLabels(
      engine,
      labelKeys.filter((key) => dayOfLabels(key) >= cohort),
      { objects, bucket: artifactBucket },
    );
    const { labelled } = await joinLabels(engine);
    const columns = featuresOf(schema).map(({ name }, index) => ({ name, sql: learnerColumn(index) }));
    const sliced = config.monitoring.slices.flatMap((name) => columns.find((column) => column.name === name) ?? []);
    return { ...known, rows, labelled, ...(await countLosses(engine, reference, sliced)), unjudged: null };
  });
}

const dayOfLabels = (key: string) => /\/day=(\d{4}-\d\d-\d\d)\//.exec(key)?.[1] ?? '';

async function countLosses(
  engine: Engine,
  reference: QualityReference,
  sliced: readonly { name: string; sql: string }[],
): Promise<Pick<LabelledItem, 'losses' | 'slices' | 'delays'>> {
  await engine.run(
    `CREATE OR REPLACE TABLE lost AS SELECT *, ${lossSql(reference)} AS loss FROM labelled WHERE truth IS NOT NULL`,
  );
  const [[losses = 0] = []] = await engine.rows('SELECT coalesce(sum(loss), 0)::BIGINT FROM lost');
  const slices: LabelledItem['slices'] = [];
  for (const { name, sql } of sliced) {
    const value = canonicalSql(`${sql}::VARCHAR`);
    const rows = await engine.rows(`SELECT ${value} AS v, count(*), sum(loss)::BIGINT FROM lost GROUP BY v ORDER BY v`);
    for (const [v, n, lost] of rows)
      slices.push({
        column: name,
        value: v === null || v === undefined ? null : String(v),
        n: Number(n),
        losses: Number(lost),
      });
  }
  return { losses: Number(losses), slices, delays: await delaysOf(engine) };
}

async function delaysOf(engine: Engine): Promise<LabelDelays> {
  let delays = noDelays;
  for await (const rows of engine.stream('SELECT epoch_ms(labelled_at) - epoch_ms(predicted_at) FROM lost'))
    delays = addDelays(
      delays,
      rows.map(([delay]) => Number(delay)),
    );
  return delays;
}
