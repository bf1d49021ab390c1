import { Superseded } from '../../domain/errors.ts';
import type { Run } from '../../domain/flow.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { withStatus } from '../../domain/registry-items.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';

export interface AdmitPorts {
  readonly registry: Registry;
  now(): string;
}

/**
 * Lets a run begin that holds the model's slot, and marks it as running everywhere a person looks. Repeating it changes
 * nothing. Throws Superseded for an execution that intake did not start: it owns nothing and must not write.
 */
export async function admit(
  { run, executionArn }: { run: Run; executionArn: string },
  config: NamedModelConfig,
  { registry, now }: AdmitPorts,
) {
  await onConflictRetry(async () => {
    const [slot, item] = await Promise.all([registry.slot(), registry.run(run.runId)]);
    const holder = slot.running;
    if (!item || !holder || holder.run.runId !== run.runId || item.endedAt !== null) {
      const owner = holder ? `run ${holder.run.runId} does` : 'no run does';
      throw new Superseded(
        `Run ${run.runId} does not hold the slot of "${run.model}"; ${owner}. Start runs by uploading data.`,
      );
    }
    if (item.status === 'RUNNING') return;
    const [upload, dataset] = await Promise.all([
      registry.upload(holder.uploadId),
      registry.dataset(item.dataset.sha256),
    ]);
    await registry.write({
      slot: { ...slot, revision: slot.revision + 1 },
      run: { ...item, status: 'RUNNING', startedAt: now(), executionArn },
      uploads: upload ? [{ ...upload, status: 'RUNNING' }] : [],
      datasets: dataset ? [withStatus(dataset, run.runId, 'RUNNING')] : [],
    });
  });
  return {
    approval: config.approval,
    approvalTimeoutSeconds: Math.ceil(config.approvalTimeout / 1000),
    learners: config.training.learners,
  };
}
