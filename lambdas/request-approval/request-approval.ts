import type * as z from 'zod';
import type { requestApprovalInput } from '../../domain/flow.ts';
import type { Approval, Version } from '../../domain/registry-items.ts';
import type { Registry } from '../shared/registry.ts';

export interface RequestApprovalPorts {
  readonly registry: Registry;
  /** Tells people what waits, where its card is and how to answer. */
  tell(version: Version, approval: Approval): Promise<void>;
  now(): number;
}

/**
 * Records that a version waits for a person, bound to the artifact that they are shown, and asks them. A retry brings a new
 * task token, which replaces the old one; an answer that was given already stays.
 */
export async function requestApproval(
  { run, version: number, token }: z.infer<typeof requestApprovalInput>,
  timeoutMs: number,
  { registry, tell, now }: RequestApprovalPorts,
): Promise<void> {
  const version = await registry.version(number);
  if (!version) throw new Error(`The registry has no version ${number} of "${run.model}"`);
  const known = await registry.approval(number);
  const requestedAt = now();
  const approval: Approval = {
    model: run.model,
    version: number,
    runId: run.runId,
    artifactSha256: version.artifact.sha256,
    status: 'WAITING',
    token,
    requestedAt: new Date(requestedAt).toISOString(),
    expiresAt: new Date(requestedAt + timeoutMs).toISOString(),
    by: null,
    reason: null,
    decidedAt: null,
    ...(known && known.status !== 'WAITING' ? { ...known, token } : {}),
  };
  await registry.write({ approval });
  await tell(version, approval);
}
