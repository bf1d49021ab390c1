import type * as z from 'zod';
import type { Decision } from '../../domain/decisions.ts';
import { Conflict } from '../../domain/errors.ts';
import type { registerInput } from '../../domain/flow.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import { type NewVersion, registerVersion } from '../../domain/registry.ts';
import type { PinnedSchema, RunItem, Version } from '../../domain/registry-items.ts';
import { nextSemver } from '../../domain/semver.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';

export type RegisterInput = z.infer<typeof registerInput>;

export interface RegisterPorts {
  readonly registry: Registry;
  /** Writes card.json and card.html of a version before it becomes visible. */
  writeCard(version: Version, decision: Decision): Promise<void>;
  /** The data schema of the run, as it is to be pinned. */
  readSchema(key: string): Promise<{ schema: unknown; fingerprint: string }>;
  now(): string;
}

export interface RegisterSettings {
  readonly approval: 'automatic' | 'manual';
  readonly codeCommit: string;
  /** Fingerprints of the training code and of the model's configuration, recorded at synth. */
  readonly code: string;
  readonly config: string;
}

/**
 * Gives the challenger its number, its semantic version and its card, whether its gates passed or not, in one transaction
 * with the decision. A run registers once: repeated, it answers with what it registered.
 */
export async function register(input: RegisterInput, ports: RegisterPorts, settings: RegisterSettings) {
  return onConflictRetry(async () => {
    const { registry, now } = ports;
    const run = await registry.run(input.run.runId);
    if (!run) throw new Error(`The registry knows no run ${input.run.runId}`);
    if (run.version !== null) return answer(await known(registry, run.version));

    const head = await registry.head();
    const previous = head.lastVersion > 0 ? await known(registry, head.lastVersion) : null;
    const { contract } = input.evaluation.challenger;
    const fingerprints = { contract, code: settings.code, config: settings.config };
    const { semver, because } = nextSemver(previous && { ...previous.lineage, semver: previous.semver }, fingerprints);
    const { passed, failed } = input.judgement;
    const transition = registerVersion(head, newVersion(input, semver, settings), {
      who: 'gates',
      why: passed ? `all gates passed; ${semver} because ${because}` : failed.join('; ') || 'a gate failed',
      time: now(),
      approval: settings.approval,
    });
    const version = transition.ok ? transition.versions[0] : undefined;
    if (!transition.ok || !version) throw new Conflict('The registry refused the version');
    await ports.writeCard(version, transition.decision);
    const linked: RunItem = { ...run, version: version.version, semver };
    await registry.write({ transition, run: linked, ...(await pin(input, passed, ports)) });
    return answer(version);
  });
}

function newVersion(
  { run, split, schemaKey, evaluation, judgement }: RegisterInput,
  semver: string,
  settings: RegisterSettings,
): NewVersion {
  const { challenger } = evaluation;
  return {
    semver,
    runId: run.runId,
    artifact: challenger.artifact,
    lineage: {
      dataset: run.dataset,
      trainRows: split.trainRows,
      testRows: split.testRows,
      codeCommit: settings.codeCommit,
      contract: challenger.contract,
      code: settings.code,
      config: settings.config,
      learner: challenger.learner,
    },
    metrics: evaluation.metrics,
    gates: { passed: judgement.passed, failed: judgement.failed },
    evidenceSha256: judgement.evidenceSha256,
    files: {
      schema: schemaKey,
      profile: split.profileKey,
      evaluation: evaluation.evaluationKey,
      scores: evaluation.scoresKey,
      golden: evaluation.goldenKey,
      judgement: judgement.judgementKey,
      card: runPrefix(run.model, run.runId) + RUN_FILES.cardJson,
    },
  };
}

/** The first version that passes its gates pins the schema; what it was trained on is what the next datasets are held to. */
async function pin(input: RegisterInput, passed: boolean, ports: RegisterPorts): Promise<{ schema?: PinnedSchema }> {
  if (!passed || (await ports.registry.pinnedSchema())) return {};
  const { model, runId } = input.run;
  const { schema, fingerprint } = await ports.readSchema(input.schemaKey);
  return { schema: { model, schema, fingerprint, runId, pinnedAt: ports.now() } };
}

async function known(registry: Registry, number: number): Promise<Version> {
  const version = await registry.version(number);
  if (!version) throw new Error(`The registry has no version ${number}, although its head or a run names it`);
  return version;
}

const answer = ({ version, semver, stage, files }: Version) => ({ version, semver, stage, cardKey: files.card });
