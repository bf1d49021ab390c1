import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statesService } from '../../../local/states/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { machine } from './cases/case.ts';

const roleArn = 'arn:aws:iam::000000000000:role/machine';

let cloud: TestKernel;
let client: SFNClient;
beforeAll(async () => {
  cloud = await startKernel({ services: [(context) => statesService(context)] });
  client = new SFNClient(cloud.client);
});
afterAll(async () => {
  client.destroy();
  await cloud.stop();
});

const create = async (name: string, definition: object) => {
  const command = new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn });
  return (await client.send(command)).stateMachineArn;
};

test('the SDK starts an execution that starts another, and reads what came of it', async () => {
  const child = await create('child', machine({ Rest: { Type: 'Wait', Seconds: 3600, Output: 'rested', End: true } }));
  const parent = await create(
    'parent',
    machine({
      Start: {
        Type: 'Task',
        Resource: 'arn:aws:states:::states:startExecution.sync:2',
        Arguments: { StateMachineArn: child, Input: { a: 1 } },
        Output: '{% $states.result.Output %}',
        End: true,
      },
    }),
  );
  const { executionArn, startDate } = await client.send(new StartExecutionCommand({ stateMachineArn: parent }));
  await cloud.clock.idle();
  const described = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(described).toMatchObject({ status: 'SUCCEEDED', output: '"rested"', startDate });
  expect(Number(described.stopDate) - Number(startDate)).toBeGreaterThanOrEqual(3_600_000);
  const { events } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events?.map(({ type }) => type)).toEqual([
    'ExecutionStarted',
    'TaskStateEntered',
    'TaskScheduled',
    'TaskStarted',
    'TaskSubmitted',
    'TaskSucceeded',
    'TaskStateExited',
    'ExecutionSucceeded',
  ]);
  expect(Number(events?.[0]?.timestamp)).toBeGreaterThanOrEqual(Number(startDate));
});

test('the SDK knows the errors', async () => {
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:none';
  await expect(client.send(new StartExecutionCommand({ stateMachineArn }))).rejects.toBeInstanceOf(
    StateMachineDoesNotExist,
  );
});
