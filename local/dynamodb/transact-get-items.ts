import type { AccessRequest } from '../iam/principal.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { Document, Operation } from '../kernel/service.ts';
import { dataAccess, tableName, withTableName } from './access.ts';
import type { DynamoDb } from './dynamodb.ts';
import { validationError } from './errors.ts';
import { isItem } from './item-operations.ts';
import { checkedCount } from './transact-write-items.ts';

/** TransactGetItems: all items as they are at one moment, between two writes. */
export function transactGetItems(dynamo: DynamoDb): Operation {
  return {
    async access(input) {
      const requests: AccessRequest[] = [];
      for (const get of readGets(input)) {
        const target = { table: tableName(get.TableName), items: [get.Key].filter(isItem) };
        requests.push(...(await dataAccess(dynamo, 'GetItem', target)));
      }
      return requests;
    },

    handle(input) {
      const { TransactItems: _items, ReturnConsumedCapacity: capacity, ...unknown } = input;
      const [name] = Object.keys(unknown);
      if (name) throw new Unsupported(`the parameter ${name} of DynamoDB TransactGetItems`);
      const gets = readGets(input).map((get) => dynamo.engine.check('GetItem', withTableName(get)));
      return dynamo.engine.exclusive(async () => {
        const Responses: Document[] = [];
        const units = new Map<string, number>();
        for (const get of gets) {
          const { Item } = await dynamo.engine.read('GetItem', get);
          Responses.push(Item === undefined ? {} : { Item });
          units.set(get.TableName, (units.get(get.TableName) ?? 0) + 2);
        }
        const shown = capacity === 'TOTAL' || capacity === 'INDEXES';
        const ConsumedCapacity = [...units].map(([TableName, CapacityUnits]) => ({ TableName, CapacityUnits }));
        return { Responses, ...(shown ? { ConsumedCapacity } : {}) };
      });
    },
  };
}

function readGets(input: Document): Document[] {
  return checkedCount(input.TransactItems).map((item) => {
    if (!isItem(item.Get)) throw validationError('TransactItems can only contain Get');
    return item.Get as Document;
  });
}
