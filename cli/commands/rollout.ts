import { userInfo } from 'node:os';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { onConflictRetry, type Registry } from '../../lambdas/shared/registry.ts';
import { CLIENT_DEFAULTS } from '../environment.ts';
import { CliError } from '../io.ts';
import { openVersion, type Session } from '../session.ts';
import { watch } from './watch.ts';

export interface RolloutOptions {
  readonly by?: string;
  readonly reason?: string;
  readonly promote?: boolean;
  readonly wait?: boolean;
}

/** `sluice rollout MODEL@VERSION`: starts a rollout, or with `--promote` ends the one that goes on in favour of its version. */
export async function rollout(session: Session, reference: string, options: RolloutOptions): Promise<number> {
  if (!reference.includes('@')) throw new CliError(2, `Name the version to roll out, such as ${reference}@3`);
  const { by = userInfo().username, reason = 'asked for by a person' } = options;
  const { version, registry, model } = await openVersion(session, reference);
  const name = `${version.model}@${version.version}`;
  const head = await registry.head();
  if (options.promote) return order(session, registry, { number: version.version, name, by, reason });
  if (head.rollout) {
    throw new CliError(3, `Version ${head.rollout.version} is being rolled out by ${head.rollout.runId}`, {
      hint: `Look with sluice watch ${version.model}; end it with sluice rollback ${version.model}.`,
    });
  }
  const isChampion = head.champion === version.version;
  if (!isChampion && version.stage !== 'REGISTERED') {
    throw new CliError(3, `${name} is ${version.stage}; only registered versions are rolled out`);
  }
  const owner = `${version.model}-v${version.version}-${Date.now().toString(36)}`;
  await new SFNClient(CLIENT_DEFAULTS).send(
    new StartExecutionCommand({
      stateMachineArn: model.rolloutStateMachineArn,
      name: owner,
      input: JSON.stringify({
        model: version.model,
        version: version.version,
        kind: isChampion ? 'CODE' : 'VERSION',
        by,
        reason,
      }),
    }),
  );
  if (options.wait) return watch(session, version.model, owner);
  session.io.result(
    { model: version.model, version: version.version, rollout: owner },
    () => `${name} is rolled out now; sluice watch ${version.model} shows how it goes`,
  );
  return 0;
}

async function order(
  session: Session,
  registry: Registry,
  { number, name, by, reason }: { number: number; name: string; by: string; reason: string },
): Promise<number> {
  // Each look of the rollout revises the record, too.
  const model = await onConflictRetry(async () => {
    const head = await registry.head();
    const record = head.rollout?.version === number ? await registry.rollout(head.rollout.token) : null;
    if (!record || record.outcome !== null) throw new CliError(3, `${name} is not being rolled out`);
    await registry.write({
      rollout: { ...record, order: { by, why: reason }, revision: record.revision + 1 },
    });
    return record.model;
  });
  session.io.result(
    { model, version: number, ordered: 'PROMOTE' },
    () => `${name} is promoted at the next look, unless something speaks against it`,
  );
  return 0;
}
