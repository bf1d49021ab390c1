import { ERROR_NAMES } from '../../domain/errors.ts';
import { abortRollout } from '../../domain/registry.ts';
import { decide } from '../../domain/rollout/decide.ts';
import type { RolloutCause, RolloutDecision } from '../../domain/rollout/decision.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { messageOf } from '../shared/failure-cause.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';
import { pointsTo, type Traffic } from '../shared/traffic.ts';
import { allowed, type RolloutPorts, revised } from './ports.ts';
import { evidenceOf } from './promote.ts';

/** What ends a rollout without a new champion. */
export interface Ending {
  readonly outcome: 'ROLLED_BACK' | 'ABORTED';
  readonly cause: RolloutCause;
  readonly by: string;
  readonly why: string;
  /** Whether it speaks against the version, so that it may not try again. */
  readonly reject: boolean;
}

export type EndPorts = Pick<RolloutPorts, 'registry' | 'traffic' | 'now'>;

/**
 * Ends the rollout of an owner (null: whoever it is) in one step. First the registry, then the alias: from then on a write of
 * the old owner fails, on its token or on the alias's revision. Gives null where there was nothing to end.
 */
export async function endRollout(owner: string | null, ending: Ending, ports: EndPorts): Promise<RolloutRecord | null> {
  const ended = await onConflictRetry(() => close(owner, ending, ports));
  if (ended) await alignAlias(ports, { always: true });
  return ended;
}

async function close(owner: string | null, ending: Ending, { registry, now }: EndPorts) {
  const head = await registry.head();
  if (!head.rollout || (owner !== null && head.rollout.runId !== owner)) return null;
  const { token } = head.rollout;
  const [record, version] = await Promise.all([registry.rollout(token), registry.version(head.rollout.version)]);
  if (!record || !version) throw new Error(`The registry does not know rollout ${token}, although its head names it`);
  const time = now();
  const decision = lastDecision(record, ending, Date.parse(time));
  const transition = allowed(
    abortRollout(head, version, {
      who: ending.by,
      why: ending.why,
      time,
      token,
      kind: ending.outcome === 'ABORTED' ? 'ROLLOUT_ABORTED' : 'ROLLED_BACK',
      reject: ending.reject,
      evidenceSha256: evidenceOf({ ...record, decision }),
    }),
  );
  const rollout = revised(record, {
    decision,
    outcome: ending.outcome,
    rejected: transition.versions.some(({ stage }) => stage === 'REJECTED'),
    why: ending.why,
    endedBy: ending.by,
    endedAt: time,
  });
  await registry.write({ transition, rollout });
  return rollout;
}

/** The numbers at the end, whatever ended it. */
export function lastDecision(record: RolloutRecord, ending: Ending, now: number): RolloutDecision {
  if (record.decision?.action === 'ROLLBACK' && record.decision.why === ending.why) return record.decision;
  const looked = decide(record.state, record.plan, {
    now,
    startedAt: Date.parse(record.startedAt),
    step: Math.max(0, record.step),
    stepStartedAt: Date.parse(record.stepStartedAt),
    alarms: [],
    challengerFailure: null,
  });
  return { ...looked, action: 'ROLLBACK', cause: ending.cause, why: ending.why, needed: null };
}

/** The step "Roll back": by what the last look decided, or by what broke. */
export async function rollBack(
  { owner, failure }: { owner: string; failure: { Error?: string; Cause?: string } | null },
  ports: EndPorts,
): Promise<{ ended: boolean }> {
  const head = await ports.registry.head();
  const held = head.rollout?.runId === owner ? await ports.registry.rollout(head.rollout.token) : null;
  const ending = failure ? endingOf(failure) : decided(held?.decision ?? null);
  return { ended: (await endRollout(owner, ending, ports)) !== null };
}

/** Causes that speak against the version itself. */
const AGAINST: ReadonlySet<RolloutCause> = new Set(['HARM', 'CHALLENGER_FAILED']);

function decided(decision: RolloutDecision | null): Ending {
  const { cause, why } = decision ?? { cause: 'STOPPED' as const, why: 'it was stopped before its first look' };
  return { outcome: 'ROLLED_BACK', cause, by: 'rollout', why, reject: AGAINST.has(cause) };
}

function endingOf({ Error: error = 'failed', Cause: text = '' }: { Error?: string; Cause?: string }): Ending {
  const why = `${error}: ${messageOf(text)}`.slice(0, 500);
  if (error !== ERROR_NAMES.invalidArtifact)
    return { outcome: 'ABORTED', cause: 'STOPPED', by: 'rollout', why, reject: false };
  return { outcome: 'ROLLED_BACK', cause: 'CHALLENGER_FAILED', by: 'rollout', why: messageOf(text), reject: true };
}

/**
 * Points the alias to what the registry calls the champion, unless a rollout owns it. Gives whether it had to be moved.
 * `always` changes it even where it agrees, so that a late owner's write fails on the revision it has seen.
 */
export function alignAlias(
  { registry, traffic }: { registry: Registry; traffic: Traffic },
  { always = false }: { always?: boolean } = {},
): Promise<boolean> {
  return onConflictRetry(async () => {
    const live = await traffic.live();
    const head = await registry.head();
    if (head.rollout) return false;
    const champion = head.champion === null ? null : await registry.version(head.champion);
    const last = head.fencing > 0 ? await registry.rollout(head.fencing) : null;
    const wanted = champion?.functionVersion ?? last?.from;
    if (!wanted) return false;
    const agrees = pointsTo(live, wanted);
    if (!agrees || always) await traffic.pointTo(wanted, live);
    return !agrees;
  });
}
