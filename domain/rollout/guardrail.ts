import * as z from 'zod';
import type { Strategy } from './strategy.ts';
import { type Tally, tallySchema } from './two-arm.ts';

/** What is watched during a rollout and what counts as harm. Names are the strategy's: errors, latency, predictions, quality. */

const common = {
  name: z.string().min(1),
  /** A promotion needs its evidence; otherwise it can only roll back. */
  required: z.boolean(),
};

export const guardrailSchema = z.discriminatedUnion('kind', [
  /** A share of bad requests in each arm. */
  z.object({
    kind: z.literal('share'),
    ...common,
    delta: z.number().gt(0).lt(1),
    /** The champion's requests shortly before: they make the first bets better and decide nothing. */
    prior: tallySchema,
  }),
  /** Predictions of both versions in the same frozen bins. */
  z.object({
    kind: z.literal('shift'),
    ...common,
    /** Largest index that is no reason to worry. */
    delta: z.number().gt(0),
    /** Smallest index that a promotion has to rule out. */
    harm: z.number().gt(0),
    bins: z.int().min(2),
    overdispersion: z.number().min(1),
  }),
  /** Losses of both versions on the same rows. */
  z.object({ kind: z.literal('pairs'), ...common, delta: z.number().gt(0).lt(1) }),
]);
export type Guardrail = z.infer<typeof guardrailSchema>;
export type GuardrailOf<Kind extends Guardrail['kind']> = Extract<Guardrail, { kind: Kind }>;

/** What is known before the rollout starts. */
export interface Known {
  /** The champion's requests of the last while, for the names of shares. */
  readonly before?: Partial<Record<'errors' | 'latency', Tally>>;
  /** Null when predictions are not recorded or all the same. `accepted` is the shift between the versions that the gates saw, see `prediction-bins.ts`. */
  readonly predictions: { readonly bins: number; readonly accepted: number; readonly overdispersion?: number } | null;
}

/** Requests that a past minute may count for at most: an old base rate must give way to today's. */
const PRIOR_REQUESTS = 1_000;

/** The guardrails of a strategy; none for those that compare nothing. */
export function guardrailsOf(strategy: Strategy, known: Known): Guardrail[] {
  if (!('guardrails' in strategy)) return [];
  const { errors, latency, predictions, quality } = strategy.guardrails;
  const share = (name: 'errors' | 'latency', { delta }: { delta: number }): Guardrail => ({
    kind: 'share',
    name,
    required: true,
    delta,
    prior: atMost(known.before?.[name] ?? { n: 0, bad: 0 }, PRIOR_REQUESTS),
  });
  return [
    ...(errors ? [share('errors', errors)] : []),
    ...(latency ? [share('latency', latency)] : []),
    ...(predictions && known.predictions ? [shift(predictions.delta, known.predictions)] : []),
    ...(quality ? [{ kind: 'pairs', name: 'quality', ...quality } as const] : []),
  ];
}

/**
 * A challenger is another model: what its gates have seen of its predictions is accepted, and only more is suspicious. What
 * a promotion rules out leaves room above that, 0.1 (a moderate shift by common wisdom) for the usual 0.02.
 */
function shift(delta: number, { bins, accepted, overdispersion = 1 }: NonNullable<Known['predictions']>): Guardrail {
  const tolerated = Math.max(delta, accepted);
  const harm = 2 * tolerated + 0.06;
  return { kind: 'shift', name: 'predictions', required: true, delta: tolerated, harm, bins, overdispersion };
}

function atMost({ n, bad }: Tally, requests: number): Tally {
  if (n <= requests) return { n, bad };
  return { n: requests, bad: Math.round((bad * requests) / n) };
}
