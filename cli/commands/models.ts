import { dynamoRegistry } from '../../lambdas/shared/registry.ts';
import { findEnvironment } from '../environment.ts';
import { coloured, table } from '../io.ts';
import type { Session } from '../session.ts';

/** `sluice models`: what is deployed and what serves. */
export async function models(session: Session): Promise<number> {
  const environment = await findEnvironment(session.stage);
  const rows = await Promise.all(
    [...environment.models.values()].map(async (model) => {
      const registry = dynamoRegistry(environment.registryTable, model.name);
      const [head, slot] = await Promise.all([registry.head(), registry.slot()]);
      const champion = head.champion === null ? null : await registry.version(head.champion);
      return {
        model: model.name,
        champion: champion ? { version: champion.version, semver: champion.semver } : null,
        versions: head.lastVersion,
        running: slot.running?.run.runId ?? null,
        pending: slot.pending?.run.runId ?? null,
        predictUrl: model.predictUrl,
      };
    }),
  );
  session.io.result({ stage: environment.stage, models: rows }, () =>
    table(
      ['MODEL', 'CHAMPION', 'VERSIONS', 'NOW', 'URL'],
      rows.map((row) => [
        row.model,
        row.champion ? `${row.champion.semver} (version ${row.champion.version})` : 'none yet',
        String(row.versions),
        row.running ? coloured('RUNNING') : 'idle',
        row.predictUrl,
      ]),
    ),
  );
  return 0;
}
