import { StateFailure } from '../interpreter/failure.ts';
import { isObject, type Json } from '../json.ts';
import { optimizedFailure } from './failures.ts';
import { defined, type Integration } from './integration.ts';

/** `arn:aws:states:::lambda:invoke` */
export const lambdaInvoke: Integration = {
  service: 'lambda',
  action: 'Invoke',
  request: (args) =>
    defined({
      FunctionName: args.FunctionName,
      Qualifier: args.Qualifier,
      InvocationType: args.InvocationType,
      LogType: args.LogType,
      ClientContext: args.ClientContext,
      // Text is sent as it is: it must be JSON itself.
      Payload: Buffer.from(typeof args.Payload === 'string' ? args.Payload : JSON.stringify(args.Payload ?? {})),
    }),
  result: (output) => {
    const payload = textOf(output.Payload);
    if (output.FunctionError !== undefined) throw functionFailure(payload, (value) => JSON.stringify(value));
    return {
      ExecutedVersion: String(output.ExecutedVersion ?? '$LATEST'),
      ...(payload === '' ? {} : { Payload: JSON.parse(payload) as Json }),
      StatusCode: Number(output.StatusCode ?? 200),
    };
  },
  failure: (error, requestId) => optimizedFailure('lambda', error, requestId),
};

/** A function's own ARN as the resource: the input is the event, the answer is the result. */
export const lambdaFunction = {
  request: (arn: string, input: Json) => ({ FunctionName: arn, Payload: Buffer.from(JSON.stringify(input)) }),
  result: (output: Record<string, unknown>): Json => {
    const payload = textOf(output.Payload);
    if (output.FunctionError !== undefined) throw functionFailure(payload, () => payload);
    return payload === '' ? null : (JSON.parse(payload) as Json);
  },
};

/** The error is what the function threw; the cause is its answer, whose text each integration renders its own way. */
function functionFailure(payload: string, render: (value: Json) => string): StateFailure {
  const value = parse(payload);
  if (isObject(value) && typeof value.errorType === 'string') return new StateFailure(value.errorType, render(value));
  return new StateFailure(
    'Lambda.Unknown',
    `The cause could not be determined because Lambda did not return an error type. Returned payload: ${payload}`,
  );
}

function textOf(payload: unknown): string {
  if (payload === undefined || payload === null) return '';
  return typeof payload === 'string' ? payload : Buffer.from(payload as Uint8Array).toString('utf8');
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
