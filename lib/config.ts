import type { Gate, Learner, MetricName, ModelConfigInput } from '../domain/model-config.ts';
import type { EnvironmentInput, SluiceInput } from './config/schema.ts';

/**
 * What a team writes in `sluice.config.ts`. The functions below only give names and types to plain data;
 * the file is checked as a whole when it is loaded, so that every mistake is told at once.
 */
export function defineSluice(config: SluiceConfigInput): SluiceConfigInput {
  return config;
}

export type SluiceConfigInput = SluiceInput;
export type { EnvironmentInput, ModelConfigInput };

/** Trains in a Lambda, up to 15 minutes and 10 GB. */
export const lambdaTraining = (options: { learners?: Learner[]; memory?: number } = {}) =>
  ({ kind: 'lambda', ...options }) as const;

/** Serves from a Lambda behind the alias `live`; `memory` in MB. */
export const lambdaServing = (options: { memory?: number } = {}) => ({ kind: 'lambda', ...options }) as const;

/**
 * The metric must reach a value: `atLeast('auc', 0.75)`, `atLeast('rmse', 12)` (for errors, "at least as good as").
 * With `mode: 'bound'` the bad end of the 95 % interval must.
 */
export const atLeast = (
  metric: MetricName,
  value: number,
  options: { mode?: 'point' | 'bound'; tolerance?: number } = {},
) => ({ gate: 'at-least', metric, value, ...options }) as const;

/** The challenger may lose at most `margin` of the metric against the champion, on the same rows. */
export const notWorseThanChampion = (metric: MetricName, options: { margin: number }) =>
  ({ gate: 'not-worse-than-champion', metric, ...options }) as const;

/** Like {@link notWorseThanChampion}, for every value of the columns that has enough rows. */
export const slices = (
  columns: string[],
  options: { metric: MetricName; margin: number; minRows?: number; minRarerClass?: number },
) => ({ gate: 'slices', columns, ...options }) as const;

/** Groups of the attribute must be selected, and rightly selected, at similar rates. */
export const fairness = (
  attribute: string,
  options: { disparateImpact?: number; equalOpportunity?: number; minRows?: number } = {},
) => ({ gate: 'fairness', attribute, ...options }) as const;

/** The 95th percentile of one prediction, measured in the serving code: `latency({ p95: '20 ms' })`. */
export const latency = (options: { p95: string | number }) => ({ gate: 'latency', ...options }) as const;

type GoldenRow = Extract<Gate, { gate: 'golden-rows' }>['rows'][number];

/** Rows whose prediction is known: a label, or a range for a number. */
export const goldenRows = (rows: GoldenRow[]) => ({ gate: 'golden-rows', rows }) as const;

export { allAtOnce, blueGreen, canary, linear, shadow } from '../domain/rollout/strategy.ts';
export { sagemakerServing, sagemakerTraining } from './config/unsupported.ts';
