import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Document } from '../../../local/kernel/service.ts';
import { ROLE, type StatesCloud, statesCloud } from '../../support/states-cloud.ts';
import { invoke } from './cases/case.ts';

let cloud: StatesCloud;
beforeEach(() => {
  cloud = statesCloud();
});
afterEach(() => cloud.stop());

const task = { QueryLanguage: 'JSONata', ...invoke() };
const ask = (state: object, extra: Document = {}) =>
  cloud.call('TestState', { definition: JSON.stringify(state), roleArn: ROLE, input: '{"a":1}', ...extra });

test('TestState runs a state by itself', async () => {
  const state = { Type: 'Pass', QueryLanguage: 'JSONata', Output: '{% $states.input.a + $v %}', Next: 'Then' };
  expect(await ask(state, { variables: '{"v":2}', inspectionLevel: 'DEBUG' })).toEqual({
    status: 'SUCCEEDED',
    output: '3',
    nextState: 'Then',
    inspectionData: { input: '{"a":1}' },
  });
});

test('TestState takes a result for what the task would give', async () => {
  const mock = { result: '{"StatusCode":200,"Payload":5}' };
  const state = { ...task, Output: '{% $states.result.Payload %}' };
  expect(await ask(state, { mock, inspectionLevel: 'DEBUG' })).toEqual({
    status: 'SUCCEEDED',
    output: '5',
    inspectionData: { input: '{"a":1}', afterArguments: '{"FunctionName":"work","Payload":{"a":1}}' },
  });
});

test('TestState says whether an error would be retried or caught', async () => {
  const state = {
    ...task,
    Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 2, MaxAttempts: 2 }],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
  };
  const mock = { errorOutput: { error: 'Busy', cause: 'now' } };
  expect(
    await ask(state, { mock, inspectionLevel: 'DEBUG', stateConfiguration: { retrierRetryCount: 1 } }),
  ).toMatchObject({
    status: 'RETRIABLE',
    error: 'Busy',
    inspectionData: { errorDetails: { retryIndex: 0, retryBackoffIntervalSeconds: 4 } },
  });
  expect(await ask(state, { mock, stateConfiguration: { retrierRetryCount: 2 } })).toMatchObject({
    status: 'CAUGHT_ERROR',
    nextState: 'Caught',
    output: '{"Error":"Busy","Cause":"now"}',
  });
});

test('TestState refuses a result that the service could not give', async () => {
  const mock = { result: '{"StatusCode":"200"}' };
  await expect(ask(task, { mock })).rejects.toThrow(
    "Mock result schema validation error: Field 'StatusCode' must be a number",
  );
  const lenient = { ...mock, fieldValidationMode: 'NONE' };
  expect(await ask(task, { mock: lenient })).toMatchObject({ status: 'SUCCEEDED' });
});
