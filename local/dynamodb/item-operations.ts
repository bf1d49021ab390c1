import type { Document, Operation } from '../kernel/service.ts';
import { dataAccess, withTableName } from './access.ts';
import { ALWAYS, satisfies } from './conditions.ts';
import { type AttributeValue, type Checked, database, type Item } from './dynalite.ts';
import type { DynamoDb } from './dynamodb.ts';
import type { ReadAction } from './engine.ts';
import { returnsItem, separateReturn } from './return-values.ts';

/** GetItem, PutItem, UpdateItem, DeleteItem, Query and Scan: one table, one request. */
export function itemOperations(dynamo: DynamoDb): Record<string, Operation> {
  return {
    GetItem: {
      access: (input) => keyed(dynamo, 'GetItem', input, [input.Key]),
      handle: (input) => dynamo.engine.read('GetItem', dynamo.engine.check('GetItem', withTableName(input))),
    },
    PutItem: write(dynamo, 'PutItem', 'Item'),
    UpdateItem: write(dynamo, 'UpdateItem', 'Key'),
    DeleteItem: write(dynamo, 'DeleteItem', 'Key'),
    Query: {
      access: (input) => searchAccess(dynamo, 'Query', input),
      handle: (input) => search(dynamo, 'Query', input),
    },
    Scan: {
      access: (input) => searchAccess(dynamo, 'Scan', input),
      handle: (input) => search(dynamo, 'Scan', input),
    },
  };
}

function write(dynamo: DynamoDb, action: 'PutItem' | 'UpdateItem' | 'DeleteItem', member: 'Item' | 'Key'): Operation {
  return {
    access: (input) => keyed(dynamo, action, input, [input[member]]),
    handle: (input) => {
      const { rest, returnValues } = separateReturn(withTableName(input));
      const data = dynamo.engine.check(action, rest);
      return dynamo.engine.exclusive(async () => {
        const { operations, answer } = await dynamo.engine.plan(action, data, {
          returnItem: returnsItem(returnValues),
        });
        await dynamo.engine.apply(operations);
        return answer;
      });
    },
  };
}

function keyed(dynamo: DynamoDb, action: string, input: Document, items: readonly unknown[]) {
  const { TableName } = withTableName(input);
  return dataAccess(dynamo, action, { table: String(TableName), items: items.filter(isItem) });
}

export function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function searchAccess(dynamo: DynamoDb, action: 'Query' | 'Scan', input: Document) {
  const data = dynamo.engine.check(action, withTableName(input));
  return dataAccess(dynamo, action, {
    table: data.TableName,
    index: data.IndexName,
    items: data.KeyConditions ? [partitionOf(data.KeyConditions)] : undefined,
  });
}

/** The values that a query's key conditions name; only the partition key's will be looked at. */
function partitionOf(conditions: Record<string, { AttributeValueList: AttributeValue[] }>): Item {
  const item: Record<string, AttributeValue> = {};
  for (const [name, { AttributeValueList: values }] of Object.entries(conditions)) {
    const [value] = values;
    if (value) item[name] = value;
  }
  return item;
}

/** Runs a search; filter and projection are applied here, after dynalite has found the page. */
async function search(dynamo: DynamoDb, action: ReadAction, input: Document): Promise<Document> {
  const data = dynamo.engine.check(action, withTableName(input));
  const filter = data._filter?.expression;
  if (!filter) return dynamo.engine.read(action, data);
  const paths = data._projection?.paths;
  const whole: Checked = {
    ...data,
    _filter: { ...data._filter, expression: ALWAYS },
    ...(data._projection ? { _projection: { ...data._projection, paths: undefined } } : {}),
    ...(data.Select === 'COUNT' ? { Select: undefined } : {}),
  };
  const { Items, ...answer } = await dynamo.engine.read(action, whole);
  const found = (Items as Item[]).filter((item) => satisfies(item, filter));
  const shown = paths ? found.map((item) => database.mapPaths(paths, item)) : found;
  return { ...answer, Count: found.length, ...(data.Select === 'COUNT' ? {} : { Items: shown }) };
}
