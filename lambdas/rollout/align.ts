import { alignAlias, endRollout } from './end.ts';
import type { RolloutPorts } from './ports.ts';
import { release } from './release.ts';

/** Rolls back what an execution left behind that was stopped, timed out or failed outside of its own failure path. */
export async function recover({ owner, why }: { owner: string; why: string }, ports: RolloutPorts) {
  await endRollout(owner, { outcome: 'ABORTED', cause: 'STOPPED', by: 'recovery', why, reject: false }, ports);
  return release({ owner }, ports);
}

/** An alarm of the model stops a rollout at once; one that is over, or of another time, stops nothing. */
export async function stopOnAlarm(ports: RolloutPorts): Promise<{ stopped: boolean }> {
  const [alarms, head] = await Promise.all([ports.requests.alarms(), ports.registry.head()]);
  const record = head.rollout ? await ports.registry.rollout(head.rollout.token) : null;
  // Before its first share it waits for the alarm to be over.
  if (alarms.length === 0 || !record || record.step < 0) return { stopped: false };
  const why = `alarm ${alarms.map((name) => `"${name}"`).join(', ')}`;
  const ending = { outcome: 'ROLLED_BACK', cause: 'ALARM', by: 'alarm', why, reject: false } as const;
  const ended = await endRollout(record.owner, ending, ports);
  if (ended) await release({ owner: ended.owner }, ports);
  return { stopped: ended !== null };
}

export interface Aligned {
  recovered: number;
  realigned: number;
  told: number;
  started: number;
}

/**
 * Finds what fell between: the lock of a rollout that is dead, an alias that somebody moved, a rollout that nobody was told
 * of, and code that was deployed and does not serve yet.
 */
export async function align(ports: RolloutPorts): Promise<Aligned> {
  const found: Aligned = { recovered: 0, realigned: 0, told: 0, started: 0 };
  const { rollout } = await ports.registry.head();
  if (rollout && !(await ports.executions.isRunning(rollout.runId))) {
    await recover({ owner: rollout.runId, why: 'the rollout that held the lock has ended' }, ports);
    found.recovered = 1;
  }
  if (await alignAlias(ports)) found.realigned = 1;
  for (const { owner, outcome, told } of await ports.registry.rollouts()) {
    if (outcome === null || told) continue;
    await release({ owner }, ports);
    found.told += 1;
  }
  if (await rollOutNewCode(ports)) found.started = 1;
  return found;
}

/**
 * Starts a rollout of the champion on the code that is deployed, once for each code: when it was rolled back, the next
 * deployment or a person tries again.
 */
export async function rollOutNewCode({ registry, traffic, executions }: RolloutPorts): Promise<boolean> {
  const head = await registry.head();
  const champion = head.champion === null ? null : await registry.version(head.champion);
  if (!champion?.functionVersion || head.rollout) return false;
  const [serving, deployed] = [await traffic.code(champion.functionVersion), await traffic.code()];
  if (serving === deployed) return false;
  const tried = (await registry.rollouts()).filter(
    ({ kind, code, version }) => kind === 'CODE' && code === deployed && version === champion.version,
  );
  if (tried.some(({ outcome }) => outcome !== 'ABORTED') || tried.length >= MOST_TRIES) return false;
  await executions.start(`${head.model}-v${champion.version}-code-${deployed}-${tried.length + 1}`, {
    model: head.model,
    version: champion.version,
    kind: 'CODE',
    by: 'deployment',
    reason: `new code ${deployed} was deployed`,
    runId: null,
    code: deployed,
  });
  return true;
}

/** What was stopped from outside is tried again, but not for ever. */
const MOST_TRIES = 3;
