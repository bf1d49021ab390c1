import type * as z from 'zod';
import { InvalidArtifact, Superseded } from '../../domain/errors.ts';
import { beginRollout } from '../../domain/registry.ts';
import type { Head, Version } from '../../domain/registry-items.ts';
import { startEvidence } from '../../domain/rollout/evidence.ts';
import type { RolloutRequest, takeLockOutput } from '../../domain/rollout/flow.ts';
import { UNKNOWN_LATENCY } from '../../domain/rollout/latency-limit.ts';
import { minuteOf, type RolloutRecord } from '../../domain/rollout/record.ts';
import { plan, type Strategy } from '../../domain/rollout/strategy.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { endRollout } from './end.ts';
import { allowed, type RolloutPorts } from './ports.ts';

/**
 * Takes the traffic lock of a model for one execution; repeated by it, gives the same token. A training run waits for its
 * turn, everybody else is refused while another rollout is alive; a dead one's is ended first.
 */
export async function takeLock(
  { owner, request }: { owner: string; request: RolloutRequest },
  ports: RolloutPorts,
): Promise<z.infer<typeof takeLockOutput>> {
  return onConflictRetry(async () => {
    const { registry } = ports;
    const head = await registry.head();
    const last = head.fencing > 0 ? await registry.rollout(head.fencing) : null;
    if (last?.owner === owner) return { status: last.outcome === null ? 'OWNED' : 'ENDED', token: last.token };
    const version = await registry.version(request.version);
    if (!version) throw new InvalidArtifact(`The registry has no version ${request.version} of "${request.model}"`);
    if (request.kind === 'VERSION' && head.champion === version.version) {
      throw new Superseded(`Version ${version.version} is the champion already`);
    }
    if (head.rollout) {
      const holder = head.rollout.runId;
      if (await ports.executions.isRunning(holder)) {
        if (request.runId !== null) return { status: 'BUSY', token: head.rollout.token };
        throw new Superseded(`Version ${head.rollout.version} is being rolled out by ${holder}`);
      }
      const why = `${owner} found the lock of a rollout that had ended`;
      await endRollout(holder, { outcome: 'ABORTED', cause: 'STOPPED', by: 'recovery', why, reject: false }, ports);
      return take(await registry.head(), version, { owner, request }, ports);
    }
    return take(head, version, { owner, request }, ports);
  });
}

/** Where nothing serves yet there is nothing to compare with, and nobody to protect. */
const FIRST: Strategy = { kind: 'all-at-once' };

async function take(
  head: Head,
  version: Version,
  { owner, request }: { owner: string; request: RolloutRequest },
  { registry, traffic, strategy, now }: RolloutPorts,
): Promise<z.infer<typeof takeLockOutput>> {
  const time = now();
  const act = { who: request.by, why: request.reason, time, runId: owner };
  const transition = allowed(beginRollout(head, version, act));
  const champion = head.champion === null ? null : await registry.version(head.champion);
  const chosen = champion ? strategy : FIRST;
  const record: RolloutRecord = {
    model: head.model,
    token: transition.head.fencing,
    version: version.version,
    semver: version.semver,
    runId: version.runId,
    owner,
    kind: request.kind,
    by: request.by,
    reason: request.reason,
    ofRun: request.runId !== null,
    champion: champion && { version: champion.version, semver: champion.semver },
    from: champion?.functionVersion ?? (await traffic.live()).functionVersion,
    to: null,
    code: request.code,
    strategy: chosen.kind,
    plan: plan(chosen),
    bins: null,
    latency: UNKNOWN_LATENCY,
    state: startEvidence([]),
    comparison: null,
    step: -1,
    startedAt: time,
    stepStartedAt: time,
    lastMinute: minuteOf(Date.parse(time)),
    decision: null,
    estimate: [],
    order: null,
    asked: false,
    outcome: null,
    rejected: false,
    why: null,
    endedBy: null,
    endedAt: null,
    cardKey: null,
    told: false,
    revision: 1,
  };
  await registry.write({ transition, rollout: record });
  return { status: 'OWNED', token: record.token };
}
