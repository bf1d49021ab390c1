import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { writeAssembly } from '../../support/assembly.ts';
import { arnOf, role, stateMachine } from '../../support/template-parts.ts';

const MINUTE = 60_000;
const MACHINES = 'arn:aws:states:us-east-1:000000000000:stateMachine';
const trigger = role('events.amazonaws.com', { Action: 'states:StartExecution', Resource: `${MACHINES}:*` });

/** A machine `monitor` that a schedule starts and that starts a machine `react`, which an alarm starts as well. */
const RESOURCES = {
  TriggerRole: trigger,
  MonitorRole: role('states.amazonaws.com', { Action: 'states:StartExecution', Resource: `${MACHINES}:react` }),
  ReactRole: role('states.amazonaws.com', { Action: 'sns:Publish', Resource: '*' }),
  Monitor: stateMachine('monitor', 'MonitorRole', {
    'Start react': {
      Type: 'Task',
      Resource: 'arn:aws:states:::states:startExecution',
      Arguments: { StateMachineArn: arnOf('React'), Input: { window: '{% $states.input.time %}' } },
      Output: '{% $states.result.ExecutionArn %}',
      End: true,
    },
  }),
  React: stateMachine('react', 'ReactRole', { Note: { Type: 'Pass', End: true } }),
  Schedule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      ScheduleExpression: 'cron(15 * * * ? *)',
      Targets: [
        {
          Id: 'monitor',
          Arn: arnOf('Monitor'),
          RoleArn: arnOf('TriggerRole'),
          InputTransformer: { InputPathsMap: { time: '$.time' }, InputTemplate: '{"time":<time>,"model":"churn"}' },
        },
      ],
    },
  },
  Drift: {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: 'drift',
      Namespace: 'Sluice',
      MetricName: 'InputDrift',
      Dimensions: [{ Name: 'Model', Value: 'churn' }],
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    },
  },
  AlarmRule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        resources: [arnOf('Drift')],
        detail: { state: { value: ['ALARM'] } },
      },
      Targets: [
        {
          Id: 'react',
          Arn: arnOf('React'),
          RoleArn: arnOf('TriggerRole'),
          InputTransformer: {
            InputPathsMap: {
              alarm: '$.detail.alarmName',
              state: '$.detail.state.value',
              before: '$.detail.previousState.value',
            },
            InputTemplate: '{"alarm":<alarm>,"state":<state>,"before":<before>}',
          },
        },
      ],
    },
  },
};

let folder: string;
let cloud: Cloud;
let states: SFNClient;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-reactions-'));
  cloud = await startCloud({ time: 'skip', startAt: Date.UTC(2026, 0, 5) });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  states = new SFNClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const deploy = (change: object = {}) =>
  cloud.deploy(
    writeAssembly(folder, { dev: { App: { template: { Resources: { ...RESOURCES, ...change } } as never } } }),
  );
/** The executions of a machine, oldest first. */
const executions = async (machine: string) => {
  const { executions: all = [] } = await states.send(
    new ListExecutionsCommand({ stateMachineArn: `${MACHINES}:${machine}` }),
  );
  const found = all.map(({ executionArn }) => states.send(new DescribeExecutionCommand({ executionArn })));
  return (await Promise.all(found))
    .map(({ status, input, error, cause }) => ({ status, input: JSON.parse(input ?? ''), error, cause }))
    .sort((a, b) => (JSON.stringify(a.input) < JSON.stringify(b.input) ? -1 : 1));
};

describe('a schedule', () => {
  test('starts a machine with the input that the rule makes, which starts another', async () => {
    await deploy();
    await cloud.clock.advance(2 * 60 * MINUTE);
    const hours = ['2026-01-05T00:15:00Z', '2026-01-05T01:15:00Z'];
    const monitored = hours.map((time) => ({ status: 'SUCCEEDED', input: { time, model: 'churn' } }));
    expect(await executions('monitor')).toMatchObject(monitored);
    const reacted = hours.map((window) => ({ status: 'SUCCEEDED', input: expect.objectContaining({ window }) }));
    expect(await executions('react')).toMatchObject(reacted);
  });

  test('cannot start a machine whose role for the rule does not grant it', async () => {
    await deploy({
      TriggerRole: role('events.amazonaws.com', { Action: 'states:StartExecution', Resource: `${MACHINES}:x` }),
    });
    await cloud.clock.advance(60 * MINUTE);
    expect(await executions('monitor')).toEqual([]);
    expect(cloud.iam.report().denied).toMatchObject([{ action: 'states:StartExecution' }]);
  });
});

test('a machine cannot start another that its role does not name', async () => {
  await deploy({
    MonitorRole: role('states.amazonaws.com', { Action: 'states:StartExecution', Resource: `${MACHINES}:x` }),
  });
  await cloud.clock.advance(60 * MINUTE);
  const [monitored] = await executions('monitor');
  expect(monitored).toMatchObject({ status: 'FAILED', error: 'StepFunctions.AWSStepFunctionsException' });
  expect(await executions('react')).toEqual([]);
});

test('an alarm that rises starts a machine, and only when it rises', async () => {
  await deploy();
  const drifted = { namespace: 'Sluice', name: 'InputDrift', dimensions: { Model: 'churn' }, value: 2 };
  await cloud.clock.advance(MINUTE);
  for (let minute = 0; minute < 3; minute += 1) {
    cloud.context.putServiceMetric(drifted);
    await cloud.clock.advance(MINUTE);
  }
  expect(await executions('react')).toMatchObject([
    { status: 'SUCCEEDED', input: { alarm: 'drift', state: 'ALARM', before: 'OK' } },
  ]);
});
