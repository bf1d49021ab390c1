import { type Step, unchanged } from '../drift/evidence.ts';
import type { Signal } from '../monitor/window.ts';
import { wilson } from '../statistics/proportion.ts';
import { counted, showCount, showPercent } from '../wording.ts';
import { accumulateLoss, type Losses, toleratedLoss } from './evidence.ts';
import type { QualityReference } from './reference.ts';
import type { QualitySettings } from './settings.ts';
import { emptyAccumulator, type LossAccumulator, type QualityState } from './state.ts';
import type { CohortVerdict, SliceLossVerdict } from './verdict.ts';

/** The predictions of a stretch of time, by when they were made, and the labels that have come for them. */
export interface Cohort {
  readonly id: string;
  /** Predictions that were captured. */
  readonly rows: number;
  /** Those of them with a label, and how many were wrong; see `lossOf`. */
  readonly labelled: number;
  readonly losses: number;
  readonly slices?: readonly (Losses & { readonly column: string; readonly value: string | null })[];
  /** Time since its last prediction, ms. */
  readonly ageMs: number;
}

export interface CohortInput {
  readonly cohort: Cohort;
  readonly reference: QualityReference;
  /** Age that makes it mature, see `maturity`; null: not known yet, then coverage alone decides. */
  readonly maturityMs: number | null;
  readonly state: QualityState;
  readonly settings: QualitySettings;
}

/** Cohorts that are remembered as scored: more than can be waiting for labels at a time. */
const REMEMBERED = 120;

/** Scores a cohort once, when its labels have come; until then nothing changes, however often it is asked. */
export function scoreCohort(input: CohortInput): { verdict: CohortVerdict; state: QualityState } {
  const { cohort, state } = input;
  const status = statusOf(input);
  if (status !== 'SCORED') return { verdict: verdictOf(input, status, unscored(input)), state };
  const parts = scoredParts(input);
  return {
    verdict: verdictOf(input, status, parts),
    state: {
      format: 1,
      overall: parts.overall.step.state,
      slices: parts.slices.map(({ slice: { column, value }, step }) => ({ column, value, ...step.state })),
      scored: [...state.scored, cohort.id].slice(-REMEMBERED),
    },
  };
}

function statusOf({ cohort, maturityMs, state, settings }: CohortInput): CohortVerdict['status'] {
  if (state.scored.includes(cohort.id)) return 'KNOWN';
  if (cohort.ageMs < (maturityMs ?? 0)) return 'WAITING';
  const covered = cohort.labelled > 0 && cohort.labelled >= settings.minCoverage * cohort.rows;
  return covered ? 'SCORED' : 'INSUFFICIENT';
}

interface Part {
  readonly seen: Losses;
  readonly usual: Losses;
  readonly tolerated: number;
  readonly needed: number;
  readonly step: Step;
}
interface Parts {
  readonly overall: Part;
  readonly slices: readonly (Part & { readonly slice: { column: string; value: string | null } })[];
}

/** Slices share a budget of their own among them: together they are as rarely wrong as all predictions are. */
function partsOf({ cohort, reference, state, settings }: CohortInput, take: Take): Parts {
  const { epsilon, falseAlarmCohorts } = settings;
  const part = (seen: Losses, usual: Losses, before: LossAccumulator, columns: number): Part => {
    const limits = { tolerated: toleratedLoss(usual, epsilon), needed: falseAlarmCohorts * columns };
    const rate = usual.n > 0 ? usual.losses / usual.n : 0;
    return { seen, usual, ...limits, step: take(before, seen, { ...limits, usual: rate, at: cohort.id }) };
  };
  return {
    overall: part({ n: cohort.labelled, losses: cohort.losses }, reference, state.overall, 1),
    slices: reference.slices.map((slice) => {
      const same = (one: { column: string; value: string | null }) =>
        one.column === slice.column && one.value === slice.value;
      const seen = cohort.slices?.find(same) ?? { n: 0, losses: 0 };
      const before = state.slices.find(same) ?? emptyAccumulator;
      return { slice, ...part(seen, slice, before, reference.slices.length) };
    }),
  };
}
type Take = typeof accumulateLoss;

const scoredParts = (input: CohortInput) => partsOf(input, accumulateLoss);

/** The evidence as it stood before. */
const unscored = (input: CohortInput) => partsOf(input, unchanged);

function judged({ seen, usual, tolerated, needed, step }: Part, scored: boolean) {
  const { lower, upper } = seen.n > 0 ? wilson(seen.losses, seen.n) : { lower: 0, upper: 1 };
  const signal: Signal = step.state.since !== null ? 'ALERT' : scored && seen.n > 0 ? 'NONE' : 'INSUFFICIENT';
  return {
    n: seen.n,
    losses: seen.losses,
    loss: seen.n > 0 ? seen.losses / seen.n : null,
    interval: seen.n > 0 ? { lower, upper } : null,
    reference: usual.n > 0 ? usual.losses / usual.n : 0,
    limit: tolerated,
    evidence: step.reached,
    needed,
    signal,
    fresh: step.fresh,
    since: step.state.since,
  };
}

function verdictOf(input: CohortInput, status: CohortVerdict['status'], parts: Parts): CohortVerdict {
  const { cohort } = input;
  const overall = judged(parts.overall, status === 'SCORED');
  const slices = parts.slices.map(
    ({ slice, ...part }): SliceLossVerdict => ({
      column: slice.column,
      value: slice.value,
      ...judged(part, status === 'SCORED'),
    }),
  );
  return {
    format: 1,
    cohort: cohort.id,
    status,
    rows: cohort.rows,
    coverage: cohort.rows > 0 ? Math.min(1, cohort.labelled / cohort.rows) : null,
    ...overall,
    slices,
    sentence: sentenceOf(input, status, overall),
  };
}

function sentenceOf(
  { cohort, reference, settings }: CohortInput,
  status: CohortVerdict['status'],
  { loss, limit, reference: usual, signal }: Pick<CohortVerdict, 'loss' | 'limit' | 'reference' | 'signal'>,
): string {
  const labelled = `${showCount(cohort.labelled)} of ${counted(cohort.rows, 'prediction')} of ${cohort.id} have a label`;
  if (status === 'WAITING') return `${labelled}; more are still to come`;
  if (status === 'INSUFFICIENT') return `${labelled}; ${showPercent(settings.minCoverage)} are needed to judge them`;
  const what = reference.farOff === null ? 'wrong' : 'further off than nine in ten were at evaluation';
  const rates = `${showPercent(loss ?? 0)} of ${counted(cohort.labelled, 'labelled prediction')} of ${cohort.id} are ${what}, ${showPercent(usual)} at evaluation`;
  return signal === 'ALERT'
    ? `${rates}: more than the ${showPercent(limit)} that are tolerated`
    : `${rates}; up to ${showPercent(limit)} are tolerated`;
}
