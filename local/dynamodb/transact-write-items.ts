import { createHash } from 'node:crypto';
import type { AccessRequest } from '../iam/principal.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Document, Operation } from '../kernel/service.ts';
import { dataAccess, tableName, withTableName } from './access.ts';
import { type Checked, database, type Item, type LevelOperation } from './dynalite.ts';
import type { DynamoDb } from './dynamodb.ts';
import { keyOf, keyText } from './engine.ts';
import { validationError } from './errors.ts';
import { isItem } from './item-operations.ts';
import { returnsItem, separateReturn } from './return-values.ts';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const MOST_ACTIONS = 100;
const LARGEST_TRANSACTION = 4 * 1024 ** 2;
const TOKEN_LIFE_MS = 10 * 60 * 1000;
const TOKEN_PREFIX = 'token~';

/** The kinds of action in a transaction: the permission each needs, and the single action that it is like. */
const KINDS = {
  ConditionCheck: { permission: 'ConditionCheckItem', action: 'DeleteItem', member: 'Key' },
  Put: { permission: 'PutItem', action: 'PutItem', member: 'Item' },
  Update: { permission: 'UpdateItem', action: 'UpdateItem', member: 'Key' },
  Delete: { permission: 'DeleteItem', action: 'DeleteItem', member: 'Key' },
} as const;
type Kind = keyof typeof KINDS;

/** One action of a transaction, checked by itself. */
interface Step {
  readonly kind: Kind;
  readonly data: Checked;
  readonly returnItem: boolean;
}

/** Why an action stood in the way of the transaction; `None` for one that did not. */
interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: unknown;
}

interface UsedToken {
  readonly hash: string;
  readonly expires: number;
  readonly answer: Document;
}

/**
 * TransactWriteItems. Every condition is looked at and every change planned before anything is written; then all of it, with
 * the client's token, goes into one batch of the store: after a kill in the middle either everything is there or nothing.
 */
export function transactWriteItems(dynamo: DynamoDb): Operation {
  return {
    access: (input) => transactionAccess(dynamo, input),
    handle(input) {
      const steps = readSteps(dynamo, input);
      return dynamo.engine.exclusive(() => commit(dynamo, input, steps));
    },
  };
}

/** Forgets the tokens of transactions that may be sent anew. */
export async function sweepTokens({ engine, context }: DynamoDb): Promise<void> {
  const expired: LevelOperation[] = [];
  for await (const [key, value] of engine.entries(TOKEN_PREFIX)) {
    if ((value as UsedToken).expires <= context.clock.now()) expired.push({ type: 'del', key });
  }
  if (expired.length > 0) await engine.apply(expired);
}

async function commit(dynamo: DynamoDb, input: Document, steps: readonly Step[]): Promise<Document> {
  const { engine, context } = dynamo;
  const token = readToken(input.ClientRequestToken);
  const hash = createHash('sha256').update(JSON.stringify(input)).digest('hex');
  const used = token ? ((await engine.get(TOKEN_PREFIX + token)) as UsedToken | undefined) : undefined;
  if (used && used.expires > context.clock.now()) {
    if (used.hash !== hash) {
      throw new AwsError(
        'IdempotentParameterMismatchException',
        'The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical',
      );
    }
    return used.answer;
  }
  await refuseDuplicates(dynamo, steps);
  const operations: LevelOperation[] = [];
  const reasons: Reason[] = [];
  for (const step of steps) reasons.push(await plan(dynamo, step, operations));
  if (reasons.some(({ Code }) => Code !== 'None')) throw cancelled(reasons);

  const answer = consumed(input, steps);
  if (token) {
    const value: UsedToken = { hash, expires: context.clock.now() + TOKEN_LIFE_MS, answer };
    operations.push({ type: 'put', key: TOKEN_PREFIX + token, value });
  }
  await engine.apply(operations);
  return answer;
}

/** Adds what a step would write, or says why it cannot. */
async function plan({ engine }: DynamoDb, step: Step, operations: LevelOperation[]): Promise<Reason> {
  const { kind, data, returnItem } = step;
  try {
    if (kind === 'ConditionCheck') await engine.checkCondition(data, { returnItem });
    else operations.push(...(await engine.plan(KINDS[kind].action, data, { returnItem })).operations);
    return { Code: 'None' };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.code === 'ConditionalCheckFailedException') {
      return { Code: 'ConditionalCheckFailed', Message: error.message, ...error.details };
    }
    if (error.code === 'ValidationException') return { Code: 'ValidationError', Message: error.message };
    throw error;
  }
}

function cancelled(reasons: readonly Reason[]): AwsError {
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { details: { CancellationReasons: reasons } },
  );
}

function readSteps(dynamo: DynamoDb, input: Document): Step[] {
  const { TransactItems, ClientRequestToken: _token, ReturnConsumedCapacity: _capacity, ...unknown } = input;
  const [name] = Object.keys(unknown).filter(
    (key) => unknown[key] !== undefined && key !== 'ReturnItemCollectionMetrics',
  );
  if (name) throw new Unsupported(`the parameter ${name} of DynamoDB TransactWriteItems`);
  const items = checkedCount(TransactItems);
  const steps = items.map((item, index) => readStep(dynamo, item, index));
  const size = steps.reduce((sum, { data }) => sum + database.itemSize(data.Item ?? data.Key), 0);
  if (size > LARGEST_TRANSACTION) throw validationError('Transaction request exceeds the maximum size of 4 MB');
  return steps;
}

/** The list of a transaction, of a length that one may have. */
export function checkedCount(items: unknown): Document[] {
  const list = Array.isArray(items) ? (items as Document[]) : [];
  const problem =
    list.length === 0
      ? 'greater than or equal to 1'
      : list.length > MOST_ACTIONS
        ? `less than or equal to ${MOST_ACTIONS}`
        : '';
  if (problem !== '') {
    throw validationError(
      `1 validation error detected: Value '${JSON.stringify(list).slice(0, 200)}' at 'transactItems' failed to satisfy constraint: Member must have length ${problem}`,
    );
  }
  return list;
}

function readStep({ engine }: DynamoDb, item: Document, index: number): Step {
  const kinds = Object.keys(item).filter((kind) => item[kind] !== undefined);
  const [kind] = kinds;
  if (kinds.length !== 1 || !kind || !Object.hasOwn(KINDS, kind)) {
    throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  const { rest, returnValues } = separateReturn(withTableName(item[kind] as Document));
  const required =
    kind === 'ConditionCheck' ? 'ConditionExpression' : kind === 'Update' ? 'UpdateExpression' : 'TableName';
  if (rest[required] === undefined) {
    const path = `transactItems.${index + 1}.member.${kind.charAt(0).toLowerCase()}${kind.slice(1)}.${required.charAt(0).toLowerCase()}${required.slice(1)}`;
    throw validationError(
      `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
    );
  }
  const data = engine.check(KINDS[kind as Kind].action, rest);
  return { kind: kind as Kind, data, returnItem: returnsItem(returnValues) };
}

async function refuseDuplicates({ engine }: DynamoDb, steps: readonly Step[]): Promise<void> {
  const seen = new Set<string>();
  for (const { data } of steps) {
    const table = await engine.table(data.TableName);
    const key = data.Item ? keyOf(table, data.Item) : data.Key;
    const text = keyTextOrNone(() => keyText(table, key));
    if (text === undefined) continue;
    if (seen.has(text)) throw validationError('Transaction request cannot include multiple operations on one item');
    seen.add(text);
  }
}

/** A key that does not fit the table is the step's own error, told among the reasons. */
function keyTextOrNone(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readToken(token: unknown): string | undefined {
  if (token === undefined || token === null) return undefined;
  const text = String(token);
  if (text.length < 1 || text.length > 36) {
    throw validationError(
      `1 validation error detected: Value '${text}' at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36`,
    );
  }
  return text;
}

/** Two units of capacity a kilobyte: one to prepare and one to commit. */
function consumed(input: Document, steps: readonly Step[]): Document {
  if (input.ReturnConsumedCapacity !== 'TOTAL' && input.ReturnConsumedCapacity !== 'INDEXES') return {};
  const units = new Map<string, number>();
  for (const { data } of steps) {
    const size = Math.max(1, Math.ceil(database.itemSize(data.Item ?? data.Key) / 1024));
    units.set(data.TableName, (units.get(data.TableName) ?? 0) + 2 * size);
  }
  return {
    ConsumedCapacity: [...units].map(([TableName, count]) => ({
      TableName,
      CapacityUnits: count,
      WriteCapacityUnits: count,
    })),
  };
}

/** The single actions' permissions, each with the partition key of its item. */
async function transactionAccess(dynamo: DynamoDb, input: Document): Promise<AccessRequest[]> {
  const requests: AccessRequest[] = [];
  for (const item of checkedCount(input.TransactItems)) {
    for (const [kind, request] of Object.entries(item) as [Kind, Document][]) {
      if (!Object.hasOwn(KINDS, kind) || request === undefined) continue;
      const { permission, member } = KINDS[kind];
      const items = [request[member]].filter(isItem) as Item[];
      requests.push(...(await dataAccess(dynamo, permission, { table: tableName(request.TableName), items })));
    }
  }
  return requests;
}
