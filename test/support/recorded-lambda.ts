import { randomUUID } from 'node:crypto';
import type { Document } from '../../local/kernel/service.ts';
import type { Answer } from './states-cloud.ts';

/** How a recorded case describes its functions and what they answered. */
export interface RecordedNeeds {
  readonly bindings?: Readonly<Record<string, { readonly handler?: Handler; readonly error_payload?: unknown }>>;
  readonly calls?: readonly { readonly response?: RecordedResponse }[];
}

interface RecordedResponse {
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: unknown;
  readonly as?: string;
}

interface Handler {
  readonly behaviour: string;
  readonly seconds?: number;
  readonly errorType?: string;
  readonly errorMessage?: string;
  readonly value?: unknown;
}

/** Lambda as the case had it: by the recorded answers where there are some, else by the described behaviour. */
export function recordedLambda(needs: RecordedNeeds): Answer {
  const pending = [...(needs.calls ?? [])];
  const bindings = Object.values(needs.bindings ?? {});
  const described = bindings.find(({ handler }) => handler !== undefined);
  return async ({ input }, clock) => {
    const response = pending.shift()?.response;
    const handler = described?.handler;
    if (handler?.behaviour === 'sleep-then-identity') {
      await clock.run('sleeping function', (work) => work.sleep(1000 * (handler.seconds ?? 0)));
    }
    if (response?.error !== undefined) return failed(response.cause);
    if (response?.output !== undefined) return succeeded(payloadOf(response.output));
    if (handler?.behaviour === 'raise') return failed(described?.error_payload ?? raised(handler));
    return succeeded(JSON.parse(Buffer.from(input.Payload as Uint8Array).toString('utf8')));
  };
}

/** An answer of the optimized integration has the function's own inside; a function's ARN gives it as it is. */
function payloadOf(output: unknown): unknown {
  const answer = output as Document | null;
  return answer !== null && typeof answer === 'object' && 'StatusCode' in answer ? answer.Payload : output;
}

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value ?? null));
const succeeded = (value: unknown): Document => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  Payload: bytes(value),
});
const failed = (payload: unknown): Document => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  FunctionError: 'Unhandled',
  Payload: bytes(payload),
});

function raised({ errorType = 'Exception', errorMessage = '' }: Handler): Document {
  return {
    errorMessage,
    errorType,
    requestId: randomUUID(),
    stackTrace: [`  File "/var/task/handler.py", line 2, in handler\n    raise ${errorType}("${errorMessage}")\n`],
  };
}
