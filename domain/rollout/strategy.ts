import * as z from 'zod';
import { durationMs } from '../duration.ts';

/** Gives a part of live traffic to the challenger, step by step: `canary({ steps: [10, 50], bake: '10 minutes' })`, weights in percent. */
export const canary = (options: Options<'canary'>) => ({ kind: 'canary', ...options }) as const;

/** Equal steps at equal times: `linear({ by: 10, every: '5 minutes' })`. */
export const linear = (options: Options<'linear'>) => ({ kind: 'linear', ...options }) as const;

/** All traffic at once, with the previous version ready to take it back: alarms decide while it bakes, nothing is compared side by side. */
export const blueGreen = (options: Options<'blue-green'>) => ({ kind: 'blue-green', ...options }) as const;

/** All traffic at once and for good; for models whose gates are guard enough. */
export const allAtOnce = () => ({ kind: 'all-at-once' }) as const;

/**
 * The challenger answers copies of a share of the requests, and nobody gets its answers: `shadow({ for: '1 day', sample: 0.5 })`.
 * Afterwards it is promoted on evidence, or with `end: 'ask'` by a person who has read the report.
 */
export const shadow = (options: Options<'shadow'>) => ({ kind: 'shadow', ...options }) as const;

/** What happens when time or exposure are out and the evidence is not enough; no rollout ends by silence. */
export const LIMIT_ENDS = ['rollback', 'hold', 'ask'] as const;

/** Who promotes a version that the evidence speaks for. */
export const PROMOTIONS = ['promote', 'ask'] as const;

const limitSchema = z.strictObject({
  /** By default three times what all steps bake, at least a day. */
  time: durationMs.optional(),
  /** Most requests that the challenger may get before its harm is ruled out. */
  requests: z.int().positive().optional(),
  end: z.enum(LIMIT_ENDS).default('rollback'),
});

const share = z.number().gt(0).lt(1);
const guard = (delta: number) => z.union([z.literal(false), z.strictObject({ delta: share.default(delta) })]);

/** The harm that matters, for each thing that is watched; `false` looks away. */
const guardrailSettings = z.strictObject({
  /** Share of requests that fail: 5xx, timeouts, invalid output. One percentage point more is harm. */
  errors: guard(0.01).default({ delta: 0.01 }),
  /** Share of requests slower than the champion's 95th percentile, 5 % for an equal version. */
  latency: guard(0.025).default({ delta: 0.025 }),
  /** Population stability index between the predictions of both versions. */
  predictions: guard(0.02).default({ delta: 0.02 }),
  /** Mean loss more than the champion's on the same rows, each loss between 0 and 1. */
  quality: z
    .union([
      z.literal(false),
      z.strictObject({
        delta: share.default(0.01),
        /** Whether a promotion waits for labels; otherwise they can only stop it. */
        required: z.boolean().default(false),
      }),
    ])
    .default({ delta: 0.01, required: false }),
});
export type GuardrailSettings = z.infer<typeof guardrailSettings>;

const guarded = {
  /** Largest chance that a version which is worse by a guardrail's delta is promoted. */
  alpha: share.default(0.05),
  /** Largest chance that an equal version is rolled back. */
  beta: share.default(0.05),
  guardrails: guardrailSettings.prefault({}),
  limit: limitSchema.prefault({}),
};

const percent = z.number().gte(0.1).lt(100);

export const strategySchema = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('canary'),
      /** Percent of the traffic, rising; the promotion to 100 follows the last. */
      steps: z
        .array(percent)
        .min(1)
        .max(20)
        .refine((steps) => steps.every((weight, index) => index === 0 || weight > (steps[index - 1] ?? 0)), {
          error: 'expected weights that rise from step to step',
        }),
      /** How long each step lasts at least. */
      bake: durationMs,
      ...guarded,
    }),
    z.strictObject({ kind: z.literal('linear'), by: percent.gte(1), every: durationMs, ...guarded }),
    z.strictObject({ kind: z.literal('blue-green'), bake: durationMs, limit: limitSchema.prefault({}) }),
    z.strictObject({ kind: z.literal('all-at-once') }),
    z.strictObject({
      kind: z.literal('shadow'),
      for: durationMs,
      /** Share of the requests that are copied. */
      sample: z.number().gt(0).max(1).default(1),
      /** What follows when its time is over and the evidence is enough; when it is not, the limit decides. */
      end: z.enum(PROMOTIONS).default('promote'),
      ...guarded,
    }),
  ])
  .superRefine((strategy, context) => {
    if (strategy.kind === 'all-at-once') return;
    const least = bakeOf(stepsOf(strategy));
    if (strategy.limit.time !== undefined && strategy.limit.time <= least) {
      const message = `expected more than the ${least} ms that its steps last`;
      context.addIssue({ code: 'custom', path: ['limit', 'time'], message });
    }
    if (strategy.kind === 'blue-green') return;
    const { errors, latency, predictions, quality } = strategy.guardrails;
    if (!errors && !latency && !predictions && !(quality !== false && quality.required)) {
      const message =
        'expected a guardrail that a promotion needs; without any, nothing would speak for the challenger';
      context.addIssue({ code: 'custom', path: ['guardrails'], message });
    }
  });
export type Strategy = z.infer<typeof strategySchema>;
export type StrategyInput = z.input<typeof strategySchema>;
type Options<Kind extends StrategyInput['kind']> = Omit<Extract<StrategyInput, { kind: Kind }>, 'kind'>;

/** A span of a rollout with one division of the traffic. */
export const stepSchema = z.object({
  /** Percent of live traffic that the challenger answers. */
  weight: z.number().min(0).max(100),
  /** How long it lasts at least. */
  bakeMs: z.number().min(0),
  /** Share of the live requests that the challenger gets copies of. */
  copies: z.number().min(0).max(1),
});
export type Step = z.infer<typeof stepSchema>;

export const planSchema = z.object({
  /** Never more traffic than these say, never less time; the promotion to 100 % follows the last. */
  steps: z.array(stepSchema),
  /** Whether both versions answer side by side, so that evidence is needed and possible. */
  compared: z.boolean(),
  alpha: z.number(),
  beta: z.number(),
  promotion: z.enum(PROMOTIONS).default('promote'),
  limit: z.object({ ms: z.number(), requests: z.number().nullable(), end: z.enum(LIMIT_ENDS) }),
});
export type Plan = z.infer<typeof planSchema>;

/** Whether the challenger of a step answers copies instead of callers. */
export const isShadow = (step: Step | undefined): step is Step => step !== undefined && step.copies > 0;

const DAY_MS = 86_400_000;

/** What a strategy means: the steps and what ends them. */
export function plan(strategy: Strategy): Plan {
  const steps = stepsOf(strategy);
  const { limit = { end: 'rollback' as const } } = strategy.kind === 'all-at-once' ? {} : strategy;
  const { alpha = 0.05, beta = 0.05 } = 'alpha' in strategy ? strategy : {};
  const ms = limit.time ?? Math.max(DAY_MS, 3 * bakeOf(steps));
  return {
    steps,
    compared: 'guardrails' in strategy,
    alpha,
    beta,
    promotion: strategy.kind === 'shadow' ? strategy.end : 'promote',
    limit: { ms, requests: limit.requests ?? null, end: limit.end },
  };
}

/** The chance that a harmful version ever reaches 10, 25, 50 % of the traffic is at most one in these. */
const EVIDENCE_TO_REACH: readonly [weight: number, evidence: number][] = [
  [10, 2],
  [25, 4],
  [50, 10],
];

/** How much evidence against harm a weight asks for before it is set; the first step is entered without any. */
export function evidenceToReach(weight: number, alpha: number): number {
  const [, evidence = Infinity] = EVIDENCE_TO_REACH.find(([reached]) => weight <= reached) ?? [];
  return Math.min(evidence, 1 / alpha);
}

type StepsOf = { [Kind in Strategy['kind']]: (strategy: Extract<Strategy, { kind: Kind }>) => Step[] };

const STEPS: StepsOf = {
  canary: ({ steps, bake }) => steps.map((weight) => ({ weight, bakeMs: bake, copies: 0 })),
  linear: ({ by, every }) =>
    Array.from({ length: Math.ceil(100 / by) - 1 }, (_, index) => ({
      weight: Number(((index + 1) * by).toFixed(6)),
      bakeMs: every,
      copies: 0,
    })),
  'blue-green': ({ bake }) => [{ weight: 100, bakeMs: bake, copies: 0 }],
  shadow: (strategy) => [{ weight: 0, bakeMs: strategy.for, copies: strategy.sample }],
  'all-at-once': () => [],
};

function stepsOf<Kind extends Strategy['kind']>(strategy: Extract<Strategy, { kind: Kind }>): Step[] {
  const steps: StepsOf[Kind] = STEPS[strategy.kind as Kind];
  return steps(strategy);
}

const bakeOf = (steps: readonly Step[]) => steps.reduce((sum, { bakeMs }) => sum + bakeMs, 0);
