import type { Checked, Item } from './dynalite.ts';
import type { DynamoDb } from './dynamodb.ts';
import { keyOf } from './engine.ts';
import type { TableRecord } from './tables.ts';
import { sweepTokens } from './transact-write-items.ts';

const HOUR_MS = 60 * 60 * 1000;

/** Items that expired longer ago are left alone. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html */
const OLDEST_SECONDS = 5 * 365 * 24 * 60 * 60;

/** Once an hour of the cloud's time: removes what has expired. AWS does so within a few days. */
export function startSweeps(dynamo: DynamoDb): void {
  const { clock } = dynamo.context;
  const sweep = async () => {
    await sweepTokens(dynamo);
    for (const table of await dynamo.engine.tables()) await sweepTable(dynamo, table);
    startSweeps(dynamo);
  };
  clock.schedule(clock.now() + HOUR_MS, sweep, { background: true, name: 'dynamodb time to live' });
}

async function sweepTable({ engine, context }: DynamoDb, table: TableRecord): Promise<void> {
  const attribute = table.local.timeToLive;
  if (!attribute) return;
  const now = context.clock.now() / 1000;
  const expired: Item[] = [];
  for await (const item of engine.items(table.TableName)) {
    const at = Number(item[attribute]?.N ?? Number.NaN);
    if (at < now && at > now - OLDEST_SECONDS) expired.push(keyOf(table, item));
  }
  for (const key of expired) {
    await engine.exclusive(async () => {
      const item = await engine.item(table, key);
      if (Number(item?.[attribute]?.N ?? Number.NaN) >= now) return;
      const { operations } = await engine.plan('DeleteItem', { TableName: table.TableName, Key: key } as Checked);
      await engine.apply(operations);
    });
  }
}
