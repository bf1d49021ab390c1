import * as z from 'zod';
import type { Observation, RolloutState, Tick } from './evidence.ts';
import { calibrate, type LatencyLimit, slowOnes } from './latency-limit.ts';
import { countPredictions, type PredictionBins } from './prediction-bins.ts';

/** What one version answered in one minute. */
export const armSchema = z.object({
  requests: z.int().min(0),
  errors: z.int().min(0),
  /** Without the first request of a function instance, which loads the model: a small share of traffic starts more often. */
  latenciesMs: z.array(z.number()),
  /** One prediction of each request that was answered. */
  predictions: z.array(z.union([z.number(), z.string()])),
});
export type Arm = z.infer<typeof armSchema>;

export interface Minute {
  /** Minutes since 1970. */
  readonly id: number;
  readonly challenger: Arm;
  readonly champion: Arm;
  /** Loss of the challenger less that of the champion, for rows of both whose label has come. */
  readonly differences?: readonly number[];
}

/** Turns a minute of traffic into what the evidence takes in; the latency limit rests on the minutes before it. */
export function tickOf(
  minute: Minute,
  rollout: { step: number; state: RolloutState; bins: PredictionBins | null; latency: LatencyLimit },
): { tick: Tick; latency: LatencyLimit } {
  const { challenger, champion } = minute;
  const observe: Record<string, () => Observation | null> = {
    errors: () => ({ kind: 'share', challenger: failures(challenger), champion: failures(champion) }),
    latency: () => {
      const { thresholdMs } = rollout.latency;
      if (thresholdMs === null) return null;
      const slow = (arm: Arm) => slowOnes(thresholdMs, arm.latenciesMs);
      return { kind: 'share', challenger: slow(challenger), champion: slow(champion) };
    },
    predictions: () => {
      const { bins } = rollout;
      if (bins === null) return null;
      const counts = (arm: Arm) => countPredictions(bins, arm.predictions);
      return { kind: 'shift', challenger: counts(challenger), champion: counts(champion) };
    },
    quality: () => (minute.differences?.length ? { kind: 'pairs', differences: [...minute.differences] } : null),
  };
  const seen: Tick['seen'] = {};
  for (const { guardrail } of rollout.state.watched) {
    const observation = observe[guardrail.name]?.();
    if (observation) seen[guardrail.name] = observation;
  }
  const requests = { challenger: challenger.requests, champion: champion.requests };
  return {
    tick: { id: minute.id, step: rollout.step, requests, seen },
    latency: calibrate(rollout.latency, champion.latenciesMs),
  };
}

/** Metrics of invocations and errors may arrive one after the other. */
const failures = ({ requests, errors }: Arm) => ({ n: Math.max(requests, errors), bad: errors });
