import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { captureWrites, itemPrefix, tableKey } from './captured-store.ts';
import { ALWAYS, satisfies } from './conditions.ts';
import {
  actions,
  type Checked,
  type CheckedAction,
  checks,
  type DynaliteStore,
  database,
  type Item,
  type LevelOperation,
  type MemberType,
  shapes,
  type TableShape,
} from './dynalite.ts';
import { conditionFailed, fromDynalite, tableNotFound, validationError } from './errors.ts';
import type { TableRecord } from './tables.ts';

export type WriteAction = 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'BatchWriteItem';
export type ReadAction = 'GetItem' | 'Query' | 'Scan';

/** dynalite's actions over one Level database: checked, atomic, one write after the other. */
export class Engine {
  readonly #store: DynaliteStore;
  /** Tables as they were read: every request asks for its own. */
  readonly #tables = new Map<string, TableRecord>();
  #tableChanges = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#store = database.create({ path: folder });
  }

  open(): Promise<void> {
    return this.#store.db.open();
  }

  close(): Promise<void> {
    return this.exclusive(() => this.#store.db.close());
  }

  /** Runs `body` when no other write, and no other `exclusive`, is in progress. */
  exclusive<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(body, body);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** The request as dynalite wants it, its expressions parsed; refuses what is wrong with it and what is not implemented. */
  check(action: CheckedAction, input: Document): Checked {
    const { types, custom } = shapes[action];
    refuseUnknown(action, input, types);
    try {
      const data = checks.checkTypes(structuredClone(input), types);
      checks.checkValidations(data, types, custom, this.#store);
      return orderedUpdates(data);
    } catch (error) {
      throw fromDynalite(error);
    }
  }

  async table(name: string): Promise<TableRecord> {
    const table = await this.findTable(name);
    if (!table) throw tableNotFound();
    return table;
  }

  async findTable(name: string): Promise<TableRecord | undefined> {
    const known = this.#tables.get(name);
    if (known) return known;
    const changes = this.#tableChanges;
    const found = (await this.#store.db.get(tableKey(name))) as TableRecord | undefined;
    if (found && changes === this.#tableChanges) this.#tables.set(name, found);
    return found;
  }

  async tables(): Promise<TableRecord[]> {
    const found: TableRecord[] = [];
    for await (const [, table] of this.#store.db.iterator(prefixRange('table~'))) found.push(table as TableRecord);
    return found;
  }

  putTable(table: TableRecord, alongside: readonly LevelOperation[] = []): Promise<void> {
    return this.apply([{ type: 'put', key: tableKey(table.TableName), value: table }, ...alongside]);
  }

  /** Removes everything whose key starts with `prefix`. */
  clear(prefix: string): Promise<void> {
    return this.#store.db.clear(prefixRange(prefix));
  }

  async *items(table: string): AsyncGenerator<Item> {
    for await (const [, item] of this.#store.db.iterator(prefixRange(itemPrefix(table)))) yield item as Item;
  }

  /** Entries whose key starts with `prefix`. */
  entries(prefix: string): AsyncIterable<[string, unknown]> {
    return this.#store.db.iterator(prefixRange(prefix));
  }

  async read(action: ReadAction, data: Checked): Promise<Document> {
    await this.table(data.TableName);
    return run(action, this.#store, data);
  }

  /** The item with that key, whole. */
  async item(table: TableShape, key: Item): Promise<Item | undefined> {
    const invalid = database.validateKey(key, table);
    if (invalid) throw fromDynalite(invalid);
    return (await this.#store.db.get(itemPrefix(table.TableName) + database.createKey(key, table))) as Item | undefined;
  }

  /**
   * What an action would write, and what it would answer, were it alone. Only within `exclusive`: between this and `apply`
   * nothing else may write.
   */
  async plan(
    action: WriteAction,
    data: Checked,
    options: { returnItem?: boolean } = {},
  ): Promise<{ operations: LevelOperation[]; answer: Document }> {
    if (data._condition) await this.checkCondition(data, options);
    const { store, operations } = captureWrites(this.#store);
    const decided = data._condition ? { ...data, _condition: { ...data._condition, expression: ALWAYS } } : data;
    const answer = await run(action, store, decided);
    for (const operation of operations) if (operation.type === 'put') checkValues(operation.value as Item);
    return { operations, answer };
  }

  /** Throws ConditionalCheckFailedException unless the item that `data` is about satisfies its condition. */
  async checkCondition(data: Checked, { returnItem = false } = {}): Promise<void> {
    const table = await this.table(data.TableName);
    const invalid = data.Item ? database.validateItem(data.Item, table) : undefined;
    if (invalid) throw fromDynalite(invalid);
    const existing = await this.item(table, data.Item ? keyOf(table, data.Item) : data.Key);
    if (data._condition && !satisfies(existing ?? {}, data._condition.expression)) {
      throw conditionFailed(returnItem ? existing : undefined);
    }
  }

  /** Writes everything or nothing, also when the process ends in the middle. */
  async apply(operations: readonly LevelOperation[]): Promise<void> {
    await this.#store.db.batch(operations);
    if (!operations.some(({ key }) => key.startsWith(tableKey('')))) return;
    this.#tableChanges += 1;
    this.#tables.clear();
  }

  get(key: string): Promise<unknown> {
    return this.#store.db.get(key);
  }
}

/** The key attributes of an item. */
export function keyOf(table: TableShape, item: Item): Item {
  return Object.fromEntries(table.KeySchema.map(({ AttributeName: name }) => [name, item[name] ?? {}]));
}

/** A key as text, to tell keys apart. */
export function keyText(table: TableShape, key: Item): string {
  const invalid = database.validateKey(key, table);
  if (invalid) throw fromDynalite(invalid);
  return itemPrefix(table.TableName) + database.createKey(key, table);
}

function run(action: CheckedAction, store: DynaliteStore, data: Checked): Promise<Document> {
  return new Promise((resolve, reject) => {
    actions[action](store, data, (error, result) => {
      if (error) reject(fromDynalite(error));
      else resolve(result ?? {});
    });
  });
}

function prefixRange(prefix: string): { gte: string; lt: string } {
  return { gte: prefix, lt: `${prefix}\xFF` };
}

/** Arithmetic may leave the range of a number; dynalite checks what comes in, not what comes out. */
function checkValues(item: Item): void {
  for (const value of Object.values(item)) {
    if (value === undefined) continue;
    const message = checks.validateAttributeValue(structuredClone(value));
    if (message) throw validationError(message);
  }
}

/**
 * Every path of an update expression speaks of the item as it was. dynalite goes from left to right, so removals come last and
 * from the end of a list to its start.
 */
function orderedUpdates(data: Checked): Checked {
  if (!data._updates) return data;
  const { sections } = data._updates;
  const removals = sections.filter(({ type }) => type === 'remove').sort((a, b) => comparePaths(b.path, a.path));
  const others = sections.filter(({ type }) => type !== 'remove');
  return { ...data, _updates: { ...data._updates, sections: [...others, ...removals] } };
}

function comparePaths(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x = '', y = ''] = [a[i], b[i]];
    if (x !== y) return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

/** dynalite drops parameters that it does not know; here they stop the request. */
function refuseUnknown(where: string, input: Document, types: Readonly<Record<string, MemberType>>): void {
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || value === null) continue;
    const type = types[name];
    if (type === undefined) throw new Unsupported(`the parameter ${name} of DynamoDB ${where}`);
    if (typeof type === 'string') continue;
    const inner =
      typeof type.children === 'object' ? (type.children as { type?: string; children?: unknown }) : undefined;
    if (type.type.startsWith('FieldStruct') && inner) {
      refuseUnknown(`${where}.${name}`, value as Document, inner as Record<string, MemberType>);
    } else if (type.type === 'List' && inner?.type?.startsWith('ValueStruct') && Array.isArray(value)) {
      for (const member of value as Document[]) {
        refuseUnknown(`${where}.${name}`, member, inner.children as Record<string, MemberType>);
      }
    }
  }
}
