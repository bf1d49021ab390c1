import { OUTCOMES } from '../../domain/flow.ts';
import { type OutcomeFacts, outcomeMessage } from '../../domain/messages.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import type { Approval, RunItem, Upload, Version } from '../../domain/registry-items.ts';
import type { Announcer } from './announcements.ts';
import type { Registry } from './registry.ts';

/** Tells people what became of their uploads. */
export interface OutcomeAnnouncer extends Announcer {
  readonly artifactBucket: string;
}

/** Tells the outcome of a run, then records that it was told. Told again rather than never, with the same notification id. */
export async function announceRun(
  run: RunItem,
  { registry, announcer }: { registry: Registry; announcer: OutcomeAnnouncer },
): Promise<void> {
  const status = terminal(run.status);
  const version = run.version === null ? null : await registry.version(run.version);
  const files = version ? [RUN_FILES.cardHtml] : [];
  const links = [
    ...(run.reportKey === null ? [] : [`s3://${run.dataset.bucket}/${run.reportKey}`]),
    ...files.map((file) => `s3://${announcer.artifactBucket}/${runPrefix(run.model, run.runId)}${file}`),
  ];
  await tell(announcer, `${run.runId}/${status}`, {
    model: run.model,
    status,
    runId: run.runId,
    upload: run.dataset,
    version: run.version,
    semver: run.semver,
    stage: version?.stage ?? null,
    reasons: run.reasons,
    metrics: version?.metrics ?? {},
    links,
  });
  await registry.write({ run: { ...run, announced: true } });
}

/** Tells what became of an upload that started no run. */
export async function announceUpload(
  upload: Upload,
  announcer: OutcomeAnnouncer,
  more: { rows?: number; links?: readonly string[] } = {},
): Promise<void> {
  const status = terminal(upload.status);
  await tell(announcer, `${upload.id}/${status}`, {
    model: upload.model,
    status,
    runId: null,
    upload,
    reasons: upload.reasons,
    otherRunId: upload.runId,
    ...more,
  });
}

/** Asks people for an answer. */
export async function announceWaiting(
  version: Version,
  approval: Approval,
  announcer: OutcomeAnnouncer,
): Promise<void> {
  await tell(announcer, `${version.runId}/AWAITING_APPROVAL`, {
    model: version.model,
    status: 'AWAITING_APPROVAL',
    runId: version.runId,
    upload: version.lineage.dataset,
    version: version.version,
    semver: version.semver,
    stage: version.stage,
    reasons: ['the model is configured to wait for a person (approval: manual)'],
    metrics: version.metrics,
    expiresAt: approval.expiresAt,
    links: [`s3://${announcer.artifactBucket}/${runPrefix(version.model, version.runId)}${RUN_FILES.cardHtml}`],
  });
}

function tell(announcer: OutcomeAnnouncer, id: string, facts: OutcomeFacts): Promise<void> {
  return announcer.announce(id, outcomeMessage(facts), { model: facts.model, status: facts.status });
}

function terminal(status: string): OutcomeFacts['status'] & (typeof OUTCOMES)[number] {
  const outcome = OUTCOMES.find((candidate) => candidate === status);
  if (outcome) return outcome;
  throw new TypeError(`Cannot announce "${status}": it is not an outcome`);
}
