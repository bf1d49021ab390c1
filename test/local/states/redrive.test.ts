import { expect, test } from 'vitest';
import { statesCloud } from '../../support/states-cloud.ts';
import { invoke, machine } from './cases/case.ts';

const answered = (payload: unknown, error = false) => ({
  StatusCode: 200,
  Payload: Buffer.from(JSON.stringify(payload)),
  ...(error ? { FunctionError: 'Unhandled' } : {}),
});

test('a failed execution goes on from the state where it failed, with its input and variables', async () => {
  let broken = true;
  const cloud = statesCloud({
    answer: () => (broken ? answered({ errorType: 'Broken', errorMessage: '' }, true) : answered('fine')),
  });
  const { executionArn, status } = await cloud.run(
    machine({
      Keep: { Type: 'Pass', Assign: { kept: 7 }, Output: 'passed on', Next: 'Call' },
      Call: invoke({ Output: '{% [$states.input, $kept, $states.result.Payload] %}' }),
    }),
  );
  expect(status).toBe('FAILED');
  broken = false;
  await cloud.call('RedriveExecution', { executionArn });
  await cloud.clock.idle();
  expect(await cloud.call('DescribeExecution', { executionArn })).toMatchObject({
    status: 'SUCCEEDED',
    output: '["passed on",7,"fine"]',
    redriveCount: 1,
  });
  const types = (await cloud.history(executionArn)).map(({ type }) => type);
  expect(types.slice(types.indexOf('ExecutionFailed'))).toEqual([
    'ExecutionFailed',
    'ExecutionRedriven',
    'TaskScheduled',
    'TaskStarted',
    'TaskSucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  await expect(cloud.call('RedriveExecution', { executionArn })).rejects.toThrow('cannot be redriven');
  await cloud.stop();
});
