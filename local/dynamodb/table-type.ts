import { Unsupported } from '../kernel/errors.ts';
import type { ResourceRequest, ResourceResult, ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import type { DynamoDb } from './dynamodb.ts';
import type { TableRecord, Tag } from './tables.ts';

const PROPERTIES = [
  'AttributeDefinitions',
  'BillingMode',
  'DeletionProtectionEnabled',
  'GlobalSecondaryIndexes',
  'KeySchema',
  'LocalSecondaryIndexes',
  'PointInTimeRecoverySpecification',
  'ProvisionedThroughput',
  'SSESpecification',
  'TableClass',
  'TableName',
  'Tags',
  'TimeToLiveSpecification',
];

/** `AWS::DynamoDB::Table`. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html */
export function tableType(dynamo: DynamoDb): ResourceType {
  const { engine, tables } = dynamo;
  return {
    type: 'AWS::DynamoDB::Table',
    properties: PROPERTIES,
    replacing: ['KeySchema', 'LocalSecondaryIndexes', 'TableName'],

    create: ({ properties, physicalName }: ResourceRequest) =>
      engine.exclusive(async () => {
        const input = createInput(properties, String(properties.TableName ?? physicalName({ length: 255 })));
        const record = await tables.create(input);
        return result(await tables.keep(record.TableName, kept(properties)));
      }),

    update: ({ physicalId, properties }) =>
      engine.exclusive(async () => {
        for (const change of await updateInputs(dynamo, physicalId, properties)) {
          await tables.update({ TableName: physicalId, ...change });
        }
        return result(await tables.keep(physicalId, kept(properties)));
      }),

    delete: ({ physicalId }) =>
      engine.exclusive(async () => {
        if (await engine.findTable(physicalId)) await tables.remove(physicalId);
      }),
  };
}

function result(record: TableRecord): ResourceResult {
  return { physicalId: record.TableName, attributes: { Arn: record.TableArn } };
}

function createInput(properties: Document, name: string): Document {
  const {
    PointInTimeRecoverySpecification: _recovery,
    TimeToLiveSpecification: _timeToLive,
    SSESpecification,
    DeletionProtectionEnabled,
    ProvisionedThroughput,
    GlobalSecondaryIndexes,
    ...rest
  } = properties;
  return {
    ...rest,
    TableName: name,
    ProvisionedThroughput: throughput(ProvisionedThroughput),
    GlobalSecondaryIndexes: (GlobalSecondaryIndexes as Document[] | undefined)?.map((index) => ({
      ...index,
      ProvisionedThroughput: throughput(index.ProvisionedThroughput),
    })),
    SSESpecification: encryption(SSESpecification),
    DeletionProtectionEnabled: isTrue(DeletionProtectionEnabled),
  };
}

/** CloudFormation spells the switch `SSEEnabled`. */
function encryption(property: unknown): Document {
  const { SSEEnabled, SSEType, KMSMasterKeyId } = (property ?? {}) as Document;
  return { Enabled: isTrue(SSEEnabled), SSEType, KMSMasterKeyId };
}

function throughput(property: unknown): Document | undefined {
  if (property === undefined) return undefined;
  const { ReadCapacityUnits, WriteCapacityUnits } = property as Document;
  return { ReadCapacityUnits: Number(ReadCapacityUnits), WriteCapacityUnits: Number(WriteCapacityUnits) };
}

function kept(properties: Document): TableRecord['local'] {
  const timeToLive = properties.TimeToLiveSpecification as Document | undefined;
  const recovery = (properties.PointInTimeRecoverySpecification ?? {}) as Document;
  const unknown = Object.keys(recovery).find(
    (name) => !['PointInTimeRecoveryEnabled', 'RecoveryPeriodInDays'].includes(name),
  );
  if (unknown) throw new Unsupported(`PointInTimeRecoverySpecification.${unknown} of AWS::DynamoDB::Table`);
  return {
    timeToLive: timeToLive && isTrue(timeToLive.Enabled) ? String(timeToLive.AttributeName) : undefined,
    pointInTimeRecovery: isTrue(recovery.PointInTimeRecoveryEnabled),
    tags: (properties.Tags as Tag[] | undefined) ?? [],
  };
}

/** What UpdateTable must be asked for, in its order: indexes go before the attributes that only they used. */
async function updateInputs({ engine }: DynamoDb, name: string, properties: Document): Promise<Document[]> {
  const record = await engine.table(name);
  const input = createInput(properties, name);
  const wanted = (input.GlobalSecondaryIndexes as { IndexName: string }[] | undefined) ?? [];
  const present = record.GlobalSecondaryIndexes ?? [];
  const names = (indexes: readonly { IndexName: string }[]) => new Set(indexes.map(({ IndexName }) => IndexName));
  const removed = present.filter(({ IndexName }) => !names(wanted).has(IndexName));
  const added = wanted.filter(({ IndexName }) => !names(present).has(IndexName));
  return [
    { GlobalSecondaryIndexUpdates: removed.map(({ IndexName }) => ({ Delete: { IndexName } })) },
    {
      AttributeDefinitions: input.AttributeDefinitions,
      BillingMode: input.BillingMode ?? 'PROVISIONED',
      ProvisionedThroughput: input.ProvisionedThroughput,
      DeletionProtectionEnabled: input.DeletionProtectionEnabled,
      SSESpecification: input.SSESpecification,
      TableClass: input.TableClass,
      GlobalSecondaryIndexUpdates: added.map((index) => ({ Create: index })),
    },
  ];
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
