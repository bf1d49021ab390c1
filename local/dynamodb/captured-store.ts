import type { Callback, DynaliteStore, LevelOperation, SubStore } from './dynalite.ts';

/**
 * A view of the store in which writes are collected instead of made. dynalite's own actions run against it and decide what
 * to write, to the table and to each index; the engine then makes all of it in one atomic batch.
 */
export function captureWrites(store: DynaliteStore): { store: DynaliteStore; operations: LevelOperation[] } {
  const operations: LevelOperation[] = [];
  const captured = (prefix: string, real: SubStore): SubStore => ({
    lock: (_key, body) => body((callback) => callback),
    get: (key, callback) => real.get(key, callback),
    put: (key, value, callback) => collect({ type: 'put', key: prefix + key, value }, callback),
    del: (key, callback) => collect({ type: 'del', key: prefix + key }, callback),
  });
  const collect = (operation: LevelOperation, callback: Callback<void>) => {
    operations.push(operation);
    callback(null);
  };
  return {
    operations,
    store: {
      ...store,
      getItemDb: (table) => captured(itemPrefix(table), store.getItemDb(table)),
      getIndexDb: (type, table, index) =>
        captured(indexPrefix(type, table, index), store.getIndexDb(type, table, index)),
    },
  };
}

/** Where dynalite keeps the items of a table, and those of an index. */
export function itemPrefix(table: string): string {
  return `item-${table}~`;
}

export function indexPrefix(type: string, table: string, index: string): string {
  return `index-${type.toLowerCase()}~${table}~${index}~`;
}

export function tableKey(table: string): string {
  return `table~${table}`;
}
