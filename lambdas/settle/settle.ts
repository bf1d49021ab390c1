import type { Run } from '../../domain/flow.ts';
import { decideApproval } from '../../domain/registry.ts';
import { type RunItem, type RunStatus, withStatus } from '../../domain/registry-items.ts';
import { release } from '../../domain/slot.ts';
import type { Executions } from '../shared/executions.ts';
import { announceRun, type OutcomeAnnouncer } from '../shared/outcomes.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';

export interface SettlePorts {
  readonly registry: Registry;
  readonly executions: Executions;
  readonly announcer: OutcomeAnnouncer;
  now(): string;
}

/** How a run ended, from the state machine or from Step Functions itself. */
export interface Ending {
  readonly status: Exclude<RunStatus, 'PENDING' | 'RUNNING'>;
  readonly version: number | null;
  readonly semver: string | null;
  readonly reasons: readonly string[];
  readonly reportKey: string | null;
}

export interface Settled {
  readonly status: RunStatus;
  /** False when the run had its outcome already, or is none that the registry knows. */
  readonly now: boolean;
}

/**
 * Gives a run its one terminal outcome, tells people, frees the model's slot and starts whoever waits for it. Each step is
 * skipped when it was done before, so that a repeated call finishes what an interrupted one began and changes nothing else.
 */
export async function settle(runId: string, ending: Ending, ports: SettlePorts): Promise<Settled> {
  const { registry } = ports;
  const settled = await onConflictRetry(async () => {
    const run = await registry.run(runId);
    if (!run) return null;
    if (ending.status === 'REJECTED') await refuseIfWaiting(ending, ports);
    return run.endedAt === null ? { run: await end(run, ending, ports), now: true } : { run, now: false };
  });
  if (!settled) return { status: ending.status, now: false };
  if (!settled.run.announced) await announceRun(settled.run, ports);
  const next = await onConflictRetry(() => freeSlot(runId, registry));
  if (next) await ports.executions.start(next);
  return { status: settled.run.status, now: settled.now };
}

/** The outcome everywhere a person looks for it, in one transaction. */
async function end(run: RunItem, ending: Ending, { registry, now }: SettlePorts): Promise<RunItem> {
  const slot = await registry.slot();
  const dataset = await registry.dataset(run.dataset.sha256);
  const uploadId = dataset?.attempts.find((attempt) => attempt.runId === run.runId)?.uploadId;
  const upload = uploadId === undefined ? null : await registry.upload(uploadId);
  const { status } = ending;
  const ended: RunItem = {
    ...run,
    status,
    endedAt: now(),
    version: ending.version ?? run.version,
    semver: ending.semver ?? run.semver,
    reasons: [...ending.reasons],
    reportKey: ending.reportKey,
  };
  await registry.write({
    slot: { ...slot, revision: slot.revision + 1 },
    run: ended,
    uploads: upload ? [{ ...upload, status, reasons: [...ending.reasons], settledAt: now() }] : [],
    datasets: dataset ? [withStatus(dataset, run.runId, status)] : [],
  });
  return ended;
}

async function freeSlot(runId: string, registry: Registry): Promise<Run | null> {
  const slot = await registry.slot();
  const { slot: freed, next } = release(slot, runId);
  if (freed !== slot) await registry.write({ slot: freed });
  return next?.run ?? null;
}

/** A version that nobody answered for in time is refused, by a decision like any other. */
async function refuseIfWaiting(ending: Ending, { registry, now }: SettlePorts): Promise<void> {
  if (ending.version === null) return;
  const version = await registry.version(ending.version);
  if (version?.stage !== 'AWAITING_APPROVAL') return;
  const [head, approval] = await Promise.all([registry.head(), registry.approval(version.version)]);
  const time = now();
  const why = ending.reasons[0] ?? 'nobody answered in time';
  const artifactSha256 = version.artifact.sha256;
  const transition = decideApproval(head, version, {
    who: 'approval timeout',
    why,
    time,
    approved: false,
    artifactSha256,
  });
  if (!transition.ok) return;
  await registry.write({
    transition,
    ...(approval
      ? { approval: { ...approval, status: 'EXPIRED' as const, by: 'approval timeout', reason: why, decidedAt: time } }
      : {}),
  });
}
