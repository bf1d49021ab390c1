import type { MapState, ParallelState, TaskState } from '../definition/model.ts';
import { StateFailure } from '../interpreter/failure.ts';
import { toleranceOf } from '../interpreter/map.ts';
import { backoffSeconds, catcherFor, caught, type Recoverable, retrierFor } from '../interpreter/recovery.ts';
import type { Outgoing, Visit } from '../interpreter/visit.ts';
import type { JsonObject } from '../json.ts';
import type { StateTest } from './test-state-input.ts';

/** How a tested state ended. */
export interface Told {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'RETRIABLE' | 'CAUGHT_ERROR';
  readonly outgoing?: Omit<Outgoing, 'next'> & { readonly next?: string };
  readonly failure?: StateFailure;
}

export function isMocked(visit: Visit, { mock }: StateTest): visit is Visit<Recoverable> {
  return mock !== undefined && ['Task', 'Parallel', 'Map'].includes(visit.state.Type);
}

/** A state whose work is replaced by the mock: everything before and after it is done. */
export async function playMock(visit: Visit<Recoverable>, asked: StateTest, inspected: JsonObject): Promise<Told> {
  const { state } = visit;
  try {
    await PREPARATIONS[state.Type](visit as never, asked, inspected);
    const { error, result = null } = asked.mock ?? {};
    if (error) throw new StateFailure(error.error, error.cause);
    const finished = await visit.finish(state, { result, fallback: result });
    return { status: 'SUCCEEDED', outgoing: { next: state.Next, ...finished } };
  } catch (failure) {
    if (failure instanceof StateFailure) return recovered(visit, failure, { asked, inspected });
    throw failure;
  }
}

type Prepare<S> = (visit: Visit<Extract<Recoverable, S>>, asked: StateTest, inspected: JsonObject) => Promise<void>;

const PREPARATIONS: {
  Task: Prepare<TaskState>;
  Parallel: Prepare<ParallelState>;
  Map: Prepare<MapState>;
} = {
  Task: async (visit, _asked, inspected) => {
    const { Arguments } = visit.state;
    if (Arguments !== undefined) inspected.afterArguments = await visit.evaluate('Arguments', Arguments);
  },
  Parallel: async (visit) => {
    if (visit.state.Arguments !== undefined) await visit.evaluate('Arguments', visit.state.Arguments);
  },
  Map: async (visit, { mock, failedIterations }, inspected) => {
    if (visit.state.Items !== undefined) await visit.evaluateAs('Items', visit.state.Items, 'array');
    const { MaxConcurrency = 0 } = visit.state;
    inspected.maxConcurrency = await visit.evaluateInteger('MaxConcurrency', MaxConcurrency);
    const { count, percentage } = await toleranceOf(visit);
    if (count !== undefined) inspected.toleratedFailureCount = count;
    if (percentage !== undefined) inspected.toleratedFailurePercentage = percentage;
    const total = Array.isArray(mock?.result) ? mock.result.length : 0;
    const tooMany = count !== undefined && failedIterations > count;
    const tooLarge = percentage !== undefined && total > 0 && (100 * failedIterations) / total > percentage;
    if (tooMany || tooLarge) {
      throw new StateFailure(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      );
    }
  },
};

async function recovered(
  visit: Visit<Recoverable>,
  failure: StateFailure,
  { asked, inspected }: { asked: StateTest; inspected: JsonObject },
): Promise<Told> {
  const retryIndex = retrierFor(visit.state, failure);
  const retrier = visit.state.Retry?.[retryIndex];
  if (retrier) {
    const seconds = backoffSeconds(retrier, asked.retryCount);
    inspected.errorDetails = { retryIndex, ...(seconds === undefined ? {} : { retryBackoffIntervalSeconds: seconds }) };
    if (seconds !== undefined) return { status: 'RETRIABLE', failure };
  }
  const catchIndex = catcherFor(visit.state, failure);
  if (catchIndex < 0) return { status: 'FAILED', failure };
  inspected.errorDetails = { catchIndex };
  return { status: 'CAUGHT_ERROR', failure, outgoing: await caught(visit, failure) };
}
