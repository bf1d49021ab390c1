import { createRequire } from 'node:module';

/** The one file that knows dynalite's insides: it is driven in process, without its HTTP server, so its modules are loaded one by one. */
const require = createRequire(import.meta.url);

export type AttributeValue = Readonly<Record<string, unknown>>;
export type Item = Readonly<Record<string, AttributeValue>>;
export type Callback<T> = (error: unknown, result?: T) => void;

/** A request after dynalite's checks; `_` members hold what it parsed out of the expressions. */
export interface Checked {
  TableName: string;
  Key: Item;
  Item: Item;
  IndexName?: string;
  KeyConditions?: Record<string, { AttributeValueList: AttributeValue[] }>;
  RequestItems: Record<string, unknown>;
  ReturnConsumedCapacity?: string;
  Select?: string;
  _condition?: { expression: Expression };
  _filter?: { expression: Expression };
  _projection?: { paths?: Path[] };
  _updates?: { sections: UpdateSection[] };
}

export type Path = readonly (string | number)[];

/** A node of a condition: a comparison, a function, or a connection of others. Operands are paths, values or functions. */
export interface Expression {
  readonly type: string;
  readonly name?: string;
  readonly args: readonly Operand[];
}
export type Operand = Path | AttributeValue | Expression;

export interface UpdateSection {
  readonly type: 'set' | 'remove' | 'add' | 'delete';
  readonly path: Path;
}

export interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: 'HASH' | 'RANGE';
}

export interface IndexRecord {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
  readonly Projection: Readonly<Record<string, unknown>>;
}

/** A table as dynalite reads it from its store; the rest of the description is ours. */
export interface TableShape {
  readonly TableName: string;
  readonly TableStatus: string;
  readonly AttributeDefinitions: readonly { readonly AttributeName: string; readonly AttributeType: string }[];
  readonly KeySchema: readonly KeyElement[];
  readonly GlobalSecondaryIndexes?: readonly IndexRecord[];
  readonly LocalSecondaryIndexes?: readonly IndexRecord[];
}

export interface Level {
  get(key: string): Promise<unknown>;
  batch(operations: readonly LevelOperation[]): Promise<void>;
  iterator(range: { gte: string; lt: string }): AsyncIterable<[string, unknown]>;
  clear(range: { gte: string; lt: string }): Promise<void>;
  open(): Promise<void>;
  close(): Promise<void>;
}

export type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** A part of the store under a prefix. */
export interface SubStore {
  lock(key: string, body: (release: <T>(callback: T) => T) => void): void;
  get(key: string, callback: Callback<unknown>): void;
  put(key: string, value: unknown, callback: Callback<void>): void;
  del(key: string, callback: Callback<void>): void;
}

export interface DynaliteStore {
  readonly db: Level;
  readonly tableDb: SubStore & { awsAccountId: string; awsRegion: string };
  getItemDb(table: string): SubStore;
  getIndexDb(type: string, table: string, index: string): SubStore;
  getTable(name: string, checkStatus: boolean, callback: Callback<TableShape>): void;
}

interface Shapes {
  readonly types: Readonly<Record<string, MemberType>>;
  readonly custom?: (data: Checked, store: DynaliteStore) => string | undefined;
}

/** How dynalite describes a parameter. */
export type MemberType =
  | string
  | { readonly type: string; readonly children?: MemberType | Readonly<Record<string, MemberType>> };

export const database = require('dynalite/db') as {
  create(options: { path: string }): DynaliteStore;
  createKey(key: Item, table: TableShape): string;
  validateKey(key: Item, table: TableShape): Error | undefined;
  validateItem(item: Item, table: TableShape): Error | undefined;
  compare(operator: string, value: AttributeValue, other: AttributeValue): boolean;
  mapPath(path: Path, item: Item): AttributeValue | undefined;
  mapPaths(paths: readonly Path[], item: Item): Item;
  itemSize(item: Item): number;
  getIndexActions(
    indexes: readonly IndexRecord[],
    existing: Item | undefined,
    item: Item | undefined,
    table: TableShape,
  ): { puts: { index: string; key: string; item: Item }[]; deletes: { index: string; key: string }[] };
};

export const checks = require('dynalite/validations') as {
  checkTypes(data: unknown, types: Shapes['types']): Checked;
  checkValidations(data: Checked, types: Shapes['types'], custom: Shapes['custom'], store: DynaliteStore): void;
  validateAttributeValue(value: AttributeValue): string | undefined;
};

const ACTIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'GetItem',
  'PutItem',
  'Query',
  'Scan',
  'UpdateItem',
  'UpdateTable',
] as const;

/** Actions whose parameters dynalite checks. */
export type CheckedAction = (typeof ACTIONS)[number];

export const shapes = Object.fromEntries(
  ACTIONS.map((action) => [action, require(`dynalite/validations/${lowerFirst(action)}`)]),
) as Record<CheckedAction, Shapes>;

export const actions = Object.fromEntries(
  ACTIONS.map((action) => [action, require(`dynalite/actions/${lowerFirst(action)}`)]),
) as Record<CheckedAction, (store: DynaliteStore, data: Checked, callback: Callback<Record<string, unknown>>) => void>;

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
