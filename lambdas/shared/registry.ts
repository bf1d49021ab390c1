import { gunzipSync, gzipSync } from 'node:zlib';
import { DynamoDBClient, type DynamoDBClientConfig, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Decision } from '../../domain/decisions.ts';
import { decisionSchema } from '../../domain/decisions.ts';
import { Conflict } from '../../domain/errors.ts';
import { type CohortItem, cohortItemSchema, type MonitorItem, monitorItemSchema } from '../../domain/monitor/record.ts';
import { type WindowItem, windowItemSchema } from '../../domain/monitor/window.ts';
import { registryPartition, SORT_KEYS } from '../../domain/names.ts';
import {
  emptyReactions,
  type Incident,
  incidentSchema,
  type ReactionState,
  reactionStateSchema,
} from '../../domain/react/state.ts';
import type { Transition } from '../../domain/registry.ts';
import {
  type Approval,
  approvalSchema,
  type DatasetItem,
  datasetItemSchema,
  emptyHead,
  type Head,
  headSchema,
  type LabelsItem,
  labelsItemSchema,
  type PinnedSchema,
  pinnedSchemaSchema,
  type RunItem,
  runItemSchema,
  type Upload,
  uploadSchema,
  type Version,
  versionSchema,
} from '../../domain/registry-items.ts';
import { type RolloutRecord, rolloutRecordSchema } from '../../domain/rollout/record.ts';
import { emptySlot, type Slot, slotSchema } from '../../domain/slot.ts';

/** What may be written together. A head goes only with its decision, a slot only on its revision. */
export interface RegistryWrite {
  readonly transition?: Extract<Transition, { ok: true }>;
  readonly slot?: Slot;
  readonly run?: RunItem;
  readonly runs?: readonly RunItem[];
  readonly uploads?: readonly Upload[];
  readonly datasets?: readonly DatasetItem[];
  /** Written only where the content is not known yet. */
  readonly labels?: LabelsItem;
  readonly approval?: Approval;
  readonly rollout?: RolloutRecord;
  readonly window?: WindowItem;
  readonly monitors?: readonly MonitorItem[];
  readonly cohorts?: readonly CohortItem[];
  /** What the controller remembers, only on its revision. */
  readonly reactions?: ReactionState;
  readonly incidents?: readonly Incident[];
  /** Written only where no schema is pinned yet. */
  readonly schema?: PinnedSchema;
}

/** One model's part of the registry table. Reads are strongly consistent: what follows from them is written on condition. */
export interface Registry {
  head(): Promise<Head>;
  slot(): Promise<Slot>;
  version(version: number): Promise<Version | null>;
  run(runId: string): Promise<RunItem | null>;
  upload(id: string): Promise<Upload | null>;
  dataset(sha256: string): Promise<DatasetItem | null>;
  /** The late labels of one content. */
  labels(sha256: string): Promise<LabelsItem | null>;
  approval(version: number): Promise<Approval | null>;
  rollout(token: number): Promise<RolloutRecord | null>;
  rollouts(): Promise<RolloutRecord[]>;
  window(id: string): Promise<WindowItem | null>;
  /** The newest ones, newest first. */
  windows(most: number): Promise<WindowItem[]>;
  monitor(version: number): Promise<MonitorItem | null>;
  /** Of predictions since a day, `2026-11-23`. */
  cohorts(since: string): Promise<CohortItem[]>;
  reactions(): Promise<ReactionState>;
  incidents(): Promise<Incident[]>;
  pinnedSchema(): Promise<PinnedSchema | null>;
  versions(): Promise<Version[]>;
  runs(): Promise<RunItem[]>;
  uploads(): Promise<Upload[]>;
  decisions(): Promise<Decision[]>;
  /** All or nothing. Throws Conflict when somebody else wrote a head, a slot, a rollout or a schema since it was read. */
  write(write: RegistryWrite): Promise<void>;
}

export function dynamoRegistry(table: string, model: string, client: DynamoDBDocumentClient = documents()): Registry {
  const pk = registryPartition(model);
  const get = async <T>(sk: string, schema: z.ZodType<T>): Promise<T | null> => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: { pk, sk }, ConsistentRead: true }));
    return Item ? schema.parse(Item) : null;
  };
  const list = async <T>(prefix: string, schema: z.ZodType<T>, since = ''): Promise<T[]> => {
    const items: T[] = [];
    let from: Record<string, unknown> | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression:
            since === '' ? 'pk = :pk AND begins_with(sk, :prefix)' : 'pk = :pk AND sk BETWEEN :since AND :end',
          ExpressionAttributeValues:
            since === ''
              ? { ':pk': pk, ':prefix': prefix }
              : { ':pk': pk, ':since': prefix + since, ':end': `${prefix}\uffff` },
          ConsistentRead: true,
          ExclusiveStartKey: from,
        }),
      );
      for (const item of page.Items ?? []) items.push(schema.parse(item));
      from = page.LastEvaluatedKey;
    } while (from);
    return items;
  };
  const newest = async <T>(prefix: string, { most, schema }: { most: number; schema: z.ZodType<T> }): Promise<T[]> => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
        ConsistentRead: true,
        ScanIndexForward: false,
        Limit: most,
      }),
    );
    return Items.map((item) => schema.parse(item));
  };
  return {
    head: async () => (await get(SORT_KEYS.head, headSchema)) ?? emptyHead(model),
    slot: async () => (await get(SORT_KEYS.slot, slotSchema)) ?? emptySlot(model),
    version: (version) => get(SORT_KEYS.version(version), versionSchema),
    run: (runId) => get(SORT_KEYS.run(runId), runItemSchema),
    upload: (id) => get(SORT_KEYS.upload(id), uploadSchema),
    dataset: (sha256) => get(SORT_KEYS.dataset(sha256), datasetItemSchema),
    labels: (sha256) => get(SORT_KEYS.labels(sha256), labelsItemSchema),
    approval: (version) => get(SORT_KEYS.approval(version), approvalSchema),
    rollout: (token) => get(SORT_KEYS.rollout(token), rolloutRecordSchema),
    rollouts: () => list('ROLLOUT#', rolloutRecordSchema),
    window: (id) => get(SORT_KEYS.window(id), windowItemSchema),
    windows: (most) => newest('WINDOW#', { most, schema: windowItemSchema }),
    monitor: (version) => get(SORT_KEYS.monitor(version), packedMonitor),
    cohorts: (since) => list('COHORT#', cohortItemSchema, since),
    reactions: async () => (await get(SORT_KEYS.reactions, reactionStateSchema)) ?? emptyReactions(model),
    incidents: () => list('INCIDENT#', incidentSchema),
    pinnedSchema: () => get(SORT_KEYS.schema, pinnedSchemaSchema),
    versions: () => list('VERSION#', versionSchema),
    runs: () => list('RUN#', runItemSchema),
    uploads: () => list('UPLOAD#', uploadSchema),
    decisions: () => list('DECISION#', decisionSchema),

    async write(write) {
      const TransactItems = transactItems(table, pk, write);
      if (TransactItems.length === 0) return;
      try {
        await client.send(new TransactWriteCommand({ TransactItems }));
      } catch (cause) {
        if (cause instanceof TransactionCanceledException && isRace(cause)) {
          throw new Conflict(`The registry of "${model}" was changed by somebody else at the same time`, { cause });
        }
        throw cause;
      }
    },
  };
}

type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;

function transactItems(table: string, pk: string, write: RegistryWrite): TransactItems {
  const items: TransactItems = [];
  const put = (sk: string, item: object, condition: object = {}) =>
    items.push({ Put: { TableName: table, Item: { ...item, pk, sk }, ...condition } });

  if (write.transition) {
    const { head, versions, decision } = write.transition;
    put(SORT_KEYS.head, head, onRevision(head.revision - 1));
    put(SORT_KEYS.decision(decision.sequence), decision, ABSENT);
    for (const version of versions) put(SORT_KEYS.version(version.version), version);
  }
  if (write.slot) put(SORT_KEYS.slot, write.slot, onRevision(write.slot.revision - 1));
  if (write.rollout) put(SORT_KEYS.rollout(write.rollout.token), write.rollout, onRevision(write.rollout.revision - 1));
  if (write.window) put(SORT_KEYS.window(write.window.id), write.window, onRevision(write.window.revision - 1));
  for (const monitor of write.monitors ?? [])
    put(SORT_KEYS.monitor(monitor.version), packMonitor(monitor), onRevision(monitor.revision - 1));
  for (const cohort of write.cohorts ?? []) put(SORT_KEYS.cohort(cohort.id), cohort, onRevision(cohort.revision - 1));
  if (write.reactions) put(SORT_KEYS.reactions, write.reactions, onRevision(write.reactions.revision - 1));
  for (const incident of write.incidents ?? []) put(SORT_KEYS.incident(incident.id), incident);
  if (write.schema) put(SORT_KEYS.schema, write.schema, ABSENT);
  if (write.labels) put(SORT_KEYS.labels(write.labels.sha256), write.labels, ABSENT);
  if (write.approval) put(SORT_KEYS.approval(write.approval.version), write.approval);
  for (const run of [...(write.run ? [write.run] : []), ...(write.runs ?? [])]) put(SORT_KEYS.run(run.runId), run);
  for (const upload of write.uploads ?? []) put(SORT_KEYS.upload(upload.id), upload);
  for (const dataset of write.datasets ?? []) put(SORT_KEYS.dataset(dataset.sha256), dataset);
  return items;
}

/** An item holds 400 KB: the accumulators of 2 000 features, with counts of windows that were too small, are more as they are. */
function packMonitor({ drift, quality, lastCohort, ...known }: MonitorItem): object {
  return { ...known, packed: gzipSync(JSON.stringify({ drift, quality, lastCohort })) };
}

const packedMonitor = z
  .looseObject({ packed: z.instanceof(Uint8Array) })
  .transform(({ packed, ...known }) => ({ ...known, ...JSON.parse(gunzipSync(packed).toString('utf8')) }))
  .pipe(monitorItemSchema);

const ABSENT = { ConditionExpression: 'attribute_not_exists(pk)' };

/** Revision 0 is "not stored yet". */
const onRevision = (revision: number) =>
  revision === 0
    ? ABSENT
    : { ConditionExpression: 'revision = :revision', ExpressionAttributeValues: { ':revision': revision } };

const RACES: ReadonlySet<string | undefined> = new Set(['ConditionalCheckFailed', 'TransactionConflict']);

const isRace = (cause: TransactionCanceledException) =>
  (cause.CancellationReasons ?? []).some((reason) => RACES.has(reason.Code));

/**
 * 1 s to connect and 5 s to answer are far beyond DynamoDB's milliseconds and far below a handler's timeout. Five attempts
 * with jittered backoff ride out a throttled partition; the SDK repeats a transaction with the same ClientRequestToken, so
 * a lost answer does not write twice.
 *
 * Metrics and ranges are doubles, and come back as what they were: DynamoDB keeps 38 digits, a double needs 17. The
 * library would rather refuse whatever lies beyond the safe integers.
 */
export function documents(config: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  const client = new DynamoDBClient({
    ...config,
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true, allowImpreciseNumbers: true },
    unmarshallOptions: { wrapNumbers: Number },
  });
}

/** Races that a model's own handlers can lose in a row before something else must be wrong. */
const MOST_RACES = 12;

/** Reads and decides anew whenever somebody else wrote in between; waits a random moment longer each time. */
export async function onConflictRetry<T>(attempt: () => Promise<T>): Promise<T> {
  for (let race = 1; ; race += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Conflict) || race === MOST_RACES) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * race));
    }
  }
}
