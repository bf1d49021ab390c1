import type * as z from 'zod';
import { Superseded } from '../../domain/errors.ts';
import type { Version } from '../../domain/registry-items.ts';
import { startComparison } from '../../domain/rollout/comparison.ts';
import { estimate } from '../../domain/rollout/estimate.ts';
import { startEvidence } from '../../domain/rollout/evidence.ts';
import type { prepareOutput } from '../../domain/rollout/flow.ts';
import { guardrailsOf } from '../../domain/rollout/guardrail.ts';
import { calibrate, slowOnes, UNKNOWN_LATENCY } from '../../domain/rollout/latency-limit.ts';
import type { Arm } from '../../domain/rollout/minute.ts';
import { type FrozenBins, freezeBins } from '../../domain/rollout/prediction-bins.ts';
import { minuteOf, type RolloutRecord } from '../../domain/rollout/record.ts';
import { isShadow } from '../../domain/rollout/strategy.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { ownedRollout, type RolloutPorts, revised } from './ports.ts';

/** Today's traffic is that of the last hour. */
const HOUR = 60;

/**
 * Publishes code and model as one function version, and freezes what both versions will be compared by before any traffic
 * reaches it: bins of predictions, the champion's latency, the plan's estimate at today's traffic.
 */
export async function prepare(
  { token }: { token: number },
  ports: RolloutPorts,
): Promise<z.infer<typeof prepareOutput>> {
  const { version, record: owned } = await ownedRollout(token, ports);
  const published = await ports.traffic.publish(version);
  if (published.functionVersion === owned.from) {
    throw new Superseded(`Version ${version.version} serves already on the code that is deployed`);
  }
  return onConflictRetry(async () => {
    const { record } = await ownedRollout(token, ports);
    const answer = { functionVersion: published.functionVersion, steps: record.plan.steps.length };
    if (record.to === published.functionVersion) return answer;
    const compared = record.plan.steps.length > 0 ? await comparison(record, version, ports) : {};
    const rollout = revised(record, { to: published.functionVersion, code: published.code, ...compared });
    await ports.registry.write({ rollout });
    return answer;
  });
}

async function comparison(
  record: RolloutRecord,
  version: Version,
  { requests, strategy, scores, now }: RolloutPorts,
): Promise<Partial<RolloutRecord>> {
  const until = minuteOf(Date.parse(now()));
  const past = [...(await requests.seen([record.from], { from: until - HOUR, to: until })).values()].flat();
  const latenciesMs = past.flatMap((arm) => arm.latenciesMs);
  const latency = calibrate(UNKNOWN_LATENCY, latenciesMs);
  const shadow = isShadow(record.plan.steps[0]);
  // What the champion fails at is not copied.
  const [answered, failed] = [total(past, 'requests'), shadow ? 0 : total(past, 'errors')];
  const frozen = record.plan.compared ? await freeze(record, version, scores) : null;
  const guardrails = guardrailsOf(strategy, {
    before: {
      errors: { n: answered, bad: failed },
      ...(latency.thresholdMs === null ? {} : { latency: slowOnes(latency.thresholdMs, latenciesMs) }),
    },
    predictions: frozen && { bins: frozen.count, accepted: frozen.accepted },
  });
  const rates: Record<string, number> = answered > 0 ? { errors: failed / answered } : {};
  const traffic = { requestsPerMinute: answered / HOUR, rates };
  return {
    bins: frozen?.bins ?? null,
    latency,
    state: startEvidence(guardrails),
    comparison: shadow ? startComparison() : null,
    estimate: [...estimate(record.plan, guardrails, traffic).sentences],
  };
}

/** On new code the champion is its own challenger: nothing may shift. */
async function freeze(
  { kind }: RolloutRecord,
  version: Version,
  read: RolloutPorts['scores'],
): Promise<FrozenBins | null> {
  const scores = await read(version);
  return freezeBins(kind === 'CODE' ? ({ ...scores, champion: scores.challenger } as typeof scores) : scores);
}

const total = (arms: readonly Arm[], what: 'requests' | 'errors') => arms.reduce((sum, arm) => sum + arm[what], 0);
