import type { Evaluation } from '../../domain/evaluation.ts';
import type { ServingModel } from '../shared/serving.ts';

/** Times single predictions, checks and all, as one request for one instance would make them. */
export function timePredictions(model: ServingModel, instances: readonly unknown[]): Evaluation['latencyMs'] {
  if (instances.length === 0) return { samples: 0, p50: 0, p95: 0, p99: 0 };
  const one = (turn: number) => model.predict([instances[turn % instances.length]]);
  for (let turn = 0; turn < WARM_UP; turn += 1) one(turn);
  const times = Float64Array.from({ length: SAMPLES }, (_, turn) => {
    const started = performance.now();
    one(turn);
    return performance.now() - started;
  }).sort();
  const quantile = (share: number) => times[Math.min(SAMPLES - 1, Math.ceil(share * SAMPLES) - 1)] ?? 0;
  return { samples: SAMPLES, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
}

/** Enough for the compiler to have seen the code; the 99th percentile of 500 rests on its five slowest. */
const WARM_UP = 200;
const SAMPLES = 500;
