import type { ParallelState } from '../definition/model.ts';
import type { Json } from '../json.ts';
import { writeAborted } from './abort.ts';
import { runBranches } from './branches.ts';
import { StateFailure } from './failure.ts';
import { recoverable } from './recovery.ts';
import type { Outgoing, Visit } from './visit.ts';

export async function parallel(visit: Visit<ParallelState>): Promise<Outgoing> {
  const { frame } = visit;
  return recoverable(
    visit,
    () => attempt(visit),
    () => {
      frame.pointer = frame.run.history.append('ParallelStateFailed', frame.pointer);
    },
  );
}

async function attempt(visit: Visit<ParallelState>): Promise<Json> {
  const { state, frame } = visit;
  const { history } = frame.run;
  const input = state.Arguments === undefined ? visit.input : await visit.evaluate('Arguments', state.Arguments);
  frame.pointer = history.append('ParallelStateStarted', frame.pointer);
  const branches = state.Branches.map((container, index) => ({
    name: `branch ${index} of "${visit.name}"`,
    container,
    input,
  }));
  const outputs = await runBranches(visit, branches, {
    concurrency: branches.length,
    onFailure: ({ frame: failed, error }, others) => {
      if (!(error instanceof StateFailure) || error.fatal) return;
      writeAborted(failed, failed.pointer);
      for (const other of others.values()) writeAborted(other, failed.pointer);
    },
  });
  // Reports the end without becoming the event that the next one follows.
  history.append('ParallelStateSucceeded', frame.pointer);
  return outputs;
}
