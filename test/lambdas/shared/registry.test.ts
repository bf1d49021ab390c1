import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DataSchema } from '../../../domain/data-schema.ts';
import { documents, dynamoRegistry, type Registry } from '../../../lambdas/shared/registry.ts';
import { dynamodbService } from '../../../local/dynamodb/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let cloud: TestKernel;
let registry: Registry;

beforeAll(async () => {
  cloud = await startKernel({ services: [dynamodbService] });
  await new DynamoDBClient(cloud.client).send(
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
      ],
    }),
  );
  registry = dynamoRegistry('registry', 'churn', documents(cloud.client));
});
afterAll(() => cloud.stop());

test('a pinned schema comes back with the very numbers that were written', async () => {
  const numbers = [1.999e23, -3.4028234663852886e38, 2 ** 60, 1e21, 0.1 + 0.2, 5e-324 * 2 ** 1000, -1e-38];
  const schema: DataSchema = {
    format: 1,
    target: { kind: 'regression', name: 'y' },
    columns: numbers.map((min, index) => ({
      name: `x${index}`,
      role: 'feature',
      type: 'numeric',
      required: true,
      range: { min, max: min },
      missingShare: 0,
    })),
  };
  await registry.write({
    schema: { model: 'churn', fingerprint: 'f', schema, pinnedAt: '2026-01-05T00:00:00.000Z', runId: 'churn-1' },
  });
  expect((await registry.pinnedSchema())?.schema).toEqual(schema);
});
