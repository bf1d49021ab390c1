import { randomUUID } from 'node:crypto';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { lambdaError } from './errors.ts';
import { type LambdaState, parseReference } from './state.ts';

export interface MappingRecord {
  readonly id: string;
  readonly functionName: string;
  readonly qualifier?: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly maximumConcurrency?: number;
  readonly reportsItemFailures: boolean;
  readonly enabled: boolean;
  readonly modifiedAt: number;
}

const KNOWN: readonly string[] = [
  'UUID',
  'FunctionName',
  'EventSourceArn',
  'BatchSize',
  'MaximumBatchingWindowInSeconds',
  'ScalingConfig',
  'FunctionResponseTypes',
  'Enabled',
];

/** Which queues feed which functions. */
export class EventSourceMappings {
  readonly #state: LambdaState;
  readonly #records: Collection<MappingRecord>;
  /** Told when a mapping came, changed or went. */
  onChange: (id: string) => void = () => undefined;

  constructor(state: LambdaState) {
    this.#state = state;
    this.#records = state.context.store.collection('lambda.event-source-mappings');
  }

  all(): MappingRecord[] {
    return [...this.#records.values()];
  }

  find(id: string): MappingRecord | undefined {
    return this.#records.get(id);
  }

  get(id: string): MappingRecord {
    const record = this.find(id);
    if (!record) throw lambdaError.notFound('The resource you requested does not exist.');
    return record;
  }

  create(input: Document): MappingRecord {
    const queueArn = String(input.EventSourceArn ?? '');
    if (!queueArn.includes(':sqs:')) {
      throw new Unsupported(`event source mappings from ${queueArn || 'nothing'}`, { hint: 'It reads SQS queues.' });
    }
    const target = parseReference(input.FunctionName);
    const same = this.all().find(
      (record) =>
        record.queueArn === queueArn && record.functionName === target.name && record.qualifier === target.qualifier,
    );
    if (same) {
      throw lambdaError.conflict(
        `The event source arn (" ${queueArn} ") and function (" ${target.name} ") provided mapping already exists. Please update or delete the existing mapping with UUID ${same.id}`,
      );
    }
    return this.#save(this.#settings({ id: randomUUID(), queueArn }, input));
  }

  update(id: string, input: Document): MappingRecord {
    return this.#save(this.#settings(this.get(id), input));
  }

  delete(id: string): void {
    this.#records.delete(id);
    this.onChange(id);
  }

  describe(record: MappingRecord): Document {
    const { partition, region, account } = this.#state.context;
    return {
      UUID: record.id,
      EventSourceMappingArn: `arn:${partition}:lambda:${region}:${account}:event-source-mapping:${record.id}`,
      EventSourceArn: record.queueArn,
      FunctionArn: this.#state.arn(record.functionName, record.qualifier),
      BatchSize: record.batchSize,
      MaximumBatchingWindowInSeconds: record.batchingWindowSeconds,
      FunctionResponseTypes: record.reportsItemFailures ? ['ReportBatchItemFailures'] : [],
      ...(record.maximumConcurrency ? { ScalingConfig: { MaximumConcurrency: record.maximumConcurrency } } : {}),
      State: record.enabled ? 'Enabled' : 'Disabled',
      StateTransitionReason: 'USER_INITIATED',
      LastModified: new Date(record.modifiedAt),
    };
  }

  #settings(known: Pick<MappingRecord, 'id' | 'queueArn'> & Partial<MappingRecord>, input: Document): MappingRecord {
    const [other] = Object.keys(input).filter((key) => input[key] !== undefined && !KNOWN.includes(key));
    if (other) throw new Unsupported(`${other} of event source mappings`);
    const target = input.FunctionName === undefined ? undefined : parseReference(input.FunctionName);
    const functionName = target?.name ?? known.functionName ?? '';
    const qualifier = target ? target.qualifier : known.qualifier;
    const { version } = this.#state.resolve(functionName, qualifier);
    const batchSize = number('BatchSize', input.BatchSize ?? known.batchSize ?? 10, 1, 10_000);
    const window = number(
      'MaximumBatchingWindowInSeconds',
      input.MaximumBatchingWindowInSeconds ?? known.batchingWindowSeconds ?? 0,
      0,
      300,
    );
    if (batchSize > 10 && window === 0) {
      throw lambdaError.invalid(
        'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
      );
    }
    const scaling = input.ScalingConfig as { MaximumConcurrency?: unknown } | undefined;
    const maximum = scaling ? scaling.MaximumConcurrency : known.maximumConcurrency;
    const types = (input.FunctionResponseTypes as string[] | undefined)?.includes('ReportBatchItemFailures');
    this.#checkRole(version.configuration.Role, functionName, known.queueArn);
    return {
      id: known.id,
      queueArn: known.queueArn,
      functionName,
      ...(qualifier === undefined ? {} : { qualifier }),
      batchSize,
      batchingWindowSeconds: window,
      ...(maximum === undefined ? {} : { maximumConcurrency: number('MaximumConcurrency', maximum, 2, 1000) }),
      reportsItemFailures: types ?? known.reportsItemFailures ?? false,
      enabled: input.Enabled === undefined ? (known.enabled ?? true) : String(input.Enabled) === 'true',
      modifiedAt: this.#state.context.clock.now(),
    };
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions */
  #checkRole(role: string, session: string, queueArn: string): void {
    const { context } = this.#state;
    for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']) {
      try {
        context.authorize(context.rolePrincipal(role, session), [{ action: `sqs:${action}`, resource: queueArn }]);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        throw lambdaError.invalid(`The provided execution role does not have permissions to call ${action} on SQS`);
      }
    }
  }

  #save(record: MappingRecord): MappingRecord {
    this.#records.set(record.id, record);
    this.onChange(record.id);
    return record;
  }
}

function number(name: string, value: unknown, min: number, max: number): number {
  const found = Number(value);
  if (Number.isInteger(found) && found >= min && found <= max) return found;
  throw lambdaError.validation(
    `Value '${String(value)}' at '${name}' failed to satisfy constraint: between ${min} and ${max}`,
  );
}
