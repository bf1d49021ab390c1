import type { AccessRequest } from '../iam/principal.ts';
import type { Document, Operation } from '../kernel/service.ts';
import { dataAccess, tableName } from './access.ts';
import { type Checked, database, type Item } from './dynalite.ts';
import type { DynamoDb } from './dynamodb.ts';
import { isItem } from './item-operations.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const LARGEST_ANSWER = 16 * 1024 ** 2;

interface TableRead {
  readonly Keys: readonly Item[];
  readonly AttributesToGet?: readonly string[];
  readonly ConsistentRead?: boolean;
  readonly _projection?: Checked['_projection'];
}

/** BatchGetItem and BatchWriteItem. A batch is written as one here, which AWS does not promise. */
export function batchOperations(dynamo: DynamoDb): Record<string, Operation> {
  return {
    BatchGetItem: {
      access: (input) => batchAccess(dynamo, 'BatchGetItem', input, (request) => (request as TableRead).Keys ?? []),
      handle: (input) => batchGet(dynamo, dynamo.engine.check('BatchGetItem', withTableNames(input))),
    },
    BatchWriteItem: {
      access: (input) => batchAccess(dynamo, 'BatchWriteItem', input, writtenItems),
      handle: (input) => {
        const data = dynamo.engine.check('BatchWriteItem', withTableNames(input));
        return dynamo.engine.exclusive(async () => {
          const { operations, answer } = await dynamo.engine.plan('BatchWriteItem', data);
          await dynamo.engine.apply(operations);
          return answer;
        });
      },
    },
  };
}

async function batchGet(dynamo: DynamoDb, data: Checked): Promise<Document> {
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, TableRead> = {};
  const capacity: Document[] = [];
  let size = 0;
  for (const [table, request] of Object.entries(data.RequestItems as Record<string, TableRead>)) {
    const found: Item[] = [];
    let units = 0;
    for (const [index, key] of request.Keys.entries()) {
      const get = { ...request, Keys: undefined, TableName: table, Key: key, ReturnConsumedCapacity: 'TOTAL' };
      const { Item: item, ConsumedCapacity: consumed } = await dynamo.engine.read('GetItem', get as unknown as Checked);
      size += item ? database.itemSize(item as Item) : 0;
      if (size > LARGEST_ANSWER) {
        unprocessed[table] = { ...request, Keys: request.Keys.slice(index) };
        break;
      }
      units += (consumed as { CapacityUnits: number }).CapacityUnits;
      if (item) found.push(item as Item);
    }
    responses[table] = found;
    capacity.push({ TableName: table, CapacityUnits: units });
  }
  const shown = data.ReturnConsumedCapacity === 'TOTAL' || data.ReturnConsumedCapacity === 'INDEXES';
  return { Responses: responses, UnprocessedKeys: unprocessed, ...(shown ? { ConsumedCapacity: capacity } : {}) };
}

async function batchAccess(
  dynamo: DynamoDb,
  action: string,
  input: Document,
  itemsOf: (request: unknown) => readonly unknown[],
): Promise<AccessRequest[]> {
  const requests: AccessRequest[] = [];
  for (const [table, request] of Object.entries((input.RequestItems ?? {}) as Document)) {
    const items = itemsOf(request).filter(isItem);
    requests.push(...(await dataAccess(dynamo, action, { table: tableName(table), items })));
  }
  return requests;
}

function writtenItems(requests: unknown): unknown[] {
  return (requests as { PutRequest?: { Item?: unknown }; DeleteRequest?: { Key?: unknown } }[]).map(
    ({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key,
  );
}

function withTableNames(input: Document): Document {
  const items = Object.entries((input.RequestItems ?? {}) as Document);
  return { ...input, RequestItems: Object.fromEntries(items.map(([table, request]) => [tableName(table), request])) };
}
