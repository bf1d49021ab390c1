import type { CloudContext, Service } from '../kernel/service.ts';
import { batchOperations } from './batch-operations.ts';
import type { DynamoDb } from './dynamodb.ts';
import { Engine } from './engine.ts';
import { itemOperations } from './item-operations.ts';
import { tableOperations } from './table-operations.ts';
import { tableType } from './table-type.ts';
import { Tables } from './tables.ts';
import { startSweeps } from './time-to-live.ts';
import { transactGetItems } from './transact-get-items.ts';
import { transactWriteItems } from './transact-write-items.ts';

/** Amazon DynamoDB on dynalite's engine. What it does and what it leaves out: dynamodb.md. */
export function dynamodbService(context: CloudContext): Service {
  const engine = new Engine(context.store.folder('dynamodb'));
  const dynamo: DynamoDb = { context, engine, tables: new Tables(context, engine) };
  return {
    name: 'dynamodb',
    target: 'DynamoDB_20120810',
    jsonVersion: '1.0',
    operations: {
      ...itemOperations(dynamo),
      ...batchOperations(dynamo),
      ...tableOperations(dynamo),
      TransactGetItems: transactGetItems(dynamo),
      TransactWriteItems: transactWriteItems(dynamo),
    },
    resourceTypes: [tableType(dynamo)],
    async resume() {
      await engine.open();
      startSweeps(dynamo);
    },
    stop: () => engine.close(),
  };
}
