import { Unsupported } from '../kernel/errors.ts';
import type { Document, Operation } from '../kernel/service.ts';
import { tableAccess, tableName, withTableName } from './access.ts';
import type { DynamoDb } from './dynamodb.ts';
import { validationError } from './errors.ts';
import type { TableRecord, Tag } from './tables.ts';

const LARGEST_PAGE = 100;

/** What concerns tables and not their items. */
export function tableOperations(dynamo: DynamoDb): Record<string, Operation> {
  const { engine, tables } = dynamo;
  const onTable = (action: string, handle: (name: string, input: Document) => Promise<Document>): Operation => ({
    access: (input) => tableAccess(dynamo, action, input.TableName ?? input.ResourceArn),
    handle: (input) => handle(tableName(input.TableName ?? input.ResourceArn), withTableName(input)),
  });
  return {
    CreateTable: onTable('CreateTable', async (_name, input) => ({
      TableDescription: shown(await engine.exclusive(() => tables.create(input))),
    })),
    UpdateTable: onTable('UpdateTable', async (_name, input) => ({
      TableDescription: shown(await engine.exclusive(() => tables.update(input))),
    })),
    DeleteTable: onTable('DeleteTable', async (name) => {
      const record = await engine.exclusive(() => tables.remove(name));
      return { TableDescription: { ...shown(record), TableStatus: 'DELETING' } };
    }),
    DescribeTable: onTable('DescribeTable', async (name) => ({ Table: await tables.describe(name) })),
    ListTables: {
      access: () => [{ action: 'dynamodb:ListTables', resource: '*' }],
      handle: (input) => listTables(dynamo, input),
    },
    DescribeTimeToLive: onTable('DescribeTimeToLive', async (name) => {
      const { timeToLive } = (await tables.record(name)).local;
      const status = { TimeToLiveStatus: timeToLive ? 'ENABLED' : 'DISABLED', AttributeName: timeToLive };
      return { TimeToLiveDescription: status };
    }),
    UpdateTimeToLive: onTable('UpdateTimeToLive', (name, input) =>
      engine.exclusive(() => updateTimeToLive(dynamo, name, input)),
    ),
    DescribeContinuousBackups: onTable('DescribeContinuousBackups', async (name) => ({
      ContinuousBackupsDescription: continuousBackups(dynamo, await tables.record(name)),
    })),
    UpdateContinuousBackups: onTable('UpdateContinuousBackups', (name, input) =>
      engine.exclusive(async () => {
        const { PointInTimeRecoveryEnabled: enabled } = input.PointInTimeRecoverySpecification as Document;
        const record = await tables.keep(name, { pointInTimeRecovery: enabled === true });
        return { ContinuousBackupsDescription: continuousBackups(dynamo, record) };
      }),
    ),
    ListTagsOfResource: onTable('ListTagsOfResource', async (name) => ({
      Tags: (await tables.record(name)).local.tags,
    })),
    TagResource: onTable('TagResource', (name, input) =>
      engine.exclusive(async () => {
        const added = input.Tags as Tag[];
        const { tags } = (await tables.record(name)).local;
        const kept = tags.filter(({ Key }) => !added.some((tag) => tag.Key === Key));
        await tables.keep(name, { tags: [...kept, ...added] });
        return {};
      }),
    ),
    UntagResource: onTable('UntagResource', (name, input) =>
      engine.exclusive(async () => {
        const { tags } = (await tables.record(name)).local;
        await tables.keep(name, { tags: tags.filter(({ Key }) => !(input.TagKeys as string[]).includes(Key)) });
        return {};
      }),
    ),
    ...unsupported(),
  };
}

async function listTables({ engine }: DynamoDb, input: Document): Promise<Document> {
  const limit = Math.min(Number(input.Limit ?? LARGEST_PAGE), LARGEST_PAGE);
  const start = String(input.ExclusiveStartTableName ?? '');
  const names = (await engine.tables()).map(({ TableName }) => TableName).filter((name) => name > start);
  const page = names.slice(0, limit);
  return { TableNames: page, ...(names.length > limit ? { LastEvaluatedTableName: page.at(-1) } : {}) };
}

async function updateTimeToLive({ tables }: DynamoDb, name: string, input: Document): Promise<Document> {
  const specification = input.TimeToLiveSpecification as { AttributeName: string; Enabled: boolean };
  const { timeToLive } = (await tables.record(name)).local;
  if (specification.Enabled && timeToLive) throw validationError('TimeToLive is already enabled');
  if (!specification.Enabled && !timeToLive) throw validationError('TimeToLive is already disabled');
  if (!specification.Enabled && timeToLive !== specification.AttributeName) {
    throw validationError(`TimeToLive is active on a different AttributeName: current AttributeName is ${timeToLive}`);
  }
  await tables.keep(name, { timeToLive: specification.Enabled ? specification.AttributeName : undefined });
  return { TimeToLiveSpecification: specification };
}

function continuousBackups({ context }: DynamoDb, { local }: TableRecord): Document {
  const now = context.clock.now() / 1000;
  return {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: {
      PointInTimeRecoveryStatus: local.pointInTimeRecovery ? 'ENABLED' : 'DISABLED',
      ...(local.pointInTimeRecovery
        ? { RecoveryPeriodInDays: 35, EarliestRestorableDateTime: now, LatestRestorableDateTime: now }
        : {}),
    },
  };
}

function shown({ local: _local, ...description }: TableRecord): Document {
  return { ...description, ItemCount: 0, TableSizeBytes: 0 };
}

/** Actions that people try first and that are not here: PartiQL, and backups that would hold nothing. */
function unsupported(): Record<string, Operation> {
  const names = [
    'ExecuteStatement',
    'BatchExecuteStatement',
    'ExecuteTransaction',
    'CreateBackup',
    'RestoreTableToPointInTime',
  ];
  return Object.fromEntries(
    names.map((name) => {
      const handle = async () => {
        throw new Unsupported(`the action dynamodb:${name}`);
      };
      return [name, { handle }];
    }),
  );
}
