import type { Version } from '../domain/registry-items.ts';
import { dynamoRegistry, type Registry } from '../lambdas/shared/registry.ts';
import {
  type DeployedEnvironment,
  type DeployedModel,
  findEnvironment,
  modelNamed,
  parseReference,
} from './environment.ts';
import { CliError, type Io } from './io.ts';

/** What every command starts from. */
export interface Session {
  readonly io: Io;
  readonly stage: string | undefined;
}

export interface ModelSession {
  readonly environment: DeployedEnvironment;
  readonly model: DeployedModel;
  readonly registry: Registry;
}

export async function openModel({ stage }: Session, name: string): Promise<ModelSession> {
  const environment = await findEnvironment(stage);
  const model = modelNamed(environment, name);
  return { environment, model, registry: dynamoRegistry(environment.registryTable, model.name) };
}

/** The version that a reference names: by number, by semantic version, `champion`, or (by default) the champion, else the last. */
export async function openVersion(session: Session, reference: string): Promise<ModelSession & { version: Version }> {
  const { model: name, version: wanted } = parseReference(reference);
  const opened = await openModel(session, name);
  const [head, versions] = await Promise.all([opened.registry.head(), opened.registry.versions()]);
  const number = wanted === undefined || wanted === 'champion' ? (head.champion ?? undefined) : Number(wanted);
  const found =
    versions.find((version) => version.version === number || version.semver === wanted) ??
    (wanted === undefined ? versions.at(-1) : undefined);
  if (found) return { ...opened, version: found };
  const known = versions.map(({ version, semver }) => `${version} (${semver})`).join(', ') || 'none yet';
  throw new CliError(2, `"${name}" has no version ${wanted ?? ''}; it has ${known}`);
}
