import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dynamodbService } from '../../../local/dynamodb/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let folder: string;
let cloud: TestKernel;
let client: DynamoDBClient;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-dynamodb-'));
  cloud = await startKernel({ services: [dynamodbService], folder });
  client = new DynamoDBClient(cloud.client);
  await client.send(
    new CreateTableCommand({
      TableName: 'registry',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    }),
  );
  await put('head', 1);
});

afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const key = (pk: string) => ({ pk: { S: pk } });
const put = (pk: string, revision: number) =>
  client.send(new PutItemCommand({ TableName: 'registry', Item: { ...key(pk), revision: { N: String(revision) } } }));
const revision = async (pk: string) =>
  (await client.send(new GetItemCommand({ TableName: 'registry', Key: key(pk), ConsistentRead: true }))).Item?.revision
    ?.N;

/** Moves the head from a revision to the next and writes a decision: the registry's own transaction. */
const promote = (from: number, decision = `decision-${from}`): TransactWriteItem[] => [
  {
    Update: {
      TableName: 'registry',
      Key: key('head'),
      UpdateExpression: 'SET revision = revision + :one',
      ConditionExpression: 'revision = :from',
      ExpressionAttributeValues: { ':one': { N: '1' }, ':from': { N: String(from) } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  },
  {
    Put: {
      TableName: 'registry',
      Item: { ...key(decision), revision: { N: '0' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  },
];
const write = (TransactItems: TransactWriteItem[], ClientRequestToken?: string) =>
  client.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken }));

describe('TransactWriteItems', () => {
  test('writes all of it', async () => {
    await write(promote(1));
    expect([await revision('head'), await revision('decision-1')]).toEqual(['2', '0']);
  });

  test('writes none of it when one condition fails, and says which with the item that failed it', async () => {
    const error = await write(promote(7, 'decision-x')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error).toMatchObject({
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None]',
      CancellationReasons: [
        {
          Code: 'ConditionalCheckFailed',
          Message: 'The conditional request failed',
          Item: { pk: { S: 'head' }, revision: { N: '1' } },
        },
        { Code: 'None' },
      ],
    });
    expect([await revision('head'), await revision('decision-x')]).toEqual(['1', undefined]);
  });

  test('of many that race for one revision exactly one wins', async () => {
    const attempts = Array.from({ length: 10 }, (_, i) => write(promote(1, `decision-${i}`)));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await revision('head')).toBe('2');
  });

  test('a condition check and a delete take part', async () => {
    const remove: TransactWriteItem[] = [
      { ConditionCheck: { TableName: 'registry', Key: key('head'), ConditionExpression: 'attribute_exists(pk)' } },
      { Delete: { TableName: 'registry', Key: key('old') } },
    ];
    await put('old', 5);
    await write(remove);
    expect(await revision('old')).toBeUndefined();
  });

  test('the same token does nothing again for ten minutes, and is refused for another request', async () => {
    await write(promote(1), 'token-1');
    await write(promote(1), 'token-1');
    expect(await revision('head')).toBe('2');
    await expect(write(promote(2), 'token-1')).rejects.toMatchObject({ name: 'IdempotentParameterMismatchException' });
    await cloud.clock.advance(10 * 60_000);
    await write(promote(2), 'token-1');
    expect(await revision('head')).toBe('3');
  });

  test('a token is remembered over a restart', async () => {
    await write(promote(1), 'token-2');
    await cloud.stop();
    cloud = await startKernel({ services: [dynamodbService], folder });
    client = new DynamoDBClient(cloud.client);
    await write(promote(1), 'token-2');
    expect([await revision('head'), await revision('decision-1')]).toEqual(['2', '0']);
  });

  test('one item twice is a ValidationException', async () => {
    const twice = [...promote(1), { Delete: { TableName: 'registry', Key: key('head') } }];
    await expect(write(twice)).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'Transaction request cannot include multiple operations on one item',
    });
  });

  test('more than 100 actions are refused', async () => {
    const many = Array.from({ length: 101 }, (_, i) => ({ Delete: { TableName: 'registry', Key: key(`${i}`) } }));
    await expect(write(many)).rejects.toThrow('Member must have length less than or equal to 100');
  });

  test('a key that does not fit the table is a reason of its action', async () => {
    const wrong = [...promote(1), { Delete: { TableName: 'registry', Key: { other: { S: 'x' } } } }];
    await expect(write(wrong)).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'None' },
        { Code: 'ValidationError', Message: 'The provided key element does not match the schema' },
      ],
    });
    expect(await revision('head')).toBe('1');
  });
});

test('TransactGetItems never sees half of a transaction', async () => {
  await put('twin', 1);
  const advance = (pk: string): TransactWriteItem => ({
    Update: {
      TableName: 'registry',
      Key: key(pk),
      UpdateExpression: 'ADD revision :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  });
  const read = async () => {
    const TransactItems = ['head', 'twin', 'none'].map((pk) => ({ Get: { TableName: 'registry', Key: key(pk) } }));
    const { Responses } = await client.send(new TransactGetItemsCommand({ TransactItems }));
    return Responses?.map(({ Item }) => Item?.revision?.N);
  };
  const work = Array.from({ length: 10 }, async () => {
    await write([advance('head'), advance('twin')]);
    return read();
  });
  for (const seen of await Promise.all(work)) {
    expect(seen?.[0]).toBe(seen?.[1]);
    expect(seen?.[2]).toBeUndefined();
  }
  expect(await read()).toEqual(['11', '11', undefined]);
});
