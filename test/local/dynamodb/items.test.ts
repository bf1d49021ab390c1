import {
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  QueryCommand as DocQuery,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamodbService } from '../../../local/dynamodb/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let cloud: TestKernel;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;

beforeAll(async () => {
  cloud = await startKernel({ services: [dynamodbService] });
  client = new DynamoDBClient(cloud.client);
  documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  await client.send(
    new CreateTableCommand({
      TableName: 'registry',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
        { AttributeName: 'owner', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-owner',
          KeySchema: [{ AttributeName: 'owner', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
});

afterAll(() => cloud.stop());

const put = (sk: string, more: Record<string, unknown> = {}, pk = 'p') =>
  documents.send(new PutCommand({ TableName: 'registry', Item: { pk, sk, ...more } }));
const get = async (sk: string, pk = 'p') =>
  (await documents.send(new GetCommand({ TableName: 'registry', Key: { pk, sk }, ConsistentRead: true }))).Item;
const update = (sk: string, parameters: Omit<ConstructorParameters<typeof UpdateCommand>[0], 'TableName' | 'Key'>) =>
  documents.send(
    new UpdateCommand({ TableName: 'registry', Key: { pk: 'p', sk }, ReturnValues: 'ALL_NEW', ...parameters }),
  );

describe('writes', () => {
  test('a put is read back with every type', async () => {
    const item = {
      n: 1.5,
      text: 'ü "x"',
      yes: true,
      none: null,
      list: [1, { a: [] }],
      set: new Set(['a', 'b']),
      bytes: new Uint8Array([0, 255]),
    };
    await put('types', item);
    expect(await get('types')).toEqual({ pk: 'p', sk: 'types', ...item });
  });

  test('a failed condition says so, and shows the item when asked', async () => {
    await put('condition', { revision: 3 });
    const attempt = client.send(
      new PutItemCommand({
        TableName: 'registry',
        Item: { pk: { S: 'p' }, sk: { S: 'condition' } },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    const error = await attempt.catch((reason: unknown) => reason as ConditionalCheckFailedException);
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
    expect(error).toMatchObject({
      message: 'The conditional request failed',
      Item: { pk: { S: 'p' }, sk: { S: 'condition' }, revision: { N: '3' } },
    });
    expect(await get('condition')).toMatchObject({ revision: 3 });
  });

  test('a condition compares maps and lists by value', async () => {
    await put('deep', { slot: { run: 'a', parts: [1, 2] } });
    const swap = (slot: unknown) =>
      update('deep', {
        UpdateExpression: 'SET slot = :next',
        ConditionExpression: 'slot = :slot',
        ExpressionAttributeValues: { ':slot': slot, ':next': { run: 'b' } },
      });
    await expect(swap({ run: 'a', parts: [2, 1] })).rejects.toThrow('The conditional request failed');
    await swap({ parts: [1, 2], run: 'a' });
    expect(await get('deep')).toMatchObject({ slot: { run: 'b' } });
  });

  test.each([
    ['size(blank) = :zero', true],
    ['size(parts) > :zero AND contains(parts, :one)', true],
    ['absent <> :one', true],
    ['absent = :one OR NOT attribute_exists(parts)', false],
    ['parts[1].label = :name AND begins_with(title, :start)', true],
    ['title BETWEEN :start AND :end', true],
    ['parts[0] IN (:zero, :one)', true],
    ['attribute_type(parts, :type)', true],
    ['parts > :zero', false],
  ])('the condition %s is %s', async (ConditionExpression, holds) => {
    const item = { pk: 'p', sk: 'conditions', blank: '', parts: [1, { label: 'x' }], title: 'm' };
    await documents.send(new PutCommand({ TableName: 'registry', Item: item }));
    const values = { ':zero': 0, ':one': 1, ':name': 'x', ':start': 'm', ':end': 'n', ':type': 'L' };
    const used = Object.entries(values).filter(([name]) => new RegExp(`${name}\\b`).test(ConditionExpression));
    const attempt = documents.send(
      new PutCommand({
        TableName: 'registry',
        Item: item,
        ConditionExpression,
        ExpressionAttributeValues: Object.fromEntries(used),
      }),
    );
    if (holds) await attempt;
    else await expect(attempt).rejects.toThrow('The conditional request failed');
  });

  test('an update counts, appends and sets nested values', async () => {
    await put('update', { parts: [1], nested: { kept: 1 } });
    const { Attributes } = await update('update', {
      UpdateExpression:
        'SET #count = if_not_exists(#count, :zero) + :one, parts = list_append(parts, :more), nested.added = :one ADD tally :one',
      ExpressionAttributeNames: { '#count': 'count' },
      ExpressionAttributeValues: { ':zero': 0, ':one': 1, ':more': [2, 3] },
    });
    expect(Attributes).toEqual({
      pk: 'p',
      sk: 'update',
      count: 1,
      parts: [1, 2, 3],
      nested: { kept: 1, added: 1 },
      tally: 1,
    });
  });

  test('REMOVE of several elements speaks of the list as it was', async () => {
    await put('remove', { parts: ['a', 'b', 'c', 'd'] });
    const { Attributes } = await update('remove', { UpdateExpression: 'REMOVE parts[0], parts[2]' });
    expect(Attributes?.parts).toEqual(['b', 'd']);
  });

  test('numbers keep 38 digits, through arithmetic as well', async () => {
    const large = '12345678901234567890123456789012345678';
    await client.send(
      new PutItemCommand({ TableName: 'registry', Item: { pk: { S: 'p' }, sk: { S: 'n' }, n: { N: large } } }),
    );
    const { Attributes } = await client.send(
      new UpdateItemCommand({
        TableName: 'registry',
        Key: { pk: { S: 'p' }, sk: { S: 'n' } },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    expect(Attributes).toEqual({ n: { N: '12345678901234567890123456789012345679' } });
    const tooPrecise = update('n', {
      UpdateExpression: 'SET n = n + :half',
      ExpressionAttributeValues: { ':half': 0.5 },
    });
    await expect(tooPrecise).rejects.toThrow('more than 38 significant digits');
  });

  test('a path that is not there is a ValidationException', async () => {
    await put('path');
    const attempt = update('path', { UpdateExpression: 'SET a.b = :x', ExpressionAttributeValues: { ':x': 1 } });
    await expect(attempt).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'The document path provided in the update expression is invalid for update',
    });
  });

  test('concurrent increments are all counted', async () => {
    const increment = () =>
      update('counter', { UpdateExpression: 'ADD n :one', ExpressionAttributeValues: { ':one': 1 } });
    await Promise.all(Array.from({ length: 25 }, increment));
    expect(await get('counter')).toMatchObject({ n: 25 });
  });

  test('a delete returns what it removed', async () => {
    await put('gone', { x: 1 });
    const key = { pk: { S: 'p' }, sk: { S: 'gone' } };
    const remove = new DeleteItemCommand({ TableName: 'registry', Key: key, ReturnValues: 'ALL_OLD' });
    expect((await client.send(remove)).Attributes).toEqual({ ...key, x: { N: '1' } });
    expect((await client.send(new GetItemCommand({ TableName: 'registry', Key: key }))).Item).toBeUndefined();
  });
});

describe('reads', () => {
  test('a query pages in key order, filters after reading and counts', async () => {
    for (let i = 0; i < 5; i++) await put(`VERSION#${i}`, { even: i % 2 === 0, tag: { a: i } }, 'q');
    await put('HEAD', {}, 'q');
    const query = (more: Partial<ConstructorParameters<typeof DocQuery>[0]>) =>
      documents.send(
        new DocQuery({
          TableName: 'registry',
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': 'q', ':prefix': 'VERSION#' },
          ...more,
        }),
      );
    const first = await query({ Limit: 2, ScanIndexForward: false });
    expect(first.Items?.map(({ sk }) => sk)).toEqual(['VERSION#4', 'VERSION#3']);
    const second = await query({ Limit: 10, ScanIndexForward: false, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(second.Items?.map(({ sk }) => sk)).toEqual(['VERSION#2', 'VERSION#1', 'VERSION#0']);
    expect(second.LastEvaluatedKey).toBeUndefined();

    const filtered = {
      FilterExpression: 'even = :yes AND tag <> :tag',
      ExpressionAttributeValues: { ':pk': 'q', ':prefix': 'VERSION#', ':yes': true, ':tag': { a: 2 } },
    };
    const found = await query({ ...filtered, ProjectionExpression: 'sk' });
    expect(found).toMatchObject({ Count: 2, ScannedCount: 5, Items: [{ sk: 'VERSION#0' }, { sk: 'VERSION#4' }] });
    const counted = await query({ ...filtered, Select: 'COUNT' });
    expect(counted.Items).toBeUndefined();
    expect(counted.Count).toBe(2);
  });

  test('an index follows its items', async () => {
    await put('owned', { owner: 'ann' }, 'i');
    const byOwner = async (owner: string) =>
      (
        await client.send(
          new QueryCommand({
            TableName: 'registry',
            IndexName: 'by-owner',
            KeyConditionExpression: '#o = :o',
            ExpressionAttributeNames: { '#o': 'owner' },
            ExpressionAttributeValues: { ':o': { S: owner } },
          }),
        )
      ).Count;
    expect(await byOwner('ann')).toBe(1);
    await put('owned', { owner: 'bob' }, 'i');
    expect([await byOwner('ann'), await byOwner('bob')]).toEqual([0, 1]);
  });

  test('a scan sees everything once, page by page', async () => {
    const keys = new Set<string>();
    let start: Record<string, never> | undefined;
    let total = 0;
    do {
      const page: { Items?: Record<string, { S?: string }>[]; LastEvaluatedKey?: unknown } = await client.send(
        new ScanCommand({ TableName: 'registry', Limit: 3, ExclusiveStartKey: start }),
      );
      for (const item of page.Items ?? []) keys.add(`${item.pk?.S}/${item.sk?.S}`);
      total += page.Items?.length ?? 0;
      start = page.LastEvaluatedKey as typeof start;
    } while (start);
    expect(keys.size).toBe(total);
    expect(keys.has('q/HEAD')).toBe(true);
  });

  test('batches write and read several items', async () => {
    const items = Array.from({ length: 20 }, (_, i) => ({ pk: 'b', sk: String(i), i }));
    await documents.send(
      new BatchWriteCommand({ RequestItems: { registry: items.map((Item) => ({ PutRequest: { Item } })) } }),
    );
    const Keys = [
      { pk: 'b', sk: '3' },
      { pk: 'b', sk: 'none' },
      { pk: 'b', sk: '19' },
    ];
    const { Responses } = await documents.send(new BatchGetCommand({ RequestItems: { registry: { Keys } } }));
    expect(Responses?.registry).toEqual([items[3], items[19]]);
  });
});

test('a table that does not exist is a ResourceNotFoundException', async () => {
  const attempt = client.send(new GetItemCommand({ TableName: 'nowhere', Key: { pk: { S: 'p' } } }));
  await expect(attempt).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Requested resource not found',
  });
});

test('an item above 400 KB is refused', async () => {
  await expect(put('large', { text: 'x'.repeat(410_000) })).rejects.toThrow(
    'Item size has exceeded the maximum allowed size',
  );
});
