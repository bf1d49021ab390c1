import { userInfo } from 'node:os';
import { rollBack } from '../../domain/registry.ts';
import { alignAlias, endRollout } from '../../lambdas/rollout/end.ts';
import { onConflictRetry } from '../../lambdas/shared/registry.ts';
import { lambdaTraffic } from '../../lambdas/shared/traffic.ts';
import { CliError } from '../io.ts';
import { type ModelSession, openModel, openVersion, type Session } from '../session.ts';

export interface RollbackOptions {
  readonly to?: string;
  readonly by?: string;
  readonly reason?: string;
}

/**
 * `sluice rollback MODEL [--to VERSION]`: ends the rollout that goes on; without one, or with `--to`, an earlier champion
 * serves again. One transaction and one change of the alias: it waits for no state machine.
 */
export async function rollback(session: Session, name: string, options: RollbackOptions): Promise<number> {
  const { by = userInfo().username, reason: why = 'rolled back without a remark', to } = options;
  const opened = await openModel(session, name);
  const ports = {
    registry: opened.registry,
    traffic: lambdaTraffic(opened.model.predictFunctionName),
    now: () => new Date().toISOString(),
  };
  const ending = { outcome: 'ROLLED_BACK', cause: 'PERSON', by, why, reject: false } as const;
  const ended = await endRollout(null, ending, ports);
  if (ended && to === undefined) {
    session.io.result(
      { model: name, ended: ended.owner, champion: ended.champion?.version ?? null },
      () => `the rollout of ${name}@${ended.version} was rolled back; ${ended.champion?.semver ?? 'nothing'} serves`,
    );
    return 0;
  }
  const previous = to === undefined ? null : (await openVersion(session, `${name}@${to}`)).version.version;
  const champion = await onConflictRetry(() => putBack(opened, { by, why, previous }));
  await alignAlias(ports, { always: true });
  session.io.result({ model: name, champion }, () => `${name}@${champion} serves again`);
  return 0;
}

async function putBack(
  { registry, model }: ModelSession,
  { by, why, previous }: { by: string; why: string; previous: number | null },
): Promise<number> {
  const head = await registry.head();
  const number = previous ?? head.previousChampion;
  if (head.champion === null || number === null) throw new CliError(3, `${model.name} has no champion to go back to`);
  const [champion, restored] = await Promise.all([registry.version(head.champion), registry.version(number)]);
  if (!champion || !restored?.functionVersion) throw new CliError(3, `${model.name}@${number} never served`);
  const act = { who: by, why, time: new Date().toISOString(), named: previous !== null };
  const transition = rollBack(head, { champion, previous: restored }, act);
  if (!transition.ok) throw new CliError(3, `Cannot go back to ${model.name}@${number}: ${transition.message}`);
  await registry.write({ transition });
  return number;
}
