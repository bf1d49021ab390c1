import type { ItemBatcher, MapState } from '../definition/model.ts';
import { type Json, type JsonObject, PAYLOAD_LIMIT } from '../json.ts';
import type { Share } from './distributed-map.ts';
import type { Visit } from './visit.ts';

/** Puts items into batches by number and by bytes; `BatchInput` goes with each. */
export async function batched(
  visit: Visit<MapState>,
  batcher: ItemBatcher,
): Promise<(items: readonly Json[]) => Share[]> {
  const limit = async (field: 'MaxItemsPerBatch' | 'MaxInputBytesPerBatch', fallback: number) => {
    const value = batcher[field];
    return value === undefined ? fallback : visit.evaluateInteger(`ItemBatcher/${field}`, value);
  };
  const most = await limit('MaxItemsPerBatch', Number.POSITIVE_INFINITY);
  const bytes = await limit('MaxInputBytesPerBatch', PAYLOAD_LIMIT);
  const shared: JsonObject =
    batcher.BatchInput === undefined
      ? {}
      : { BatchInput: await visit.evaluate('ItemBatcher/BatchInput', batcher.BatchInput) };
  const frameSize = Buffer.byteLength(JSON.stringify({ ...shared, Items: [] }));
  return (items) => {
    const batches: Json[][] = [];
    let size = 0;
    for (const item of items) {
      const own = Buffer.byteLength(JSON.stringify(item)) + 1;
      const last = batches.at(-1);
      if (last && last.length < most && size + own <= bytes) {
        last.push(item);
        size += own;
      } else {
        batches.push([item]);
        size = frameSize + own;
      }
    }
    return batches.map((Items) => ({ input: { ...shared, Items }, items: Items.length }));
  };
}
