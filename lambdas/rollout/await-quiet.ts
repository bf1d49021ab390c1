import type * as z from 'zod';
import type { awaitQuietOutput } from '../../domain/rollout/flow.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { lastDecision } from './end.ts';
import { ownedRollout, type RolloutPorts, revised } from './ports.ts';

/** Alarms judge the last five minutes, and a minute passes until they do. */
const ALARM_MEMORY_MS = 6 * 60_000;

/**
 * Whether the first share may be given: no alarm is on, and none can go off any more for what an earlier challenger did.
 * Without this, the failures of one rollout would stop the next.
 */
export async function awaitQuiet(
  { token }: { token: number },
  ports: RolloutPorts,
): Promise<z.infer<typeof awaitQuietOutput>> {
  const { registry, requests } = ports;
  return onConflictRetry(async () => {
    const { record } = await ownedRollout(token, ports);
    const now = Date.parse(ports.now());
    const [alarms, before] = await Promise.all([requests.alarms(), registry.rollout(token - 1)]);
    const noisyUntil = before && before.step >= 0 && before.endedAt ? Date.parse(before.endedAt) + ALARM_MEMORY_MS : 0;
    if (alarms.length === 0 && now >= noisyUntil) return { quiet: 'YES' };
    // The memory of alarms ends by itself; only one that stays on may outlast the limit.
    if (alarms.length === 0 || now - Date.parse(record.startedAt) < record.plan.limit.ms) return { quiet: 'NOT_YET' };
    const why = `the alarm ${alarms.map((name) => `"${name}"`).join(', ')} was on until the limit; no traffic was moved`;
    const ending = { outcome: 'ROLLED_BACK', cause: 'ALARM', by: 'rollout', why, reject: false } as const;
    await registry.write({ rollout: revised(record, { decision: lastDecision(record, ending, now) }) });
    return { quiet: 'NEVER' };
  });
}
