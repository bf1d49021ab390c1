import { DependencyUnavailable, InvalidArtifact, Superseded } from '../../domain/errors.ts';
import type { Run } from '../../domain/flow.ts';
import { abortRollout, beginRollout, promote, type Transition } from '../../domain/registry.ts';
import type { Head, Version } from '../../domain/registry-items.ts';
import { onConflictRetry, type Registry } from '../shared/registry.ts';
import type { Traffic } from '../shared/traffic.ts';

export interface RolloutPorts {
  readonly registry: Registry;
  readonly traffic: Traffic;
  /** Throws InvalidArtifact unless the golden rows of a version come out of a published function version as they should. */
  smokeTest(version: Version, functionVersion: string): Promise<void>;
  now(): string;
}

/**
 * Makes a version the champion, all at once: takes the model's traffic lock, publishes code and model as one function
 * version, tests that with golden rows, points the alias to it and records the promotion. Whatever fails leaves the old
 * champion answering; repeated, it goes on where it was interrupted.
 */
export async function rollOut({ run, version: number }: { run: Run; version: number }, ports: RolloutPorts) {
  const { registry, traffic } = ports;
  const taken = await onConflictRetry(() => takeLock(run, number, ports));
  if (taken.done) return answer(taken.head, taken.version);

  const { version, token } = taken;
  let functionVersion: string;
  try {
    functionVersion = await traffic.publish(version);
    await ports.smokeTest(version, functionVersion);
  } catch (error) {
    if (error instanceof InvalidArtifact) await onConflictRetry(() => giveBack(version, token, error.message, ports));
    throw error;
  }
  await onConflictRetry(async () => {
    const head = await registry.head();
    if (head.rollout?.token !== token)
      throw new Superseded(`The rollout of version ${number} has lost the traffic lock`);
    const live = await traffic.live();
    const moved = live.functionVersion === functionVersion && Object.keys(live.weights).length === 0;
    if (!moved) await traffic.pointTo(functionVersion, live);
  });
  const head = await onConflictRetry(async () => {
    const current = await registry.head();
    const champion = current.champion === null ? null : await registry.version(current.champion);
    const act = {
      who: 'rollout',
      why: 'all traffic at once, after golden rows came out as expected',
      time: ports.now(),
    };
    const transition = allowed(promote(current, version, { ...act, token, functionVersion, champion }));
    await registry.write({ transition });
    return transition.head;
  });
  return answer(head, { ...version, functionVersion });
}

type Taken = { done: true; head: Head; version: Version } | { done: false; version: Version; token: number };

async function takeLock(run: Run, number: number, ports: RolloutPorts): Promise<Taken> {
  const { registry, now } = ports;
  const [head, version] = await Promise.all([registry.head(), registry.version(number)]);
  if (!version) throw new InvalidArtifact(`The registry has no version ${number} of "${run.model}"`);
  if (head.champion === number) return { done: true, head, version };
  if (head.rollout?.version === number && head.rollout.runId === run.runId) {
    return { done: false, version, token: head.rollout.token };
  }
  // One run per model holds the slot, and this is it: whoever else left a lock behind is dead.
  if (head.rollout) await recoverTraffic(ports, `run ${run.runId} found the lock of a rollout that had ended`);
  const current = head.rollout ? await registry.head() : head;
  const act = { who: 'rollout', why: `run ${run.runId} passed its gates`, time: now(), runId: run.runId };
  const transition = allowed(beginRollout(current, version, act));
  await registry.write({ transition });
  return { done: false, version, token: transition.head.fencing };
}

/**
 * Ends a rollout whose owner is dead: the alias goes back to what the registry calls the champion, then the lock is freed.
 * Without a champion there is nothing to go back to, and a half-made first rollout is left to its version's next try.
 */
export async function recoverTraffic({ registry, traffic, now }: Omit<RolloutPorts, 'smokeTest'>, why: string) {
  const head = await registry.head();
  const champion = head.champion === null ? null : await registry.version(head.champion);
  if (champion?.functionVersion) {
    const live = await traffic.live();
    const agrees = live.functionVersion === champion.functionVersion && Object.keys(live.weights).length === 0;
    if (!agrees) await traffic.pointTo(champion.functionVersion, live);
  }
  if (!head.rollout) return;
  const version = await registry.version(head.rollout.version);
  if (!version) throw new DependencyUnavailable(`The registry has no version ${head.rollout.version}`);
  const act = { who: 'recovery', why, time: now(), token: head.rollout.token };
  await registry.write({ transition: allowed(abortRollout(head, version, act)) });
}

async function giveBack(version: Version, token: number, why: string, { registry, now }: RolloutPorts) {
  const transition = abortRollout(await registry.head(), version, { who: 'rollout', why, time: now(), token });
  if (transition.ok) await registry.write({ transition });
}

function allowed(transition: Transition): Extract<Transition, { ok: true }> {
  if (transition.ok) return transition;
  throw new Superseded(transition.message);
}

const answer = (head: Head, version: Version) => ({
  champion: version.version,
  previous: head.previousChampion,
  functionVersion: version.functionVersion ?? '',
});
