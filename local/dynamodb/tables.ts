import { randomUUID } from 'node:crypto';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { indexPrefix, itemPrefix, tableKey } from './captured-store.ts';
import { database, type IndexRecord, type LevelOperation, type TableShape } from './dynalite.ts';
import type { Engine } from './engine.ts';
import { tableNotFound, validationError } from './errors.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** A table as it is stored: its description, and under `local` what other actions show of it. */
export interface TableRecord extends TableShape {
  readonly TableArn: string;
  readonly BillingModeSummary?: Document;
  readonly DeletionProtectionEnabled: boolean;
  readonly SSEDescription?: { readonly Status: string; readonly SSEType: string; readonly KMSMasterKeyArn?: string };
  readonly local: {
    readonly timeToLive?: string;
    readonly pointInTimeRecovery: boolean;
    readonly tags: readonly Tag[];
  };
}

/** Parameters of CreateTable and UpdateTable that dynalite does not know. */
interface OwnParameters {
  DeletionProtectionEnabled?: boolean;
  SSESpecification?: { Enabled?: boolean; SSEType?: string; KMSMasterKeyId?: string };
  StreamSpecification?: { StreamEnabled?: boolean };
  TableClass?: string;
  Tags?: Tag[];
}

const BATCH_SIZE = 500;

/** Creating, changing and removing tables. They are active at once: nothing here waits for capacity. */
export class Tables {
  readonly #context: CloudContext;
  readonly #engine: Engine;

  constructor(context: CloudContext, engine: Engine) {
    this.#context = context;
    this.#engine = engine;
  }

  arn(name: string): string {
    const { account, region } = this.#context;
    return `arn:aws:dynamodb:${region}:${account}:table/${name}`;
  }

  async create(input: Document): Promise<TableRecord> {
    const { own, rest } = separate(input);
    const data = this.#engine.check('CreateTable', rest) as unknown as TableShape & Document;
    const existing = await this.#engine.findTable(data.TableName);
    if (existing) throw new AwsError('ResourceInUseException', `Table already exists: ${data.TableName}`);
    const createdAt = this.#context.clock.now() / 1000;
    const { BillingMode, ProvisionedThroughput, ...shape } = data;
    const record: TableRecord = {
      ...shape,
      GlobalSecondaryIndexes: data.GlobalSecondaryIndexes?.map((index) =>
        this.#indexDescription(data.TableName, index),
      ),
      LocalSecondaryIndexes: data.LocalSecondaryIndexes?.map((index) => this.#indexDescription(data.TableName, index)),
      ...billing(BillingMode, ProvisionedThroughput, createdAt),
      ...tableClass(own.TableClass),
      TableStatus: 'ACTIVE',
      TableArn: this.arn(data.TableName),
      TableId: randomUUID(),
      CreationDateTime: createdAt,
      DeletionProtectionEnabled: own.DeletionProtectionEnabled ?? false,
      SSEDescription: this.#encryption(own.SSESpecification),
      local: { pointInTimeRecovery: false, tags: own.Tags ?? [] },
    } as TableRecord;
    await this.#engine.putTable(record);
    return record;
  }

  /** Changes a table; indexes that are added are filled before it returns. */
  async update(input: Document): Promise<TableRecord> {
    const { own, rest } = separate(input);
    const { GlobalSecondaryIndexUpdates, AttributeDefinitions, ...others } = rest;
    const unknown = Object.keys(others).find(
      (name) => !['TableName', 'BillingMode', 'ProvisionedThroughput'].includes(name),
    );
    if (unknown) throw new Unsupported(`the parameter ${unknown} of DynamoDB UpdateTable`);
    const name = String(others.TableName);
    let record = await this.record(name);
    const now = this.#context.clock.now() / 1000;
    record = {
      ...record,
      ...(others.BillingMode || others.ProvisionedThroughput
        ? billing(others.BillingMode, others.ProvisionedThroughput, now)
        : {}),
      ...(AttributeDefinitions
        ? { AttributeDefinitions: AttributeDefinitions as TableShape['AttributeDefinitions'] }
        : {}),
      ...tableClass(own.TableClass),
      ...(own.DeletionProtectionEnabled === undefined
        ? {}
        : { DeletionProtectionEnabled: own.DeletionProtectionEnabled }),
      ...(own.SSESpecification ? { SSEDescription: this.#encryption(own.SSESpecification) } : {}),
    };
    const fill: LevelOperation[] = [];
    for (const change of (GlobalSecondaryIndexUpdates ?? []) as Record<string, Document>[]) {
      record = await this.#changeIndexes(record, change, fill);
    }
    for (let start = 0; start < fill.length; start += BATCH_SIZE) {
      await this.#engine.apply(fill.slice(start, start + BATCH_SIZE));
    }
    await this.#engine.putTable(record);
    return record;
  }

  async remove(name: string): Promise<TableRecord> {
    const record = await this.record(name);
    if (record.DeletionProtectionEnabled) {
      throw validationError(
        'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
      );
    }
    await this.#engine.apply([{ type: 'del', key: tableKey(name) }]);
    await this.#engine.clear(itemPrefix(name));
    for (const index of record.GlobalSecondaryIndexes ?? [])
      await this.#engine.clear(indexPrefix('Global', name, index.IndexName));
    for (const index of record.LocalSecondaryIndexes ?? [])
      await this.#engine.clear(indexPrefix('Local', name, index.IndexName));
    return record;
  }

  /** Changes what is kept beside the description. */
  async keep(name: string, change: Partial<TableRecord['local']>): Promise<TableRecord> {
    const record = await this.record(name);
    const changed = { ...record, local: { ...record.local, ...change } };
    await this.#engine.putTable(changed);
    return changed;
  }

  /** The description with the numbers of the moment, which AWS brings up to date every six hours. */
  async describe(name: string): Promise<Document> {
    const { local: _local, ...description } = await this.record(name);
    let [count, size] = [0, 0];
    for await (const item of this.#engine.items(name)) {
      count++;
      size += database.itemSize(item);
    }
    return { ...description, ItemCount: count, TableSizeBytes: size };
  }

  /** A table; the error of what concerns tables names the one that is missing. */
  async record(name: string): Promise<TableRecord> {
    const record = await this.#engine.findTable(name);
    if (!record) throw tableNotFound(`Requested resource not found: Table: ${name} not found`);
    return record;
  }

  async #changeIndexes(
    record: TableRecord,
    change: Record<string, Document>,
    fill: LevelOperation[],
  ): Promise<TableRecord> {
    const [[kind, details = {}] = ['']] = Object.entries(change);
    const name = String(details.IndexName);
    const kept = (record.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => IndexName !== name);
    if (kind === 'Delete') {
      await this.#engine.clear(indexPrefix('Global', record.TableName, name));
      return { ...record, GlobalSecondaryIndexes: kept.length > 0 ? kept : undefined };
    }
    if (kind !== 'Create') throw new Unsupported(`GlobalSecondaryIndexUpdates.${kind} of DynamoDB UpdateTable`);
    const index = this.#indexDescription(record.TableName, details as unknown as IndexRecord);
    for await (const item of this.#engine.items(record.TableName)) {
      const { puts } = database.getIndexActions([index], undefined, item, record);
      for (const put of puts) {
        fill.push({ type: 'put', key: indexPrefix('Global', record.TableName, name) + put.key, value: put.item });
      }
    }
    return { ...record, GlobalSecondaryIndexes: [...kept, index] };
  }

  #indexDescription(table: string, index: IndexRecord): IndexRecord {
    const description = { ...index, IndexArn: `${this.arn(table)}/index/${index.IndexName}`, IndexStatus: 'ACTIVE' };
    return { ...description, ItemCount: 0, IndexSizeBytes: 0 } as IndexRecord;
  }

  #encryption(specification: OwnParameters['SSESpecification']): TableRecord['SSEDescription'] {
    if (!specification?.Enabled) return undefined;
    const key = specification.KMSMasterKeyId ?? 'alias/aws/dynamodb';
    const { account, region } = this.#context;
    const arn = key.startsWith('arn:')
      ? key
      : `arn:aws:kms:${region}:${account}:${/^alias\//.test(key) ? '' : 'key/'}${key}`;
    return { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: arn };
  }
}

function billing(mode: unknown, throughput: unknown, now: number): Document {
  if (mode === 'PAY_PER_REQUEST') {
    return {
      BillingModeSummary: { BillingMode: mode, LastUpdateToPayPerRequestDateTime: now },
      ProvisionedThroughput: { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    };
  }
  return {
    BillingModeSummary: undefined,
    ProvisionedThroughput: { NumberOfDecreasesToday: 0, ...(throughput as Document | undefined) },
  };
}

function tableClass(name: string | undefined): Document {
  return name === undefined ? {} : { TableClassSummary: { TableClass: name } };
}

function separate(input: Document): { own: OwnParameters; rest: Document } {
  const { DeletionProtectionEnabled, SSESpecification, StreamSpecification, TableClass, Tags, ...rest } =
    input as OwnParameters & Document;
  if (StreamSpecification?.StreamEnabled) throw new Unsupported('DynamoDB streams');
  return { own: { DeletionProtectionEnabled, SSESpecification, TableClass, Tags }, rest };
}
