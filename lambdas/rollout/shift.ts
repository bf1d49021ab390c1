import { InvalidArtifact } from '../../domain/errors.ts';
import { minuteOf } from '../../domain/rollout/record.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { pointsTo } from '../shared/traffic.ts';
import { ownedRollout, type RolloutPorts, revised } from './ports.ts';

/** The challenger answers the rows that its run kept for this, as it answered them then. */
export async function tryGoldenRows({ token }: { token: number }, ports: RolloutPorts): Promise<{ passed: true }> {
  const { record, version } = await ownedRollout(token, ports);
  if (record.to === null) throw new InvalidArtifact(`Rollout ${token} has no function version to try`);
  await ports.smokeTest(version, record.to);
  return { passed: true };
}

/**
 * Gives the challenger the share of a step. The alias is read before the lock: whoever takes the lock away changes the alias
 * afterwards, so that a late write here fails on its revision.
 */
export async function shift(
  { token, step }: { token: number; step: number },
  ports: RolloutPorts,
): Promise<{ step: number; weight: number }> {
  const { registry, traffic, now } = ports;
  return onConflictRetry(async () => {
    const live = await traffic.live();
    const { record } = await ownedRollout(token, ports);
    const { weight = 100 } = record.plan.steps[step] ?? {};
    const answer = { step, weight };
    if (record.step === step || record.to === null) return answer;
    if (weight >= 100) {
      if (!pointsTo(live, record.to)) await traffic.pointTo(record.to, live);
    } else if (weight === 0) {
      // A shadow takes nothing from the champion.
      if (!pointsTo(live, record.from)) await traffic.pointTo(record.from, live);
    } else if (live.functionVersion !== record.from || live.weights[record.to] !== weight / 100) {
      await traffic.pointTo(record.from, live, { functionVersion: record.to, weight: weight / 100 });
    }
    const time = now();
    // The minute in which the weights changed belongs to neither step.
    const lastMinute = minuteOf(Date.parse(time));
    await registry.write({ rollout: revised(record, { step, stepStartedAt: time, lastMinute }) });
    return answer;
  });
}
