import { AwsError } from '../../kernel/errors.ts';
import type { Operation } from '../../kernel/service.ts';
import { type Json, PAYLOAD_LIMIT } from '../json.ts';
import { operation, requiredText, type StatesCore } from './core.ts';

export function sendTaskSuccess({ tokens }: StatesCore): Operation {
  return operation(
    'SendTaskSuccess',
    () => '*',
    async (input) => {
      const text = String(input.output ?? '');
      tokens.complete(requiredText(input, 'taskToken'), { kind: 'success', output: parseOutput(text) });
      return {};
    },
  );
}

export function sendTaskFailure({ tokens }: StatesCore): Operation {
  return operation(
    'SendTaskFailure',
    () => '*',
    async (input) => {
      const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
      tokens.complete(requiredText(input, 'taskToken'), {
        kind: 'failure',
        error: text(input.error),
        cause: text(input.cause),
      });
      return {};
    },
  );
}

export function sendTaskHeartbeat({ tokens }: StatesCore): Operation {
  return operation(
    'SendTaskHeartbeat',
    () => '*',
    async (input) => {
      tokens.heartbeat(requiredText(input, 'taskToken'));
      return {};
    },
  );
}

function parseOutput(text: string): Json {
  if (Buffer.byteLength(text) > PAYLOAD_LIMIT) {
    throw new AwsError('InvalidOutput', "Invalid Output: 'The output is larger than 262144 bytes'");
  }
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new AwsError('InvalidOutput', `Invalid Output: '${(cause as Error).message}'`);
  }
}
