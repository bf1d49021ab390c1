import type { AccessRequest } from '../iam/principal.ts';
import type { Document } from '../kernel/service.ts';
import { keyAccess } from '../kms/keys.ts';
import type { AttributeValue, Item, KeyElement } from './dynalite.ts';
import type { DynamoDb } from './dynamodb.ts';
import type { TableRecord } from './tables.ts';

/** What a request touches. */
export interface Target {
  readonly table: string;
  readonly index?: string;
  /** Keys or whole items; their partition keys are what `dynamodb:LeadingKeys` holds. */
  readonly items?: readonly Item[];
}

/** A table by its name or its ARN. */
export function tableName(value: unknown): string {
  const text = String(value ?? '');
  return text.startsWith('arn:') ? (text.split('table/')[1] ?? text).replace(/\/.*$/, '') : text;
}

/** The input with table names where it had ARNs. */
export function withTableName(input: Document): Document {
  return typeof input.TableName === 'string' ? { ...input, TableName: tableName(input.TableName) } : input;
}

/**
 * The permission for an action on a table or an index, with the key permission behind a table that a customer's key
 * encrypts: DynamoDB decrypts the table's key with the rights of its caller.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
 */
export async function dataAccess(dynamo: DynamoDb, action: string, target: Target): Promise<AccessRequest[]> {
  const record = await dynamo.engine.findTable(target.table);
  const resource = dynamo.tables.arn(target.table) + (target.index ? `/index/${target.index}` : '');
  const leadingKeys = record && target.items ? partitionKeys(schemaOf(record, target.index), target.items) : undefined;
  const context: AccessRequest['context'] = leadingKeys && { 'dynamodb:LeadingKeys': leadingKeys };
  return [{ action: `dynamodb:${action}`, resource, context }, ...encryptionAccess(dynamo, record)];
}

/** The permission for an action on a table as a whole. */
export function tableAccess(dynamo: DynamoDb, action: string, table: unknown): AccessRequest[] {
  return [{ action: `dynamodb:${action}`, resource: dynamo.tables.arn(tableName(table)) }];
}

function encryptionAccess({ context }: DynamoDb, record: TableRecord | undefined): AccessRequest[] {
  const key = record?.SSEDescription?.KMSMasterKeyArn;
  if (!record || !key) return [];
  return keyAccess(context, key, {
    via: 'dynamodb',
    actions: ['kms:Decrypt'],
    encryptionContext: {
      'aws:dynamodb:tableName': record.TableName,
      'aws:dynamodb:subscriberId': context.account,
    },
  });
}

function schemaOf(record: TableRecord, index: string | undefined): readonly KeyElement[] {
  const indexes = [...(record.GlobalSecondaryIndexes ?? []), ...(record.LocalSecondaryIndexes ?? [])];
  return indexes.find(({ IndexName }) => IndexName === index)?.KeySchema ?? record.KeySchema;
}

function partitionKeys([partition]: readonly KeyElement[], items: readonly Item[]): string[] {
  const values = items.map((item) => item[partition?.AttributeName ?? '']).filter((value) => value !== undefined);
  return [...new Set(values.map((value: AttributeValue) => String(Object.values(value)[0])))];
}
