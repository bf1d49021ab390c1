import { createHash } from 'node:crypto';
import type { MapState, ParallelState, Retrier, TaskState } from '../definition/model.ts';
import type { Json } from '../json.ts';
import { Aborted, StateFailure } from './failure.ts';
import type { Outgoing, Visit } from './visit.ts';

/** States that may be retried and caught. */
export type Recoverable = TaskState | ParallelState | MapState;

/** Defaults of a retrier. https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html */
const DEFAULTS = { IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2 };

/**
 * Runs a state that may be retried and whose failure may be caught. `onFailed` writes what the state says when no retry is
 * left, before a catcher takes over.
 */
export async function recoverable<S extends Recoverable>(
  visit: Visit<S>,
  attempt: () => Promise<Json>,
  onFailed?: () => void,
): Promise<Outgoing> {
  const { state } = visit;
  const attempts = new Map<Retrier, number>();
  for (;;) {
    try {
      const result = await attempt();
      return { next: state.Next, ...(await visit.finish(state, { result, fallback: result })) };
    } catch (error) {
      if (!(error instanceof StateFailure) || error.fatal) throw error;
      if (visit.frame.signal.aborted) throw new Aborted();
      const delay = nextDelay(visit, attempts, error);
      if (delay === undefined) {
        onFailed?.();
        return caught(visit, error);
      }
      visit.retryCount++;
      await visit.frame.work.sleep(delay, { name: `retry of "${visit.name}"`, signal: visit.frame.signal });
    }
  }
}

/** Milliseconds until the next attempt, or undefined when the first retrier that matches has none left. */
function nextDelay(
  visit: Visit<Recoverable>,
  attempts: Map<Retrier, number>,
  failure: StateFailure,
): number | undefined {
  const retrier = visit.state.Retry?.[retrierFor(visit.state, failure)];
  if (!retrier) return undefined;
  const done = attempts.get(retrier) ?? 0;
  const seconds = backoffSeconds(retrier, done);
  attempts.set(retrier, done + 1);
  return seconds && 1000 * seconds * (retrier.JitterStrategy === 'FULL' ? jitter(visit) : 1);
}

/** The place of the first retrier that matches, or -1. */
export const retrierFor = ({ Retry = [] }: Recoverable, failure: StateFailure) =>
  Retry.findIndex(({ ErrorEquals }) => matches(ErrorEquals, failure));

/** The place of the first catcher that matches, or -1. */
export const catcherFor = ({ Catch = [] }: Recoverable, failure: StateFailure) =>
  Catch.findIndex(({ ErrorEquals }) => matches(ErrorEquals, failure));

/** Seconds before the next attempt after `done` retries, without jitter; undefined when there is none left. */
export function backoffSeconds(retrier: Retrier, done: number): number | undefined {
  const {
    IntervalSeconds,
    MaxAttempts,
    BackoffRate,
    MaxDelaySeconds = Number.POSITIVE_INFINITY,
  } = { ...DEFAULTS, ...retrier };
  return done >= MaxAttempts ? undefined : Math.min(IntervalSeconds * BackoffRate ** done, MaxDelaySeconds);
}

/** A share in [0, 1) that a replay of the same execution finds again. */
function jitter(visit: Visit): number {
  const seed = `${visit.frame.run.execution.Name}/${visit.enteredId}/${visit.retryCount}`;
  return createHash('sha256').update(seed).digest().readUInt32BE() / 2 ** 32;
}

/** Goes where the catcher says; the failure goes on when there is none. */
export async function caught(visit: Visit<Recoverable>, failure: StateFailure): Promise<Outgoing> {
  const index = catcherFor(visit.state, failure);
  const catcher = visit.state.Catch?.[index];
  if (!catcher) throw failure;
  const errorOutput = failure.output;
  const finished = await visit.finish(catcher, { errorOutput, fallback: errorOutput, prefix: `Catch[${index}]/` });
  return { next: catcher.Next, ...finished };
}

/** Not covered by `States.ALL`: they must be named. */
const ONLY_BY_NAME = ['States.Runtime', 'States.DataLimitExceeded'];

export function matches(names: readonly string[], { error, alias }: StateFailure): boolean {
  if (names.some((name) => name === error || name === alias)) return true;
  if (error !== undefined && ONLY_BY_NAME.includes(error)) return false;
  return names.includes('States.ALL') || (names.includes('States.TaskFailed') && isTaskFailure(error));
}

const isTaskFailure = (error: string | undefined) => error !== undefined && error !== 'States.Timeout';
