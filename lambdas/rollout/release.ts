import { buildRolloutCard } from '../../domain/rollout/card.ts';
import type { Release } from '../../domain/rollout/flow.ts';
import { endedMessage } from '../../domain/rollout/messages.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { alignAlias, lastDecision } from './end.ts';
import { type RolloutPorts, revised } from './ports.ts';

/** Leaves a rollout behind: alias and registry agree, its card is kept, people are told. May be repeated. */
export async function release({ owner }: { owner: string }, ports: RolloutPorts): Promise<Release> {
  await alignAlias(ports);
  const record = (await ports.registry.rollouts()).filter((rollout) => rollout.owner === owner).at(-1);
  if (!record || record.outcome === null) {
    return { outcome: 'NONE', rejected: false, why: 'it never owned the traffic', version: null, token: 0 };
  }
  const told = record.told ? record : await tell(record, ports);
  const { outcome, rejected, why, version, token } = told;
  return { outcome: outcome ?? 'NONE', rejected, why: why ?? '', version, token };
}

async function tell(record: RolloutRecord, ports: RolloutPorts): Promise<RolloutRecord> {
  const cardKey = await ports.writeCard(record, cardOf(record));
  const { model, owner, outcome } = record;
  // A training run tells that its version is live; only what people would not expect is told twice.
  if (!record.ofRun || record.plan.compared || outcome !== 'PROMOTED') {
    const facts = { model, status: `ROLLOUT_${outcome}` };
    await ports.announcer.announce(`${owner}/${outcome}`, endedMessage(record, cardKey), facts);
  }
  const rollout = revised(record, { told: true, cardKey });
  await ports.registry.write({ rollout });
  return rollout;
}

function cardOf(record: RolloutRecord) {
  const { model, version, semver, champion, strategy, plan, state, comparison, startedAt } = record;
  const decidedAt = record.endedAt ?? startedAt;
  const promoted = {
    outcome: 'ABORTED',
    cause: 'UNCOMPARED',
    by: 'rollout',
    why: record.why ?? '',
    reject: false,
  } as const;
  const looked = record.decision ?? lastDecision(record, promoted, Date.parse(decidedAt));
  const decision = record.outcome === 'PROMOTED' ? { ...looked, action: 'PROMOTE' as const } : looked;
  return buildRolloutCard({
    model,
    challenger: { version, semver },
    champion,
    strategy,
    plan,
    state,
    comparison,
    decision,
    startedAt,
    decidedAt,
  });
}
