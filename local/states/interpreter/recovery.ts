import { createHash } from 'node:crypto';
import type { MapState, ParallelState, Retrier, TaskState } from '../definition/model.ts';
import type { Json } from '../json.ts';
import { Aborted, StateFailure } from './failure.ts';
import type { Outgoing, Visit } from './visit.ts';

type Recoverable = TaskState | ParallelState | MapState;

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
  const retrier = visit.state.Retry?.find(({ ErrorEquals }) => matches(ErrorEquals, failure));
  if (!retrier) return undefined;
  const {
    IntervalSeconds,
    MaxAttempts,
    BackoffRate,
    MaxDelaySeconds = Number.POSITIVE_INFINITY,
  } = {
    ...DEFAULTS,
    ...retrier,
  };
  const done = attempts.get(retrier) ?? 0;
  if (done >= MaxAttempts) return undefined;
  attempts.set(retrier, done + 1);
  const seconds = Math.min(IntervalSeconds * BackoffRate ** done, MaxDelaySeconds);
  return 1000 * seconds * (retrier.JitterStrategy === 'FULL' ? jitter(visit) : 1);
}

/** A share in [0, 1) that a replay of the same execution finds again. */
function jitter(visit: Visit): number {
  const seed = `${visit.frame.run.execution.Name}/${visit.enteredId}/${visit.retryCount}`;
  return createHash('sha256').update(seed).digest().readUInt32BE() / 2 ** 32;
}

async function caught(visit: Visit<Recoverable>, failure: StateFailure): Promise<Outgoing> {
  const index = visit.state.Catch?.findIndex(({ ErrorEquals }) => matches(ErrorEquals, failure)) ?? -1;
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
