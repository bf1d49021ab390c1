import { isDistributed, type MapState, processorOf } from '../definition/model.ts';
import type { Json, JsonObject } from '../json.ts';
import { writeAborted } from './abort.ts';
import { type Branch, runBranches } from './branches.ts';
import { distributedMap } from './distributed-map.ts';
import { StateFailure } from './failure.ts';
import { recoverable } from './recovery.ts';
import type { Outgoing, Visit } from './visit.ts';

/** Iterations of an inline Map that run side by side at most. */
const INLINE_CONCURRENCY = 40;

export async function map(visit: Visit<MapState>): Promise<Outgoing> {
  const { frame, state } = visit;
  const attempt = isDistributed(state) ? distributedMap : inlineMap;
  return recoverable(
    visit,
    () => attempt(visit),
    () => {
      frame.pointer = frame.run.history.append('MapStateFailed', frame.pointer);
    },
  );
}

async function inlineMap(visit: Visit<MapState>): Promise<Json> {
  const { state, frame, name } = visit;
  const { history } = frame.run;
  const items = await itemsOf(visit);
  const concurrency = await concurrencyOf(visit, INLINE_CONCURRENCY);
  // Checked as the service does, though an inline Map tolerates nothing.
  await toleranceOf(visit);
  const branches: Branch[] = [];
  for (const [index, value] of items.entries()) {
    branches.push({
      name: `iteration ${index} of "${name}"`,
      container: processorOf(state),
      input: await selected(visit, value, index),
      map: itemContext(value, index),
    });
  }
  frame.pointer = history.append('MapStateStarted', frame.pointer, { length: items.length });
  const outputs = await runBranches(visit, branches, {
    concurrency,
    onStart: (index, pointer) => history.append('MapIterationStarted', pointer, { name, index }),
    // The next iteration follows the last event inside, the state itself this one.
    onSuccess: (index, { pointer }) => history.append('MapIterationSucceeded', pointer, { name, index }),
    onFailure: ({ index, frame: failed, error }, others) => {
      if (!(error instanceof StateFailure) || error.fatal) return;
      history.append('MapIterationFailed', failed.pointer, { name, index });
      writeAborted(failed, failed.pointer);
      for (const [other, inner] of others) {
        history.append('MapIterationAborted', failed.pointer, { name, index: other });
        writeAborted(inner, failed.pointer);
      }
    },
  });
  // Reports the end without becoming the event that the next one follows.
  history.append('MapStateSucceeded', frame.pointer);
  return outputs;
}

/** The array that a Map goes through: its Items, or else its input. */
export async function itemsOf(visit: Visit<MapState>): Promise<Json[]> {
  const { state, input } = visit;
  if (state.Items !== undefined) return visit.evaluateAs<Json[]>('Items', state.Items, 'array');
  if (!Array.isArray(input)) {
    throw visit.queryFailure(`Map state input must be an array but was: ${JSON.stringify(input)}`);
  }
  return input;
}

/** What an item's processing starts with. */
export async function selected(visit: Visit<MapState>, value: Json, index: number): Promise<Json> {
  const { ItemSelector } = visit.state;
  return ItemSelector === undefined
    ? value
    : visit.evaluate('ItemSelector', ItemSelector, {}, itemContext(value, index));
}

/** `$states.context.Map` */
const itemContext = (value: Json, index: number): JsonObject => ({ Item: { Index: index, Value: value } });

/** 0 means as many as possible. */
export async function concurrencyOf(visit: Visit<MapState>, most: number): Promise<number> {
  const { MaxConcurrency } = visit.state;
  const wanted = MaxConcurrency === undefined ? 0 : await visit.evaluateInteger('MaxConcurrency', MaxConcurrency);
  return wanted === 0 ? most : Math.min(wanted, most);
}

export interface Tolerance {
  readonly count: number | undefined;
  readonly percentage: number | undefined;
}

export async function toleranceOf(visit: Visit<MapState>): Promise<Tolerance> {
  const { ToleratedFailureCount, ToleratedFailurePercentage } = visit.state;
  const count =
    ToleratedFailureCount === undefined
      ? undefined
      : await visit.evaluateInteger('ToleratedFailureCount', ToleratedFailureCount);
  if (ToleratedFailurePercentage === undefined) return { count, percentage: undefined };
  const location = 'ToleratedFailurePercentage';
  const percentage = await visit.evaluateAs<number>(location, ToleratedFailurePercentage, 'number');
  if (percentage < 0 || percentage > 100) {
    throw visit.queryFailure('ToleratedFailurePercentage must be between 0 and 100.', { location });
  }
  return { count, percentage };
}
