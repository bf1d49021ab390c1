import { createHash } from 'node:crypto';
import {
  type FunctionConfiguration,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PreconditionFailedException,
  PublishVersionCommand,
  ResourceConflictException,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { Conflict, DependencyUnavailable, InvalidArtifact } from '../../domain/errors.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { Version } from '../../domain/registry-items.ts';
import { type Copied, readCopied } from './copied-answer.ts';

/** Who serves now: the published version that the alias points to, and the revision that the next change is conditional on. */
export interface LiveTraffic {
  readonly functionVersion: string;
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}

export interface Published {
  readonly functionVersion: string;
  /** Fingerprint of its code and settings. */
  readonly code: string;
}

/** A share of the traffic, 0 to 1, for a second function version. */
export interface Share {
  readonly functionVersion: string;
  readonly weight: number;
}

/** The one owner of a model's traffic: nobody else publishes versions or moves the alias. */
export interface Traffic {
  /** Publishes code and model together as one immutable function version; the same two give the same answer. */
  publish(version: Version): Promise<Published>;
  /** Fingerprint of the code and settings of a function version, or of what is deployed now. */
  code(functionVersion?: string): Promise<string>;
  /** Predictions by a published version, outside of live traffic. Throws InvalidArtifact when the function fails. */
  predict(functionVersion: string, instances: readonly unknown[]): Promise<unknown>;
  /** Asks a published version what a caller has asked another one; how it failed is an answer too. */
  copy(functionVersion: string, instances: readonly unknown[]): Promise<Copied>;
  live(): Promise<LiveTraffic>;
  /**
   * Sends all traffic to one published version, but for a share. Throws Conflict when the alias was moved since `seen`. It
   * always changes the alias, even to what it is: whoever looked before has to look again.
   */
  pointTo(functionVersion: string, seen: LiveTraffic, share?: Share): Promise<void>;
}

/** Whether all traffic goes to one version. */
export const pointsTo = (live: LiveTraffic, functionVersion: string) =>
  live.functionVersion === functionVersion && Object.keys(live.weights).length === 0;

/** 2 s to connect; 30 s to answer, because a smoke test may start a cold function that loads a model. */
export const lambdaClient = () =>
  new LambdaClient({
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });

export function lambdaTraffic(functionName: string, client: LambdaClient = lambdaClient()): Traffic {
  return {
    async publish(version) {
      return named(async () => {
        const current = await settled(client, functionName);
        const code = fingerprint(current);
        const description = describe(version, code);
        const known = await publishedAs(client, functionName, description);
        if (known) return { functionVersion: known, code };
        const { MODEL: _replaced, ...variables } = current.Environment?.Variables ?? {};
        await client.send(
          new UpdateFunctionConfigurationCommand({
            FunctionName: functionName,
            RevisionId: current.RevisionId,
            Environment: { Variables: { ...variables, MODEL: modelVariable(version) } },
          }),
        );
        const updated = await settled(client, functionName);
        const published = await client.send(
          new PublishVersionCommand({
            FunctionName: functionName,
            RevisionId: updated.RevisionId,
            CodeSha256: updated.CodeSha256,
            Description: description,
          }),
        );
        if (!published.Version) throw new DependencyUnavailable(`Lambda published ${functionName} without a version`);
        return { functionVersion: published.Version, code };
      });
    },

    async code(functionVersion) {
      if (functionVersion === undefined) return fingerprint(await settled(client, functionName));
      const command = new GetFunctionConfigurationCommand({ FunctionName: functionName, Qualifier: functionVersion });
      return fingerprint(await client.send(command));
    },

    async predict(functionVersion, instances) {
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({
          FunctionName: functionName,
          Qualifier: functionVersion,
          Payload: Buffer.from(JSON.stringify({ instances })),
        }),
      );
      const text = Buffer.from(Payload ?? []).toString('utf8');
      const answer: unknown = JSON.parse(text);
      if (FunctionError) {
        const { errorType, errorMessage } = answer as { errorType?: string; errorMessage?: string };
        throw new InvalidArtifact(
          `Function version ${functionVersion} failed: ${errorType ?? FunctionError}: ${errorMessage ?? text}`,
        );
      }
      return answer;
    },

    async copy(functionVersion, instances) {
      const command = new InvokeCommand({
        FunctionName: functionName,
        Qualifier: functionVersion,
        Payload: Buffer.from(JSON.stringify({ instances })),
        LogType: 'Tail',
      });
      const answer = await client.send(command, { abortSignal: AbortSignal.timeout(COPY_MS) });
      return readCopied(answer, instances.length);
    },

    async live() {
      const alias = await client.send(new GetAliasCommand({ FunctionName: functionName, Name: LIVE_ALIAS }));
      if (!alias.FunctionVersion || !alias.RevisionId) {
        throw new DependencyUnavailable(`Lambda gave no version for ${functionName}:${LIVE_ALIAS}`);
      }
      return {
        functionVersion: alias.FunctionVersion,
        weights: alias.RoutingConfig?.AdditionalVersionWeights ?? {},
        revisionId: alias.RevisionId,
      };
    },

    async pointTo(functionVersion, seen, share) {
      await named(() =>
        client.send(
          new UpdateAliasCommand({
            FunctionName: functionName,
            Name: LIVE_ALIAS,
            FunctionVersion: functionVersion,
            RoutingConfig: { AdditionalVersionWeights: share ? { [share.functionVersion]: share.weight } : {} },
            Description: `set by a rollout at ${new Date().toISOString()}`,
            RevisionId: seen.revisionId,
          }),
        ),
      );
    },
  };
}

/** The 30 s that the function may take, and some for another attempt where Lambda was busy. */
const COPY_MS = 40_000;

/** What the prediction function is told of its model: enough to fetch it, to check it and to name it in every answer. */
function modelVariable({ artifact, version, semver }: Version): string {
  const { bucket, key, sha256 } = artifact;
  return JSON.stringify({ bucket, key, sha256, version, semver });
}

/** Found again after a crash between publishing and recording; artifact and code make it unique. */
const describe = ({ model, version, semver, artifact }: Version, code: string) =>
  `${model} ${semver} (version ${version}, artifact ${artifact.sha256.slice(0, 16)}, code ${code})`;

/**
 * Of everything that a deployment may change and that a published version keeps, what is captured among it: a field that
 * is redacted from now on must not go on being written by the version that serves. The model is told by a variable.
 */
function fingerprint(deployed: FunctionConfiguration): string {
  const { CodeSha256, MemorySize, Timeout, Runtime, Layers = [], Environment } = deployed;
  const { CAPTURE } = Environment?.Variables ?? {};
  const settings = [CodeSha256, MemorySize, Timeout, Runtime, ...Layers.map(({ Arn }) => Arn), CAPTURE];
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12);
}

async function publishedAs(
  client: LambdaClient,
  functionName: string,
  description: string,
): Promise<string | undefined> {
  let marker: string | undefined;
  do {
    const page = await client.send(new ListVersionsByFunctionCommand({ FunctionName: functionName, Marker: marker }));
    const found = page.Versions?.find((version) => version.Description === description);
    if (found?.Version) return found.Version;
    marker = page.NextMarker;
  } while (marker);
  return undefined;
}

/** A changed configuration takes Lambda a moment; 60 looks of half a second are ten times what it usually needs. */
const LOOKS = 60;
const LOOK_EVERY_MS = 500;

async function settled(client: LambdaClient, functionName: string) {
  for (let look = 0; look < LOOKS; look += 1) {
    const current = await client.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
    if (current.LastUpdateStatus === 'Failed') {
      throw new DependencyUnavailable(`Lambda could not update ${functionName}: ${current.LastUpdateStatusReason}`);
    }
    if (current.LastUpdateStatus !== 'InProgress' && current.State !== 'Pending') return current;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new DependencyUnavailable(`Lambda still updates ${functionName} after ${(LOOKS * LOOK_EVERY_MS) / 1000} s`);
}

async function named<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof PreconditionFailedException || cause instanceof ResourceConflictException) {
      throw new Conflict(`Somebody else changed the prediction function at the same time: ${cause.message}`, { cause });
    }
    throw cause;
  }
}
