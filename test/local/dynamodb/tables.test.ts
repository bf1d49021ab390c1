import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dynamodbService } from '../../../local/dynamodb/service.ts';
import type { AccessRequest } from '../../../local/iam/principal.ts';
import type { ResourceRequest } from '../../../local/kernel/resource-type.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const PROPERTIES = {
  TableName: 'registry',
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
  DeletionProtectionEnabled: true,
  Tags: [{ Key: 'team', Value: 'risk' }],
};
const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/registry';

let folder: string;
let cloud: TestKernel;
let client: DynamoDBClient;
let asked: AccessRequest[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-dynamodb-'));
  await start();
});

afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  asked = [];
  const authorize = (_principal: unknown, requests: readonly AccessRequest[]) => void asked.push(...requests);
  cloud = await startKernel({ services: [dynamodbService], folder, authorize });
  client = new DynamoDBClient(cloud.client);
}

function type() {
  const found = cloud.kernel.services
    .get('dynamodb')
    ?.resourceTypes?.find(({ type: name }) => name === 'AWS::DynamoDB::Table');
  if (!found) throw new Error('no table type');
  return found;
}
const request = (properties: object) =>
  ({ properties, physicalName: () => 'stack-Registry-1' }) as unknown as ResourceRequest;
const key = (sk: string) => ({ pk: { S: 'MODEL#churn' }, sk: { S: sk } });

test('a table of a template has everything that it declares', async () => {
  expect(await type().create(request(PROPERTIES))).toEqual({ physicalId: 'registry', attributes: { Arn: ARN } });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'registry' }));
  expect(Table).toMatchObject({
    TableArn: ARN,
    TableStatus: 'ACTIVE',
    DeletionProtectionEnabled: true,
    BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
    CreationDateTime: expect.any(Date),
    ItemCount: 0,
  });
  expect(Table?.CreationDateTime?.getUTCFullYear()).toBe(2026);
  const backups = await client.send(new DescribeContinuousBackupsCommand({ TableName: 'registry' }));
  expect(backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
    'ENABLED',
  );
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: 'registry' }));
  expect(ttl.TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
  const tags = await client.send(new ListTagsOfResourceCommand({ ResourceArn: ARN }));
  expect(tags.Tags).toEqual(PROPERTIES.Tags);
});

test('a protected table is not deleted until the protection is taken away', async () => {
  await type().create(request(PROPERTIES));
  const remove = () =>
    cloud.clock.run('delete', (work) => type().delete({ physicalId: 'registry', properties: {}, work }));
  await expect(remove()).rejects.toThrow('currently protected against deletion');
  await client.send(new UpdateTableCommand({ TableName: 'registry', DeletionProtectionEnabled: false }));
  await client.send(new PutItemCommand({ TableName: 'registry', Item: key('HEAD') }));
  await remove();
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  await type().create(request(PROPERTIES));
  expect((await client.send(new GetItemCommand({ TableName: 'registry', Key: key('HEAD') }))).Item).toBeUndefined();
});

test('an index that an update adds is filled with what is there', async () => {
  await type().create(request(PROPERTIES));
  await client.send(new PutItemCommand({ TableName: 'registry', Item: { ...key('HEAD'), stage: { S: 'CHAMPION' } } }));
  const properties = {
    ...PROPERTIES,
    AttributeDefinitions: [...PROPERTIES.AttributeDefinitions, { AttributeName: 'stage', AttributeType: 'S' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-stage',
        KeySchema: [{ AttributeName: 'stage', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  };
  await type().update({ ...request(properties), physicalId: 'registry', previous: PROPERTIES });
  const found = await client.send(
    new QueryCommand({
      TableName: 'registry',
      IndexName: 'by-stage',
      KeyConditionExpression: 'stage = :stage',
      ExpressionAttributeValues: { ':stage': { S: 'CHAMPION' } },
    }),
  );
  expect(found.Items).toEqual([{ ...key('HEAD'), stage: { S: 'CHAMPION' } }]);
});

test('a property that is not implemented stops with its name', async () => {
  const index = { IndexName: 'xyz', KeySchema: PROPERTIES.KeySchema, Projection: { ProjectionType: 'ALL' } };
  const properties = { ...PROPERTIES, GlobalSecondaryIndexes: [{ ...index, OnDemandThroughput: {} }] };
  await expect(type().create(request(properties))).rejects.toThrow(
    'the parameter OnDemandThroughput of DynamoDB CreateTable',
  );
  await expect(client.send(new ExecuteStatementCommand({ Statement: 'SELECT 1' }))).rejects.toThrow(
    'does not implement the action dynamodb:ExecuteStatement',
  );
});

test('items go when their time has come, in the cloud’s time', async () => {
  await type().create(request(PROPERTIES));
  const soon = Math.floor(cloud.clock.now() / 1000) + 1800;
  await client.send(
    new PutItemCommand({ TableName: 'registry', Item: { ...key('expires'), ttl: { N: String(soon) } } }),
  );
  await client.send(new PutItemCommand({ TableName: 'registry', Item: { ...key('stays'), ttl: { S: 'never' } } }));
  await cloud.clock.advance(3 * 60 * 60_000);
  const get = async (sk: string) =>
    (await client.send(new GetItemCommand({ TableName: 'registry', Key: key(sk) }))).Item !== undefined;
  expect([await get('expires'), await get('stays')]).toEqual([false, true]);
});

test('a restart finds tables and items', async () => {
  await type().create(request(PROPERTIES));
  await client.send(new PutItemCommand({ TableName: 'registry', Item: { ...key('HEAD'), revision: { N: '7' } } }));
  await cloud.stop();
  await start();
  const { Item } = await client.send(new GetItemCommand({ TableName: 'registry', Key: key('HEAD') }));
  expect(Item?.revision).toEqual({ N: '7' });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'registry' }));
  expect(Table).toMatchObject({ DeletionProtectionEnabled: true, ItemCount: 1 });
});

test('permissions are asked for with the partition keys, in a transaction those of its single actions', async () => {
  await type().create(request(PROPERTIES));
  const ask = async (send: () => Promise<unknown>) => {
    asked = [];
    await send();
    return asked.map(({ action, resource, context }) => [action, resource, context?.['dynamodb:LeadingKeys']]);
  };
  expect(await ask(() => client.send(new GetItemCommand({ TableName: ARN, Key: key('HEAD') })))).toEqual([
    ['dynamodb:GetItem', ARN, ['MODEL#churn']],
  ]);
  const query = new QueryCommand({
    TableName: 'registry',
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: 'MODEL#churn' } },
  });
  expect(await ask(() => client.send(query))).toEqual([['dynamodb:Query', ARN, ['MODEL#churn']]]);
  const update = {
    TableName: 'registry',
    Key: key('HEAD'),
    UpdateExpression: 'SET a = :a',
    ExpressionAttributeValues: { ':a': { N: '1' } },
  };
  expect(await ask(() => client.send(new UpdateItemCommand(update)))).toEqual([
    ['dynamodb:UpdateItem', ARN, ['MODEL#churn']],
  ]);
  const transaction = new TransactWriteItemsCommand({
    TransactItems: [
      { Update: update },
      { Put: { TableName: 'registry', Item: key('DECISION#1') } },
      { ConditionCheck: { TableName: 'registry', Key: key('SLOT'), ConditionExpression: 'attribute_not_exists(pk)' } },
    ],
  });
  expect((await ask(() => client.send(transaction))).map(([action]) => action)).toEqual([
    'dynamodb:UpdateItem',
    'dynamodb:PutItem',
    'dynamodb:ConditionCheckItem',
  ]);
});
