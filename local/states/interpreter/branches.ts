import type { StatesContainer } from '../definition/model.ts';
import type { Json, JsonObject } from '../json.ts';
import { Aborted } from './failure.ts';
import type { Frame } from './run.ts';
import { runStates } from './states.ts';
import type { Visit } from './visit.ts';

/** One line of control to start: a branch or an iteration. */
export interface Branch {
  readonly name: string;
  readonly container: StatesContainer;
  readonly input: Json;
  readonly map?: JsonObject;
}

export interface BranchFailure {
  readonly index: number;
  readonly frame: Frame;
  readonly error: unknown;
}

export interface BranchOptions {
  /** At most so many at a time. */
  readonly concurrency: number;
  /** Just before a line starts, after the event `pointer`; gives the event that its first one follows. */
  onStart?(index: number, pointer: number): number;
  /** When a line has ended; gives the event that the state's own next one follows. */
  onSuccess?(index: number, frame: Frame): number;
  /** The first failure, with the lines that are given up for it. */
  onFailure(failure: BranchFailure, others: ReadonlyMap<number, Frame>): void;
}

/**
 * Runs lines of control side by side until all have ended or one has failed. The visit's pointer ends at the last event
 * of the line that ended last, or that failed.
 */
export async function runBranches(visit: Visit, branches: readonly Branch[], options: BranchOptions): Promise<Json[]> {
  const { frame } = visit;
  const running = frame.open?.frames ?? new Map<number, Frame>();
  const controller = new AbortController();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const outputs: Json[] = new Array(branches.length);
  const start = frame.pointer;
  let next = 0;

  const runOne = async (index: number, branch: Branch, pointer: number): Promise<number> => {
    const work = frame.run.clock.begin(branch.name);
    const inner: Frame = {
      run: frame.run,
      work,
      signal: AbortSignal.any([frame.signal, controller.signal]),
      variables: frame.variables.inner(),
      map: branch.map ?? frame.map,
      pointer,
      open: undefined,
    };
    running.set(index, inner);
    try {
      outputs[index] = await runStates(branch.container, branch.input, inner);
      frame.pointer = options.onSuccess?.(index, inner) ?? inner.pointer;
      running.delete(index);
    } catch (error) {
      // What is due at this very moment ends by itself before it is given up.
      await new Promise<void>((resolve) => setImmediate(resolve));
      giveUp({ index, frame: inner, error });
    } finally {
      work.end();
    }
    return inner.pointer;
  };
  const giveUp = (failed: BranchFailure) => {
    if (failed.frame.signal.aborted) return;
    frame.pointer = failed.frame.pointer;
    running.delete(failed.index);
    const others = new Map(running);
    running.clear();
    controller.abort(new Aborted());
    options.onFailure(failed, others);
    failure.reject(failed.error);
  };

  /** Takes one line after the other; a line follows the one that made room for it. */
  const slot = async () => {
    let pointer = start;
    while (next < branches.length && !controller.signal.aborted && !frame.signal.aborted) {
      const index = next++;
      const branch = branches[index] as Branch;
      pointer = options.onStart?.(index, pointer) ?? pointer;
      pointer = await runOne(index, branch, pointer);
    }
  };
  const slots = Array.from({ length: Math.min(options.concurrency, branches.length) }, slot);
  await frame.work.wait(Promise.race([Promise.all(slots), failure.promise]));
  if (frame.signal.aborted) throw new Aborted();
  return outputs;
}
