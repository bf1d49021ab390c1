import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import { expect, test } from 'vitest';
import { readCopied } from '../../../lambdas/shared/copied-answer.ts';

const line = (own: object = {}) =>
  JSON.stringify({ message: 'prediction', request_id: 'r1', function_version: '3', latency_ms: 2, ...own });
const report = JSON.stringify({ type: 'platform.report', record: { requestId: 'r1', metrics: { durationMs: 7.5 } } });

const output = (payload: object, log: readonly string[] = [], FunctionError?: string): InvokeCommandOutput => ({
  $metadata: { requestId: 'r1' },
  Payload: Buffer.from(JSON.stringify(payload)) as unknown as InvokeCommandOutput['Payload'],
  LogResult: Buffer.from(log.join('\n')).toString('base64'),
  FunctionError,
});
const answered = { predictions: [{ label: 'yes', score: 0.7 }] };

test('an answer comes with the time that Lambda reports, or else the handler', () => {
  expect(readCopied(output(answered, ['cut off {', line(), report]), 1)).toEqual({
    challenger: [{ label: 'yes', score: 0.7 }],
    latencyMs: 7.5,
  });
  expect(readCopied(output(answered, [line()]), 1).latencyMs).toBe(2);
});

test('the first request of an instance has no time that says anything', () => {
  expect(readCopied(output(answered, [line({ cold: true }), report]), 1).latencyMs).toBeNull();
  expect(readCopied(output(answered), 1).latencyMs).toBeNull();
});

test.each<[string, object, string | undefined, string]>([
  ['a crash', { errorType: 'TypeError', errorMessage: 'no tariff' }, 'Unhandled', 'TypeError: no tariff'],
  ['a crash without a word', {}, 'Unhandled', 'Unhandled: '],
  [
    'a refusal',
    { statusCode: 400, error: { code: 'InvalidInstance', message: '"age" is missing' } },
    undefined,
    '"age" is missing',
  ],
  [
    'an answer for another number of rows',
    { predictions: [] },
    undefined,
    'its answer does not hold a prediction for each row',
  ],
])('%s is no answer', (_what, payload, functionError, failure) => {
  expect(readCopied(output(payload, [], functionError), 1).challenger).toEqual({ failure });
});
