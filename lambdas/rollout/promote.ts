import { canonicalSha256 } from '../../domain/canonical-json.ts';
import { promote as promoted } from '../../domain/registry.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { pointsTo } from '../shared/traffic.ts';
import { allowed, ownedRollout, type RolloutPorts, revised } from './ports.ts';

/** Gives the challenger all traffic and makes it the champion. Repeated after it was done, it changes nothing. */
export async function promote({ token }: { token: number }, ports: RolloutPorts): Promise<{ functionVersion: string }> {
  const { registry, traffic, now } = ports;
  return onConflictRetry(async () => {
    const done = await registry.rollout(token);
    if (done?.outcome === 'PROMOTED' && done.to !== null) return { functionVersion: done.to };
    const live = await traffic.live();
    const { head, record, version } = await ownedRollout(token, ports);
    const functionVersion = record.to ?? record.from;
    if (!pointsTo(live, functionVersion)) await traffic.pointTo(functionVersion, live);
    const champion = head.champion === null ? null : await registry.version(head.champion);
    const why = record.decision?.why ?? 'all traffic at once, after golden rows came out as expected';
    const time = now();
    const transition = allowed(
      promoted(head, version, {
        who: record.decision?.cause === 'PERSON' && record.order ? record.order.by : 'rollout',
        why,
        time,
        token,
        functionVersion,
        champion,
        ...(record.decision ? { evidenceSha256: evidenceOf(record) } : {}),
      }),
    );
    const rollout = revised(record, { outcome: 'PROMOTED', why, endedBy: 'rollout', endedAt: time });
    await registry.write({ transition, rollout });
    return { functionVersion };
  });
}

/** What a decision of a rollout rests on: the plan, everything counted, and what followed from it. */
export const evidenceOf = ({ plan, state, decision }: RolloutRecord) => canonicalSha256({ plan, state, decision });
