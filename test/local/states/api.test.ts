import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document } from '../../../local/kernel/service.ts';
import { ACCOUNT, ROLE, type StatesCloud, statesCloud } from '../../support/states-cloud.ts';
import { invoke, machine } from './cases/case.ts';

const waiting = JSON.stringify(machine({ Rest: { Type: 'Wait', Seconds: 100, End: true } }));
const passing = JSON.stringify(machine({ Only: { Type: 'Pass', End: true } }));

let cloud: StatesCloud;
beforeEach(() => {
  cloud = statesCloud({ answer: () => ({ StatusCode: 200, Payload: Buffer.from('1') }) });
});
afterEach(() => cloud.stop());

const create = async (definition: string, extra: Document = {}) => {
  const created = await cloud.call('CreateStateMachine', { name: 'train', definition, roleArn: ROLE, ...extra });
  return String(created.stateMachineArn);
};
const refusal = (action: string, input: Document) =>
  cloud.call(action, input).then(
    () => 'no error',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );

describe('CreateStateMachine', () => {
  test('names the machine by its ARN and is content with the same again', async () => {
    expect(await create(passing)).toBe(`arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:train`);
    expect(await create(passing)).toContain(':stateMachine:train');
  });

  test('refuses another machine of the same name', async () => {
    await create(passing);
    expect(await refusal('CreateStateMachine', { name: 'train', definition: waiting, roleArn: ROLE })).toBe(
      `StateMachineAlreadyExists: State Machine Already Exists: 'arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:train'`,
    );
  });

  test.each([
    [
      'JSONPath, saying what to do',
      { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } },
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The local cloud executes JSONata: set 'QueryLanguage' to 'JSONata' for the state machine or for this state; 'JSONPath' is not executed at /States/A'",
    ],
    [
      'JSONPath inside a JSONata machine',
      machine({ A: { Type: 'Pass', QueryLanguage: 'JSONPath', End: true } }),
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/A'",
    ],
    [
      'a machine without states',
      { StartAt: 'A' },
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'",
    ],
    [
      'transitions that lead nowhere and states that nothing leads to',
      machine({ A: { Type: 'Pass', Next: 'C' }, B: { Type: 'Succeed' } }),
      "InvalidDefinition: Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next, MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B'",
    ],
    [
      'a workflow that cannot end',
      machine({ A: { Type: 'Pass', Next: 'A' } }),
      "InvalidDefinition: Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'",
    ],
    [
      'a rule that leads nowhere',
      machine({ A: { Type: 'Choice', Choices: [{ Condition: true }], Default: 'B' }, B: { Type: 'Succeed' } }),
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A/Choices[0]'",
    ],
    [
      'Credentials without a role',
      machine({ A: { ...invoke(), Credentials: {} } }),
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field 'RoleArn' is required but was missing at /States/A/Credentials'",
    ],
    [
      'fields of the other query language',
      machine({ A: { Type: 'Pass', InputPath: '$', End: true } }),
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage at /States/A'",
    ],
    [
      'fields that a type of state does not have',
      machine({ A: { Type: 'Pass', Catch: [], End: true } }),
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Field 'Catch' is not supported at /States/A'",
    ],
    [
      'an expression that does not parse',
      machine({ A: { Type: 'Pass', Output: '{% 1 + %}', End: true } }),
      "InvalidDefinition: Invalid State Machine Definition: 'INVALID_JSONATA_EXPRESSION: Unexpected end of expression at /States/A/Output'",
    ],
    [
      'an expression that reads a context item',
      machine({ A: { Type: 'Pass', Output: { v: '{% phone %}' }, End: true } }),
      "InvalidDefinition: Invalid State Machine Definition: 'UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported. at /States/A/Output/v'",
    ],
    [
      'an integration that is not there, by its name',
      machine({ A: { Type: 'Task', Resource: 'arn:aws:states:::ecs:runTask.sync', End: true } }),
      "InvalidDefinition: Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The local cloud does not implement the task resource arn:aws:states:::ecs:runTask.sync at /States/A/Resource'",
    ],
  ])('refuses %s', async (_what, definition, message) => {
    const input = { name: 'x', definition: JSON.stringify(definition), roleArn: ROLE };
    expect(await refusal('CreateStateMachine', input)).toBe(message);
  });

  test('refuses names that the service refuses', async () => {
    expect(await refusal('CreateStateMachine', { name: 'a b', definition: passing, roleArn: ROLE })).toBe(
      "InvalidName: Invalid Name: 'a b'",
    );
  });

  test('asks that the role may deliver logs', async () => {
    const strict = statesCloud({
      authorize: (principal, [request]) => {
        if (principal.kind === 'role' && request?.action.startsWith('logs:')) throw new Error('denied');
      },
    });
    const loggingConfiguration = {
      level: 'ALL',
      destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g:*` } }],
    };
    const input = { name: 'logged', definition: passing, roleArn: ROLE, loggingConfiguration };
    await expect(strict.call('CreateStateMachine', input)).rejects.toThrow(
      'The state machine IAM Role is not authorized to access the Log Destination',
    );
    await strict.stop();
  });
});

describe('StartExecution', () => {
  test('gives the same answer to the same request while the execution runs', async () => {
    const stateMachineArn = await create(waiting);
    const input = { stateMachineArn, name: 'run', input: '{"a":1}' };
    const first = await cloud.call('StartExecution', input);
    expect(await cloud.call('StartExecution', input)).toEqual(first);
    expect(await refusal('StartExecution', { ...input, input: '{}' })).toBe(
      `ExecutionAlreadyExists: Execution Already Exists: 'arn:aws:states:us-east-1:${ACCOUNT}:execution:train:run'`,
    );
    await cloud.clock.idle();
    expect(await refusal('StartExecution', input)).toContain('ExecutionAlreadyExists');
  });

  test.each([
    ['input that is no JSON', { input: '{' }, 'InvalidExecutionInput: Invalid State Machine Execution Input:'],
    ['a name with blanks', { name: 'a b' }, "InvalidName: Invalid Name: 'a b'"],
    ['an ARN of something else', { stateMachineArn: 'arn:aws:s3:::b' }, "InvalidArn: Invalid Arn: 'Invalid ARN prefix"],
    [
      'a machine that does not exist',
      { stateMachineArn: `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:none` },
      `StateMachineDoesNotExist: State Machine Does Not Exist: 'arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:none'`,
    ],
  ])('refuses %s', async (_what, input, message) => {
    const stateMachineArn = await create(passing);
    expect(await refusal('StartExecution', { stateMachineArn, ...input })).toContain(message);
  });
});

test('ListExecutions filters by status, the newest first, in pages', async () => {
  const stateMachineArn = await create(passing);
  for (const name of ['first', 'second', 'third']) {
    await cloud.call('StartExecution', { stateMachineArn, name });
    await cloud.clock.idle();
    await cloud.clock.advance(1000);
  }
  const page = await cloud.call('ListExecutions', { stateMachineArn, statusFilter: 'SUCCEEDED', maxResults: 2 });
  expect((page.executions as Document[]).map(({ name }) => name)).toEqual(['third', 'second']);
  const rest = await cloud.call('ListExecutions', { stateMachineArn, maxResults: 2, nextToken: page.nextToken });
  expect((rest.executions as Document[]).map(({ name }) => name)).toEqual(['first']);
  expect(rest.nextToken).toBeUndefined();
  const running = await cloud.call('ListExecutions', { stateMachineArn, statusFilter: 'RUNNING' });
  expect(running.executions).toEqual([]);
});

test('GetExecutionHistory goes backwards and leaves data out when asked', async () => {
  const { executionArn } = await cloud.run(machine({ Only: { Type: 'Pass', End: true } }), { a: 1 });
  const { events } = await cloud.call('GetExecutionHistory', {
    executionArn,
    reverseOrder: true,
    includeExecutionData: false,
  });
  const last = (events as Document[])[0];
  expect(last).toMatchObject({ id: 4, type: 'ExecutionSucceeded' });
  expect(last?.executionSucceededEventDetails).toEqual({ outputDetails: { truncated: false } });
});

test('StopExecution ends a waiting execution with the error and cause that it is given', async () => {
  const stateMachineArn = await create(
    JSON.stringify(machine({ Ask: { ...invoke(), Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' } })),
  );
  const { executionArn } = await cloud.call('StartExecution', { stateMachineArn });
  await cloud.clock.idle();
  await cloud.call('StopExecution', { executionArn, error: 'Manual', cause: 'enough' });
  await cloud.clock.idle();
  expect(await cloud.call('DescribeExecution', { executionArn })).toMatchObject({
    status: 'ABORTED',
    error: 'Manual',
    cause: 'enough',
    redriveStatus: 'REDRIVABLE',
  });
  const events = await cloud.history(String(executionArn));
  expect(events.at(-1)).toMatchObject({ type: 'ExecutionAborted', previousEventId: 0 });
});

test('an execution that never ends stops at 25,000 events', async () => {
  const { error, cause, events } = await cloud.run(
    machine({
      Loop: { Type: 'Choice', Choices: [{ Condition: true, Next: 'Loop' }], Default: 'End' },
      End: { Type: 'Succeed' },
    }),
  );
  expect({ error, cause }).toEqual({
    error: 'States.Runtime',
    cause: 'The execution reached the maximum number of history events (25000).',
  });
  expect(events.at(-1)).toMatchObject({ id: 25_000, previousEventId: 24_999, type: 'ExecutionFailed' });
});

test('an execution tells EventBridge and CloudWatch how it goes', async () => {
  const { executionArn } = await cloud.run(machine({ Stop: { Type: 'Fail', Error: 'Mine', Cause: 'because' } }));
  expect(cloud.events.map(({ detail }) => detail.status)).toEqual(['RUNNING', 'FAILED']);
  expect(cloud.events[1]).toMatchObject({
    source: 'aws.states',
    detailType: 'Step Functions Execution Status Change',
    resources: [executionArn],
    detail: { executionArn, name: executionArn.split(':').at(-1), error: 'Mine', cause: 'because', output: null },
  });
  expect(cloud.metrics).toEqual(['ExecutionsStarted', 'ExecutionsFailed', 'ExecutionTime']);
});

test('an execution writes its events to the log group, with data only when asked', async () => {
  const loggingConfiguration = (includeExecutionData: boolean, level: string) => ({
    level,
    includeExecutionData,
    destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/flow:*` } }],
  });
  const definition = machine({ Stop: { Type: 'Fail', Error: 'Mine' } });
  await cloud.run(definition, { a: 1 }, { loggingConfiguration: loggingConfiguration(true, 'ALL') });
  expect(cloud.logs.map(({ group, message }) => [group, message.id, message.type, message.details])).toEqual([
    ['/flow', '1', 'ExecutionStarted', { input: '{"a":1}', inputDetails: { truncated: false }, roleArn: ROLE }],
    ['/flow', '2', 'FailStateEntered', { name: 'Stop', input: '{"a":1}', inputDetails: { truncated: false } }],
    ['/flow', '3', 'ExecutionFailed', { error: 'Mine' }],
  ]);
  cloud.logs.length = 0;
  await cloud.run(definition, { a: 1 }, { loggingConfiguration: loggingConfiguration(false, 'ERROR') });
  expect(cloud.logs.map(({ message }) => [message.type, message.details])).toEqual([
    ['FailStateEntered', { name: 'Stop' }],
    ['ExecutionFailed', { error: 'Mine' }],
  ]);
});

test('StartSyncExecution answers with what an express execution came to', async () => {
  const stateMachineArn = await create(passing, { type: 'EXPRESS' });
  const answer = await cloud.call('StartSyncExecution', { stateMachineArn, name: 'now', input: '{"a":1}' });
  expect(answer).toMatchObject({
    status: 'SUCCEEDED',
    output: '{"a":1}',
    billingDetails: { billedDurationInMilliseconds: 100, billedMemoryUsedInMB: 64 },
  });
  expect(String(answer.executionArn)).toContain(':express:train:now:');
  expect(await refusal('DescribeExecution', { executionArn: answer.executionArn })).toContain('ExecutionDoesNotExist');
});

test('UpdateStateMachine leaves running executions with what they were started with', async () => {
  const stateMachineArn = await create(waiting);
  const { executionArn } = await cloud.call('StartExecution', { stateMachineArn });
  await cloud.call('UpdateStateMachine', { stateMachineArn, definition: passing });
  const { definition } = await cloud.call('DescribeStateMachineForExecution', { executionArn });
  expect(definition).toBe(waiting);
  expect((await cloud.call('DescribeStateMachine', { stateMachineArn })).definition).toBe(passing);
  expect(await refusal('UpdateStateMachine', { stateMachineArn })).toContain('MissingRequiredParameter');
});

test('a machine keeps its tags and its place in the list until it is deleted', async () => {
  const resourceArn = await create(passing, { tags: [{ key: 'team', value: 'a' }] });
  await cloud.call('TagResource', { resourceArn, tags: [{ key: 'model', value: 'churn' }] });
  await cloud.call('UntagResource', { resourceArn, tagKeys: ['team'] });
  expect(await cloud.call('ListTagsForResource', { resourceArn })).toEqual({
    tags: [{ key: 'model', value: 'churn' }],
  });
  expect((await cloud.call('ListStateMachines', {})).stateMachines).toMatchObject([{ name: 'train' }]);
  await cloud.call('DeleteStateMachine', { stateMachineArn: resourceArn });
  expect((await cloud.call('ListStateMachines', {})).stateMachines).toEqual([]);
});

test('ValidateStateMachineDefinition lists what is wrong', async () => {
  expect(await cloud.call('ValidateStateMachineDefinition', { definition: '{}' })).toEqual({
    result: 'FAIL',
    diagnostics: [
      {
        severity: 'ERROR',
        code: 'SCHEMA_VALIDATION_FAILED',
        message: 'These fields are required: [States, StartAt]',
        location: '/',
      },
    ],
    truncated: false,
  });
});

test('a distributed Map has a run that counts its children', async () => {
  const ItemProcessor = {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: 'Item',
    States: { Item: { Type: 'Pass', End: true } },
  };
  const { executionArn } = await cloud.run(machine({ Each: { Type: 'Map', Items: [1, 2], ItemProcessor, End: true } }));
  const { mapRuns } = await cloud.call('ListMapRuns', { executionArn });
  const { mapRunArn } = (mapRuns as Document[])[0] ?? {};
  expect(String(mapRunArn)).toMatch(/:mapRun:machine-1\/Each:/);
  expect(await cloud.call('DescribeMapRun', { mapRunArn })).toMatchObject({
    status: 'SUCCEEDED',
    executionCounts: { total: 2, succeeded: 2, failed: 0, pending: 0 },
  });
  const { executions } = await cloud.call('ListExecutions', { mapRunArn });
  const [child] = executions as Document[];
  const events = await cloud.history(String(child?.executionArn));
  expect(events.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'PassStateEntered',
    'PassStateExited',
    'ExecutionSucceeded',
  ]);
});
