import { userInfo } from 'node:os';
import { rollBack, rollBackCode, type Transition } from '../../domain/registry.ts';
import type { Version } from '../../domain/registry-items.ts';
import { alignAlias, endRollout } from '../../lambdas/rollout/end.ts';
import { onConflictRetry, type Registry } from '../../lambdas/shared/registry.ts';
import { lambdaTraffic } from '../../lambdas/shared/traffic.ts';
import { CliError } from '../io.ts';
import { type ModelSession, openModel, openVersion, type Session } from '../session.ts';

export interface RollbackOptions {
  readonly to?: string;
  readonly by?: string;
  readonly reason?: string;
}

/**
 * `sluice rollback MODEL [--to VERSION]`: ends the rollout that goes on; without one, what served before serves again: the
 * previous champion, or the champion on the code that it had. `--to` names an earlier version. One transaction and one change of the alias: it waits for no state machine.
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
  const { champion, code } = await onConflictRetry(() => putBack(opened, { by, why, previous }));
  await alignAlias(ports, { always: true });
  session.io.result({ model: name, champion, ...(code ? { functionVersion: code } : {}) }, () =>
    code ? `${name}@${champion} serves again on the code that it had before` : `${name}@${champion} serves again`,
  );
  return 0;
}

interface Wanted {
  readonly by: string;
  readonly why: string;
  /** Null for what served before. */
  readonly previous: number | null;
}

async function putBack({ registry, model }: ModelSession, { by, why, previous }: Wanted) {
  const head = await registry.head();
  const champion = head.champion === null ? null : await registry.version(head.champion);
  const act = { who: by, why, time: new Date().toISOString(), named: previous !== null };
  const code = champion && previous === null ? await codeBefore(registry, champion) : null;
  if (champion && code) {
    await writeAllowed(registry, rollBackCode(head, champion, { ...act, functionVersion: code }));
    return { champion: champion.version, code };
  }
  const number = previous ?? head.previousChampion;
  if (!champion || number === null) throw new CliError(3, `${model.name} has no champion to go back to`);
  const restored = await registry.version(number);
  if (!restored?.functionVersion) throw new CliError(3, `${model.name}@${number} never served`);
  await writeAllowed(registry, rollBack(head, { champion, previous: restored }, act));
  return { champion: number, code: null };
}

/** The function version that served the champion before new code did, if that was what changed last. */
async function codeBefore(registry: Registry, { functionVersion }: Version): Promise<string | null> {
  const brought = (await registry.rollouts()).findLast(
    ({ outcome, to }) => outcome === 'PROMOTED' && to === functionVersion,
  );
  return brought?.kind === 'CODE' ? brought.from : null;
}

async function writeAllowed(registry: Registry, transition: Transition) {
  if (!transition.ok) throw new CliError(3, `Cannot go back: ${transition.message}`);
  await registry.write({ transition });
}
