import { Unsupported } from '../../kernel/errors.ts';
import type { Call, Document, Operation } from '../../kernel/service.ts';
import type { AsyncQueue } from '../async-queue.ts';
import { lambdaError } from '../errors.ts';
import { type Invoker, SYNC_PAYLOAD_LIMIT } from '../execution/invoker.ts';
import { type LambdaState, referenceOf } from '../state.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const ASYNC_PAYLOAD_LIMIT = 1_048_576;

export function invokeOperations(state: LambdaState, invoker: Invoker, events: AsyncQueue): Record<string, Operation> {
  return {
    Invoke: {
      access(input) {
        const { name, qualifier } = referenceOf(input);
        state.resolve(name, qualifier);
        const resource = state.arn(name, qualifier);
        return [{ action: 'lambda:InvokeFunction', resource, policy: state.policy(name, qualifier) }];
      },
      handle: (input, call) => invoke(state, invoker, events, input, call),
    },
  };
}

async function invoke(
  state: LambdaState,
  invoker: Invoker,
  events: AsyncQueue,
  input: Document,
  call: Call,
): Promise<Document> {
  const { name, qualifier } = referenceOf(input);
  const type = String(input.InvocationType ?? 'RequestResponse');
  const limit = type === 'Event' ? ASYNC_PAYLOAD_LIMIT : SYNC_PAYLOAD_LIMIT;
  const payload = payloadOf(input.Payload, limit);
  state.resolve(name, qualifier);
  if (type === 'DryRun') return { StatusCode: 204 };
  if (type === 'Event') {
    events.add({ requestId: call.requestId, name, qualifier, payload });
    return { StatusCode: 202, Payload: new Uint8Array() };
  }
  if (type !== 'RequestResponse') throw new Unsupported(`the Lambda invocation type ${type}`);
  const clientContext = clientContextOf(input.ClientContext);
  const result = await invoker.invoke({ name, qualifier, requestId: call.requestId, payload, clientContext });
  return {
    StatusCode: 200,
    ExecutedVersion: result.executedVersion,
    Payload: Buffer.from(result.payload),
    ...(result.functionError ? { FunctionError: result.functionError } : {}),
    ...(input.LogType === 'Tail' ? { LogResult: result.logTail.toString('base64') } : {}),
  };
}

/** The event as JSON text; none at all is an empty object. */
function payloadOf(payload: unknown, limit: number): string {
  const bytes =
    typeof payload === 'string' ? Buffer.from(payload) : Buffer.from((payload as Uint8Array | undefined) ?? '');
  if (bytes.length > limit) throw lambdaError.requestTooLarge(limit);
  if (bytes.length === 0) return '{}';
  const text = bytes.toString('utf8');
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw lambdaError.requestContent((error as Error).message);
  }
}

function clientContextOf(value: unknown): unknown {
  if (value === undefined) return undefined;
  try {
    return JSON.parse(Buffer.from(String(value), 'base64').toString('utf8'));
  } catch {
    throw lambdaError.requestContent('ClientContext is not base64 of JSON');
  }
}
