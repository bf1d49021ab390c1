import * as z from 'zod';
import { durationMs } from './duration.ts';
import { strategySchema } from './rollout/strategy.ts';
import { monitoringSchema, reactionsSchema } from './watch-config.ts';

/** A column name as it stands in the data: any text but the empty one. */
const columnName = z.string().min(1).max(255);
const share = z.number().gt(0).lt(1);

const columnRule = z.strictObject({
  type: z.enum(['numeric', 'categorical', 'boolean']).optional(),
  required: z.boolean().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  categories: z.array(z.string()).min(1).optional(),
  /** Largest share of missing values, 0 to 1. */
  maxMissing: z.number().min(0).max(1).optional(),
});

const problemBase = {
  /** The column to predict. */
  target: columnName,
  /** The column that identifies a row: never a feature; split and duplicates go by it. */
  id: columnName.optional(),
  /** Columns that are neither features nor looked at. */
  ignore: z.array(columnName).default([]),
  /** What is known of columns beforehand; the rest is inferred from the first dataset and then pinned. */
  columns: z.record(columnName, columnRule).default({}),
};

export const problemSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('binary'),
    ...problemBase,
    /** The label that counts as positive; by default the rarer one of the first dataset. */
    positive: z.coerce.string().min(1).optional(),
  }),
  z.strictObject({ kind: z.literal('multiclass'), ...problemBase }),
  z.strictObject({ kind: z.literal('regression'), ...problemBase }),
]);

export const LEARNERS = ['gradient-boosted-trees', 'random-forest'] as const;
export type Learner = (typeof LEARNERS)[number];

const trainingSchema = z.strictObject({
  kind: z.literal('lambda'),
  learners: z.array(z.enum(LEARNERS)).min(1).default(['gradient-boosted-trees']),
  /** Memory of the training function, MB; CPU grows with it. */
  memory: z.int().min(1024).max(10_240).default(3008),
});

/** Metrics by problem kind; `lowerIsBetter` tells the direction. */
export const METRICS = {
  auc: { kinds: ['binary'], lowerIsBetter: false },
  logLoss: { kinds: ['binary', 'multiclass'], lowerIsBetter: true },
  brier: { kinds: ['binary'], lowerIsBetter: true },
  accuracy: { kinds: ['binary', 'multiclass'], lowerIsBetter: false },
  f1: { kinds: ['binary', 'multiclass'], lowerIsBetter: false },
  calibrationError: { kinds: ['binary'], lowerIsBetter: true },
  rmse: { kinds: ['regression'], lowerIsBetter: true },
  mae: { kinds: ['regression'], lowerIsBetter: true },
  r2: { kinds: ['regression'], lowerIsBetter: false },
} as const;
export type MetricName = keyof typeof METRICS;
const metricName = z.enum(Object.keys(METRICS) as [MetricName, ...MetricName[]]);

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const gateSchema = z.discriminatedUnion('gate', [
  z.strictObject({
    gate: z.literal('at-least'),
    metric: metricName,
    value: z.number(),
    /** `point`: the estimate itself decides; `bound`: the 95 % bound on the bad side does. */
    mode: z.enum(['point', 'bound']).default('point'),
    tolerance: z.number().min(0).default(0),
  }),
  /** The model knows something: AUC above 0.5, accuracy above that of always saying the commonest class, R² above 0. */
  z.strictObject({ gate: z.literal('better-than-trivial') }),
  z.strictObject({ gate: z.literal('not-worse-than-champion'), metric: metricName, margin: z.number().min(0) }),
  z.strictObject({
    gate: z.literal('slices'),
    metric: metricName,
    columns: z.array(columnName).min(1),
    margin: z.number().min(0),
    minRows: z.int().min(1).default(100),
    minRarerClass: z.int().min(1).default(20),
  }),
  z.strictObject({
    gate: z.literal('fairness'),
    attribute: columnName,
    disparateImpact: share.default(0.8),
    equalOpportunity: share.default(0.1),
    minRows: z.int().min(1).default(100),
  }),
  z.strictObject({
    gate: z.literal('latency'),
    /** Largest 95th percentile of one prediction in the serving code. */
    p95: durationMs,
  }),
  z.strictObject({
    gate: z.literal('golden-rows'),
    rows: z
      .array(
        z.strictObject({
          instance: z.record(columnName, scalar),
          label: z.coerce.string().optional(),
          min: z.number().optional(),
          max: z.number().optional(),
        }),
      )
      .min(1),
  }),
]);
export type Gate = z.infer<typeof gateSchema>;

/** One model of `sluice.config.ts` with every default filled in: what a handler is told through `MODEL_CONFIG`. */
export const modelConfigSchema = z.strictObject({
  problem: problemSchema,
  training: trainingSchema.default({ kind: 'lambda', learners: ['gradient-boosted-trees'], memory: 3008 }),
  evaluation: z
    .strictObject({
      /** Share of rows kept for the test split. */
      testShare: share.default(0.2),
      /** Columns whose values are reported as slices. */
      slices: z.array(columnName).default([]),
    })
    .default({ testShare: 0.2, slices: [] }),
  validation: z
    .strictObject({
      minRows: z.int().min(1).default(100),
      maxColumns: z.int().min(2).default(2_000),
      /** Largest share of rows whose id stands more than once. */
      maxDuplicateIds: z.number().min(0).max(1).default(0),
      /** Largest dataset in bytes as stored. */
      maxBytes: z
        .int()
        .positive()
        .default(2 * 1024 ** 3),
    })
    .default({ minRows: 100, maxColumns: 2_000, maxDuplicateIds: 0, maxBytes: 2 * 1024 ** 3 }),
  /** Absent: the defaults of the problem kind, see `defaultGates` in domain/gates. */
  gates: z.array(gateSchema).optional(),
  approval: z.enum(['automatic', 'manual']).default('automatic'),
  /** How long a version waits for a person before it is rejected. */
  approvalTimeout: durationMs.default(7 * 86_400_000),
  serving: z
    .strictObject({ kind: z.literal('lambda'), memory: z.int().min(512).max(10_240).default(1024) })
    .default({ kind: 'lambda', memory: 1024 }),
  /** How a version that passed its gates gets the traffic. */
  rollout: strategySchema.default({ kind: 'all-at-once' }),
  monitoring: monitoringSchema.prefault({}),
  reactions: reactionsSchema.prefault({}),
  notify: z.strictObject({ email: z.array(z.email()).default([]) }).default({ email: [] }),
});
export type ModelConfig = z.infer<typeof modelConfigSchema>;
export type ModelConfigInput = z.input<typeof modelConfigSchema>;
export type Problem = z.infer<typeof problemSchema>;

/** A model's name: part of keys, stack names and ARNs. */
export const modelNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$|^[a-z]$/, {
  error: 'expected 1 to 40 lower-case letters, digits and hyphens, starting with a letter',
});

/** What stands in the environment variable `MODEL_CONFIG`. */
export const namedModelConfigSchema = modelConfigSchema.extend({ name: modelNameSchema });
export type NamedModelConfig = z.infer<typeof namedModelConfigSchema>;

type WatchSettings = Pick<ModelConfig, 'monitoring' | 'reactions'>;

/** The settings that what is trained depends on: changes of how a model is watched make no new version. */
export function trainingSettings<T extends WatchSettings>(config: T): Omit<T, keyof WatchSettings> {
  const { monitoring: _, reactions: __, ...rest } = config;
  return rest;
}

/** The settings as JSON for `MODEL_CONFIG`, without those of watching that are as by default: the variable is short of room. */
export function settingsJson<T extends WatchSettings>(config: T): string {
  const monitoring = differing(config.monitoring, monitoringSchema.parse({}));
  const reactions = differing(config.reactions, reactionsSchema.parse({}));
  return JSON.stringify({ ...config, monitoring, reactions });
}

/** What of an object is not as in another; undefined where all is. */
function differing(value: object, usual: object): object | undefined {
  const defaults = new Map<string, unknown>(Object.entries(usual));
  const kept = Object.entries(value).flatMap(([key, own]) => {
    const normal = defaults.get(key);
    if (JSON.stringify(own) === JSON.stringify(normal)) return [];
    const nested = isRecord(own) && isRecord(normal) ? differing(own, normal) : own;
    return nested === undefined ? [] : [[key, nested] as const];
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
