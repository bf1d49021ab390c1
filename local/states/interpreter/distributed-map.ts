import type { MapState, StatesContainer } from '../definition/model.ts';
import { processorOf } from '../definition/model.ts';
import type { Json } from '../json.ts';
import { Aborted, StateFailure } from './failure.ts';
import { batched } from './item-batcher.ts';
import { preparedReader } from './item-reader.ts';
import { concurrencyOf, itemsOf, selected, type Tolerance, toleranceOf } from './map.ts';
import { outputsOf, preparedWriter } from './result-writer.ts';
import type { Frame } from './run.ts';
import type { Visit } from './visit.ts';

/** Child executions that run side by side at most. */
const DISTRIBUTED_CONCURRENCY = 1_000;

export interface MapRunSpec {
  readonly label: string;
  readonly concurrency: number;
  readonly tolerance: Tolerance;
  readonly processor: StatesContainer;
}

/** What became of one child execution. */
export interface ChildResult {
  readonly executionArn: string;
  readonly name: string;
  readonly input: Json;
  /** How many of the Map's items its input holds: more than one in a batch. */
  readonly items: number;
  readonly status: 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly output?: Json;
  readonly failure?: StateFailure;
}

export interface MapRun {
  readonly arn: string;
  /** Runs a child execution to its end; never rejects for a failed child. */
  runChild(share: Share, frame: Frame): Promise<ChildResult>;
  end(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED', results: readonly ChildResult[], shares: readonly Share[]): void;
}

/** What one child execution is given: an item, or a batch of them. */
export interface Share {
  readonly input: Json;
  readonly items: number;
}

/** Where distributed Maps get their map runs and child executions. */
export interface DistributedRuns {
  /** Throws a StateFailure where the role may not start child executions. */
  start(parent: Frame, spec: MapRunSpec): MapRun;
}

/** Each item, or batch of items, is an execution of its own with its own history. */
export async function distributedMap(visit: Visit<MapState>): Promise<Json> {
  const { state, frame, name } = visit;
  const { history, distributed } = frame.run;
  const reader = state.ItemReader ? await preparedReader(visit, state.ItemReader) : undefined;
  const given = reader ? [] : await itemsOf(visit);
  const concurrency = await concurrencyOf(visit, DISTRIBUTED_CONCURRENCY);
  frame.pointer = history.append('MapStateStarted', frame.pointer, { length: given.length });
  const tolerance = await toleranceOf(visit);
  const batch = state.ItemBatcher ? await batched(visit, state.ItemBatcher) : undefined;
  const writer = state.ResultWriter ? await preparedWriter(visit, state.ResultWriter) : undefined;
  const spec = { label: state.Label ?? name, concurrency, tolerance, processor: processorOf(state) };
  const run = distributed.start(frame, spec);
  frame.pointer = history.append('MapRunStarted', frame.pointer, { mapRunArn: run.arn });
  const results: ChildResult[] = [];
  let shares: readonly Share[] = [];
  try {
    const items = reader ? await reader() : given;
    const inputs: Json[] = [];
    for (const [index, value] of items.entries()) inputs.push(await selected(visit, value, index));
    shares = batch ? batch(inputs) : inputs.map((input) => ({ input, items: 1 }));
    await runChildren(visit, run, shares, { concurrency, tolerance, results });
    const output = await (writer?.(run.arn, results) ?? outputsOf(results));
    run.end('SUCCEEDED', results, shares);
    const ended = history.append('MapRunSucceeded', frame.pointer);
    history.append('MapStateSucceeded', ended);
    return output;
  } catch (error) {
    run.end(error instanceof Aborted ? 'ABORTED' : 'FAILED', results, shares);
    if (error instanceof StateFailure && !error.fatal) {
      frame.pointer = history.append('MapRunFailed', frame.pointer, error.details);
    }
    throw error;
  }
}

interface Progress {
  readonly concurrency: number;
  readonly tolerance: Tolerance;
  /** In the order of the items. */
  readonly results: ChildResult[];
}

async function runChildren(
  { frame }: Visit<MapState>,
  run: MapRun,
  shares: readonly Share[],
  { concurrency, tolerance, results }: Progress,
): Promise<void> {
  const total = shares.reduce((sum, { items }) => sum + items, 0);
  let next = 0;
  let failed = 0;
  const exceeded = Promise.withResolvers<never>();
  exceeded.promise.catch(() => undefined);
  let over = false;
  const slot = async () => {
    while (next < shares.length && !over && !frame.signal.aborted) {
      const index = next++;
      const result = await run.runChild(shares[index] as Share, frame);
      results[index] = result;
      if (result.status === 'SUCCEEDED' || frame.signal.aborted) continue;
      failed += result.items;
      if (!exceeds(failed, total, tolerance)) continue;
      over = true;
      exceeded.reject(
        new StateFailure(
          'States.ExceedToleratedFailureThreshold',
          'The specified tolerated failure threshold was exceeded',
        ),
      );
    }
  };
  const slots = Array.from({ length: Math.min(concurrency, shares.length) }, slot);
  await frame.work.wait(Promise.race([Promise.all(slots), exceeded.promise]));
  if (frame.signal.aborted) throw new Aborted();
}

/** Items, not executions, are tolerated. Without any tolerance the first failure is one too many; with both, either is enough. */
function exceeds(failed: number, total: number, { count, percentage }: Tolerance): boolean {
  if (count === undefined && percentage === undefined) return failed > 0;
  const overCount = count !== undefined && failed > count;
  const overShare = percentage !== undefined && (100 * failed) / total > percentage;
  return overCount || overShare;
}
