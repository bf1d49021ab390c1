import * as z from 'zod';
import { counted } from '../wording.ts';
import { type Comparison, comparisonSchema } from './comparison.ts';
import { comparisonSentences } from './comparison-wording.ts';
import { type RolloutDecision, rolloutDecisionSchema } from './decision.ts';
import { type RolloutState, rolloutStateSchema } from './evidence.ts';
import { guardrailSchema } from './guardrail.ts';
import { type Plan, planSchema } from './strategy.ts';
import { showComparison, showDuration, showEvidence, showWeight } from './wording.ts';

/** The part of a decision card that tells of a rollout: what was compared, what was seen, what was decided and why. */
export const rolloutCardSchema = z.object({
  format: z.literal(1),
  model: z.string(),
  challenger: z.object({ version: z.int(), semver: z.string() }),
  champion: z.object({ version: z.int(), semver: z.string() }).nullable(),
  strategy: z.string(),
  plan: planSchema,
  startedAt: z.string(),
  decidedAt: z.string(),
  decision: rolloutDecisionSchema,
  guardrails: z.array(guardrailSchema),
  /** The course of the evidence, see `rolloutStateSchema`. */
  trace: rolloutStateSchema.shape.trace,
  /** In a shadow: both versions' answers to the same requests. */
  comparison: comparisonSchema.nullable().default(null),
  /** The same as plain sentences, for messages and terminals. */
  sentences: z.array(z.string()),
});
export type RolloutCard = z.infer<typeof rolloutCardSchema>;

export interface RolloutCardSources {
  readonly model: string;
  readonly challenger: RolloutCard['challenger'];
  readonly champion: RolloutCard['champion'];
  /** Kind of the strategy. */
  readonly strategy: string;
  readonly plan: Plan;
  readonly state: RolloutState;
  /** @default null, which is right for all but a shadow */
  readonly comparison?: Comparison | null;
  readonly decision: RolloutDecision;
  readonly startedAt: string;
  readonly decidedAt: string;
}

/** Puts the card of a rollout together, whether it has ended or still runs. */
export function buildRolloutCard(sources: RolloutCardSources): RolloutCard {
  const { state, ...told } = sources;
  return {
    format: 1,
    ...told,
    guardrails: state.watched.map(({ guardrail }) => guardrail),
    trace: state.trace,
    comparison: sources.comparison ?? null,
    sentences: sentencesOf(sources),
  };
}

const OUTCOMES = {
  PROMOTE: 'was promoted',
  ROLLBACK: 'was rolled back',
  HOLD: 'is held',
  NEXT_STEP: 'gets more traffic',
} as const;

function sentencesOf({ model, challenger, champion, plan, state, comparison, decision }: RolloutCardSources): string[] {
  const { action, why, numbers, needed } = decision;
  const against = champion ? `, compared with ${champion.semver}` : '';
  const step = plan.steps[numbers.step];
  const reached = step ? `, at ${showWeight(step)}` : '';
  const { challenger: own, champion: others } = numbers.requests;
  return [
    `${model} ${challenger.semver} ${OUTCOMES[action]} after ${showDuration(numbers.elapsedMs)}${reached}${against}.`,
    why,
    ...(comparison
      ? comparisonSentences(comparison)
      : [`The challenger answered ${counted(own, 'request')}, the champion ${counted(others, 'request')}.`]),
    ...state.watched.map((watched) => {
      const { lnSafe, lnHarm } = watched.evidence;
      const role = watched.guardrail.required ? '' : ' (can only roll back)';
      return `${showComparison(watched)}${role}; evidence that it does no harm ${showEvidence(lnSafe)}, of harm ${showEvidence(lnHarm)}.`;
    }),
    ...(needed?.requests ? [stillNeeded(needed.requests, needed.ms)] : []),
  ];
}

const stillNeeded = (requests: number, ms: number | null) =>
  `If nothing is wrong, about ${counted(requests, 'more request')} to the challenger are needed${ms === null ? '' : `, ${showDuration(ms)} at this traffic`}.`;
