import * as z from 'zod';
import { type Guardrail, guardrailSchema } from './guardrail.ts';
import { differencesSchema, foldPairs, pairEvidenceSchema, startPairs } from './pair-evidence.ts';
import { divideShare, foldShare, shareEvidenceSchema, startShare } from './share-evidence.ts';
import { divideShift, foldShift, histogramsSchema, shiftEvidenceSchema, startShift } from './shift-evidence.ts';
import { armsSchema } from './two-arm.ts';

/** Everything that a rollout has seen and concluded, small enough for one item of a table. */

const requestsSchema = z.object({ challenger: z.int().min(0), champion: z.int().min(0) });
export type Requests = z.infer<typeof requestsSchema>;

const observationSchema = z.discriminatedUnion('kind', [
  armsSchema.extend({ kind: z.literal('share') }),
  histogramsSchema.extend({ kind: z.literal('shift') }),
  differencesSchema.extend({ kind: z.literal('pairs') }),
]);
export type Observation = z.infer<typeof observationSchema>;

/** What happened between two looks, a minute as a rule. */
export const tickSchema = z.object({
  /** Rises from tick to tick, such as the minute since 1970; a tick that is not newer than the last is not counted. */
  id: z.int().min(0),
  /** The step whose weights were in force; leave out the minute in which they changed. */
  step: z.int().min(0),
  requests: requestsSchema,
  /** By name of the guardrail; what nothing is known about yet is left out. */
  seen: z.record(z.string(), observationSchema),
});
export type Tick = z.infer<typeof tickSchema>;

const evidenceSchema = z.discriminatedUnion('kind', [shareEvidenceSchema, shiftEvidenceSchema, pairEvidenceSchema]);
export type Evidence = z.infer<typeof evidenceSchema>;

const watchedSchema = z.object({ guardrail: guardrailSchema, evidence: evidenceSchema });
export type Watched = z.infer<typeof watchedSchema>;

export const rolloutStateSchema = z.object({
  format: z.literal(1),
  lastTick: z.int().nullable(),
  ticks: z.int().min(0),
  requests: requestsSchema,
  step: z.object({ index: z.int().min(0), requests: requestsSchema }),
  watched: z.array(watchedSchema),
  /** The course of the evidence, thinned so that it never grows beyond what a picture shows. */
  trace: z.object({
    every: z.int().min(1),
    points: z.array(
      z.object({
        tick: z.int(),
        step: z.int(),
        challengers: z.int(),
        /** ln E⁺ and ln E⁻ of each guardrail, in their order. */
        evidence: z.array(z.tuple([z.number(), z.number()])),
      }),
    ),
  }),
});
export type RolloutState = z.infer<typeof rolloutStateSchema>;

const NONE: Requests = { challenger: 0, champion: 0 };

/** The state of a rollout that has seen nothing. */
export function startEvidence(guardrails: readonly Guardrail[]): RolloutState {
  return {
    format: 1,
    lastTick: null,
    ticks: 0,
    requests: NONE,
    step: { index: 0, requests: NONE },
    watched: guardrails.map((guardrail) => ({ guardrail, evidence: start(guardrail) })),
    trace: { every: 1, points: [] },
  };
}

/**
 * Takes a tick in. A tick that was counted already, or comes after a later one, changes nothing: a tick is counted once or
 * not at all, and being late has nothing to do with what it says, so leaving it out is fair.
 */
export function observe(state: RolloutState, tick: Tick): RolloutState {
  if (state.lastTick !== null && tick.id <= state.lastTick) return state;
  const unknown = Object.keys(tick.seen).find(
    (name) => !state.watched.some(({ guardrail }) => guardrail.name === name),
  );
  if (unknown !== undefined) throw new RangeError(`tick ${tick.id} tells of "${unknown}", which is not watched`);
  const divided = tick.step !== state.step.index;
  const watched = state.watched.map(({ guardrail, evidence }) => ({
    guardrail,
    evidence: fold(guardrail, divided ? divide(evidence) : evidence, tick.seen[guardrail.name]),
  }));
  const next = {
    format: 1 as const,
    lastTick: tick.id,
    ticks: state.ticks + 1,
    requests: addRequests(state.requests, tick.requests),
    step: { index: tick.step, requests: addRequests(divided ? NONE : state.step.requests, tick.requests) },
    watched,
  };
  return { ...next, trace: traced(state.trace, next, tick) };
}

function start(guardrail: Guardrail): Evidence {
  if (guardrail.kind === 'shift') return startShift(guardrail);
  return guardrail.kind === 'pairs' ? startPairs() : startShare();
}

function divide(evidence: Evidence): Evidence {
  if (evidence.kind === 'share') return divideShare(evidence);
  return evidence.kind === 'shift' ? divideShift(evidence) : evidence;
}

function fold(guardrail: Guardrail, evidence: Evidence, seen: Observation | undefined): Evidence {
  if (seen === undefined) return evidence;
  if (guardrail.kind === 'share' && evidence.kind === 'share' && seen.kind === 'share')
    return foldShare(evidence, seen, guardrail);
  if (guardrail.kind === 'shift' && evidence.kind === 'shift' && seen.kind === 'shift')
    return foldShift(evidence, seen, guardrail);
  if (guardrail.kind === 'pairs' && evidence.kind === 'pairs' && seen.kind === 'pairs')
    return foldPairs(evidence, seen, guardrail);
  throw new RangeError(`"${guardrail.name}" is a guardrail of kind ${guardrail.kind}, the tick tells of ${seen.kind}`);
}

const TRACE_POINTS = 80;

/** Keeps every n-th tick; n doubles when there is no more room. */
function traced(trace: RolloutState['trace'], now: Omit<RolloutState, 'trace'>, tick: Tick): RolloutState['trace'] {
  if (now.ticks % trace.every !== 0) return trace;
  const evidence = now.watched.map(({ evidence: { lnSafe, lnHarm } }): [number, number] => [
    rounded(lnSafe),
    rounded(lnHarm),
  ]);
  const point = { tick: tick.id, step: tick.step, challengers: now.requests.challenger, evidence };
  const points = [...trace.points, point];
  if (points.length <= TRACE_POINTS) return { every: trace.every, points };
  // Of 1, 2, 3, … the even ones stay: they are the multiples of the doubled interval.
  return { every: 2 * trace.every, points: points.filter((_, index) => index % 2 === 1) };
}

const addRequests = (a: Requests, b: Requests): Requests => ({
  challenger: a.challenger + b.challenger,
  champion: a.champion + b.champion,
});

const rounded = (value: number) => Math.round(value * 1e3) / 1e3;
