import type { Document } from '../kernel/service.ts';
import { checkDestination } from './destinations.ts';
import { lambdaError } from './errors.ts';
import { type EventInvokeRecord, keyOf, type LambdaState } from './state.ts';

/** How a function's asynchronous events are tried again and where they go in the end. */
export class EventInvokes {
  readonly #state: LambdaState;

  constructor(state: LambdaState) {
    this.#state = state;
  }

  put(functionName: string, qualifier: string | undefined, input: Document): EventInvokeRecord {
    this.#state.resolve(functionName, qualifier);
    const destinations = (input.DestinationConfig ?? {}) as Record<string, { Destination?: string } | undefined>;
    const onSuccess = destinations.OnSuccess?.Destination;
    const onFailure = destinations.OnFailure?.Destination;
    for (const arn of [onSuccess, onFailure]) if (arn) checkDestination(this.#state, functionName, arn);
    const record = {
      functionName,
      qualifier: qualifier ?? '$LATEST',
      ...limited('maximumRetryAttempts', input.MaximumRetryAttempts, 0, 2),
      ...limited('maximumEventAgeInSeconds', input.MaximumEventAgeInSeconds, 60, 21_600),
      ...(onSuccess ? { onSuccess } : {}),
      ...(onFailure ? { onFailure } : {}),
      modifiedAt: this.#state.context.clock.now(),
    };
    this.#state.eventInvokes.set(keyOf(functionName, qualifier), record);
    return record;
  }

  get(functionName: string, qualifier: string | undefined): EventInvokeRecord {
    const record = this.#state.eventInvokes.get(keyOf(functionName, qualifier));
    if (record) return record;
    const arn = this.#state.arn(functionName, qualifier ?? '$LATEST');
    throw lambdaError.notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
  }

  delete(functionName: string, qualifier: string | undefined): void {
    this.#state.eventInvokes.delete(keyOf(functionName, qualifier));
  }

  describe(record: EventInvokeRecord): Document {
    const destination = (arn: string | undefined) => (arn ? { Destination: arn } : {});
    return {
      FunctionArn: this.#state.arn(record.functionName, record.qualifier),
      LastModified: new Date(record.modifiedAt),
      MaximumRetryAttempts: record.maximumRetryAttempts,
      MaximumEventAgeInSeconds: record.maximumEventAgeInSeconds,
      DestinationConfig: { OnSuccess: destination(record.onSuccess), OnFailure: destination(record.onFailure) },
    };
  }
}

function limited(key: string, value: unknown, min: number, max: number): Record<string, number> {
  if (value === undefined) return {};
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max) {
    throw lambdaError.validation(
      `Value '${String(value)}' at '${key}' failed to satisfy constraint: between ${min} and ${max}`,
    );
  }
  return { [key]: number };
}
