import { afterEach, expect, test } from 'vitest';
import type { Document } from '../../../local/kernel/service.ts';
import { ROLE, type StatesCloud, statesCloud } from '../../support/states-cloud.ts';
import { invoke, machine } from './cases/case.ts';

const asking = (fields: Record<string, unknown> = {}) =>
  machine({
    Ask: invoke({
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
      ...fields,
    }),
    ...('Catch' in fields ? { Caught: { Type: 'Pass', Output: '{% $states.input %}', End: true } } : {}),
  });

let cloud: StatesCloud;
afterEach(() => cloud.stop());

/** Starts a machine and gives the token that its task was called with. */
async function asked(definition: unknown, extra: Document = {}) {
  cloud = statesCloud({ answer: () => ({ StatusCode: 200, Payload: Buffer.from('null') }), ...extra });
  const { stateMachineArn } = await cloud.call('CreateStateMachine', {
    name: 'asks',
    definition: JSON.stringify(definition),
    roleArn: ROLE,
  });
  const { executionArn } = await cloud.call('StartExecution', { stateMachineArn });
  await cloud.clock.idle();
  const payload = JSON.parse(String(cloud.calls[0]?.input.Payload)) as { token: string };
  return { executionArn: String(executionArn), taskToken: payload.token };
}

const ended = async (executionArn: string) => {
  await cloud.clock.idle();
  return cloud.call('DescribeExecution', { executionArn });
};
const refusal = (action: string, input: Document) =>
  cloud.call(action, input).catch((error: { code: string }) => error.code);

test('a task waits for its token, and takes the output that comes with it', async () => {
  const { executionArn, taskToken } = await asked(asking());
  expect(await cloud.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'RUNNING' });
  await cloud.call('SendTaskSuccess', { taskToken, output: '{"approved":true}' });
  expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
  const events = await cloud.history(executionArn);
  expect(events.map(({ id, previousEventId, type }) => `${id} ${previousEventId} ${type}`)).toEqual([
    '1 0 ExecutionStarted',
    '2 0 TaskStateEntered',
    '3 2 TaskScheduled',
    '4 3 TaskStarted',
    '5 4 TaskSubmitted',
    '6 5 TaskSucceeded',
    '7 6 TaskStateExited',
    '8 7 ExecutionSucceeded',
  ]);
});

test('a token is good for one answer', async () => {
  const { taskToken } = await asked(asking());
  await cloud.call('SendTaskSuccess', { taskToken, output: '1' });
  expect(await refusal('SendTaskSuccess', { taskToken, output: '2' })).toBe('TaskTimedOut');
  expect(await refusal('SendTaskSuccess', { taskToken: 'made up', output: '1' })).toBe('InvalidToken');
});

test('output that is no JSON is refused and the task goes on waiting', async () => {
  const { executionArn, taskToken } = await asked(asking());
  expect(await refusal('SendTaskSuccess', { taskToken, output: '{' })).toBe('InvalidOutput');
  await cloud.call('SendTaskSuccess', { taskToken, output: '1' });
  expect(await ended(executionArn)).toMatchObject({ output: '1' });
});

test('a failure without a name is caught by States.ALL only', async () => {
  const { executionArn, taskToken } = await asked(
    asking({
      Catch: [
        { ErrorEquals: ['States.TaskFailed'], Output: 'wrong', Next: 'Caught' },
        { ErrorEquals: ['States.ALL'], Next: 'Caught' },
      ],
    }),
  );
  await cloud.call('SendTaskFailure', { taskToken });
  expect(await ended(executionArn)).toMatchObject({ output: '{"Error":null,"Cause":null}' });
});

test('a task that waits for nobody in particular does not make time pass', async () => {
  const { executionArn } = await asked(asking({ TimeoutSeconds: 3600 }));
  const before = cloud.clock.now();
  await cloud.clock.idle();
  expect(cloud.clock.now() - before).toBeLessThan(60_000);
  await cloud.clock.advance(3_600_000);
  expect(await ended(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
});

test('a heartbeat puts off the end of a silent task', async () => {
  const { executionArn, taskToken } = await asked(
    asking({ HeartbeatSeconds: 60, Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Caught' }] }),
  );
  await cloud.clock.advance(50_000);
  await cloud.call('SendTaskHeartbeat', { taskToken });
  await cloud.clock.advance(50_000);
  expect(await cloud.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'RUNNING' });
  await cloud.clock.advance(20_000);
  expect(await ended(executionArn)).toMatchObject({ output: '{"Error":"States.Timeout","Cause":""}' });
  expect(await refusal('SendTaskHeartbeat', { taskToken })).toBe('TaskTimedOut');
});

const child = machine({
  Which: {
    Type: 'Choice',
    Choices: [{ Condition: '{% $states.input.fail %}', Next: 'No' }],
    Default: 'Rest',
  },
  Rest: { Type: 'Wait', Seconds: 30, Next: 'Yes' },
  Yes: { Type: 'Succeed', Output: { done: true } },
  No: { Type: 'Fail', Error: 'Child', Cause: 'no' },
});

async function nested(pattern: string, input: Record<string, unknown>) {
  cloud = statesCloud();
  const { stateMachineArn } = await cloud.call('CreateStateMachine', {
    name: 'child',
    definition: JSON.stringify(child),
    roleArn: ROLE,
  });
  return cloud.run(
    machine({
      Start: {
        Type: 'Task',
        Resource: `arn:aws:states:::states:startExecution${pattern}`,
        Arguments: { StateMachineArn: stateMachineArn, Name: 'nested', Input: input },
        End: true,
      },
    }),
  );
}

test('startExecution.sync:2 waits for the execution and parses its output', async () => {
  const { status, output, events } = await nested('.sync:2', { fail: false });
  expect(status).toBe('SUCCEEDED');
  expect(output).toMatchObject({
    Name: 'nested',
    Status: 'SUCCEEDED',
    Input: { fail: false },
    Output: { done: true },
    OutputDetails: { Included: true },
    RedriveStatus: 'NOT_REDRIVABLE',
  });
  expect(events.map(({ type }) => type)).toContain('TaskSubmitted');
});

test('startExecution.sync gives the output as text', async () => {
  expect((await nested('.sync', { fail: false })).output).toMatchObject({ Output: '{"done":true}' });
});

test('startExecution.sync fails with what the execution failed with', async () => {
  const { error, cause } = await nested('.sync', { fail: true });
  expect(error).toBe('States.TaskFailed');
  expect(JSON.parse(String(cause))).toMatchObject({ Status: 'FAILED', Error: 'Child', Cause: 'no' });
});

test('startExecution alone does not wait', async () => {
  expect((await nested('', { fail: true })).output).toMatchObject({ ExecutionArn: expect.stringContaining('nested') });
});
