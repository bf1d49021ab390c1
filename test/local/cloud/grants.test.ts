import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import type { Principal } from '../../../local/iam/principal.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { writeAssembly } from '../../support/assembly.ts';

let folder: string;
let cloud: Cloud;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-grants-'));
  cloud = await startCloud({ time: 'skip' });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const allow = (Principal: unknown, Action: string | string[], more: Document = {}) => ({
  Effect: 'Allow',
  Principal,
  Action,
  Resource: '*',
  ...more,
});
const events = { Service: 'events.amazonaws.com' };
const deploy = (Resources: Document) =>
  cloud.deploy(
    writeAssembly(folder, { dev: { App: { template: { Resources, Outputs: { Url: { Value: { Ref: 'Jobs' } } } } } } }),
  );

describe('an encrypted queue', () => {
  const resources = (...ofTheKey: Document[]) => ({
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Statement: [allow({ AWS: { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:root' } }, 'kms:*'), ...ofTheKey],
        },
      },
    },
    Jobs: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } } },
    JobsPolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Jobs' }],
        PolicyDocument: { Statement: [allow(events, 'sqs:SendMessage')] },
      },
    },
  });
  const send = () => {
    const { context } = cloud;
    const rule: Principal = {
      kind: 'service',
      service: 'events.amazonaws.com',
      sourceArn: 'arn:aws:events:us-east-1:000000000000:rule/uploads',
      sourceAccount: '000000000000',
    };
    const message = { QueueUrl: cloud.outputs().App?.Url, MessageBody: 'x' };
    return context.clock.run('test', (work) => context.call(rule, 'sqs', 'SendMessage', message, work));
  };

  test('takes nothing from a service that may not use its key, though the queue lets it', async () => {
    await deploy(resources());
    await expect(send()).rejects.toThrow('is not authorized to perform: kms:GenerateDataKey');
  });

  test('takes what a service sends that may', async () => {
    await deploy(resources(allow(events, ['kms:GenerateDataKey', 'kms:Decrypt'])));
    await expect(send()).resolves.toMatchObject({ MessageId: expect.any(String) });
  });
});

test.each([
  ['states.amazonaws.com', 'CREATE_COMPLETE'],
  ['lambda.amazonaws.com', 'ROLLBACK_COMPLETE'],
])('a state machine with a role that trusts %s ends in %s', async (Service, status) => {
  const Role = {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' }] },
    },
  };
  const definition = { QueryLanguage: 'JSONata', StartAt: 'Done', States: { Done: { Type: 'Succeed' } } };
  const Jobs = {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: { DefinitionString: JSON.stringify(definition), RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
  };
  const ended = await deploy({ Role, Jobs }).then(
    ({ stacks }) => stacks[0]?.status,
    (error: { status: string }) => error.status,
  );
  expect(ended).toBe(status);
});

describe('a task with credentials of its own', () => {
  const role = (RoleName: string, Principal: unknown, Action: string) => ({
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName,
      AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] },
      Policies: [{ PolicyName: 'one', PolicyDocument: { Statement: [{ Effect: 'Allow', Action, Resource: '*' }] } }],
    },
  });
  /** Asks who it is, as the role that its input names. */
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'Ask',
    States: {
      Ask: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:sts:getCallerIdentity',
        Credentials: { RoleArn: '{% $states.input %}' },
        Output: '{% $states.result.Arn %}',
        End: true,
      },
    },
  };
  const machine = (trusted: unknown, mayAssume = true) => ({
    Role: role('machine', { Service: 'states.amazonaws.com' }, mayAssume ? 'sts:AssumeRole' : 'sqs:SendMessage'),
    Other: role('other', trusted, 'sqs:SendMessage'),
    Jobs: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { DefinitionString: JSON.stringify(definition), RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } },
    },
  });
  const account = { AWS: { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:root' } };

  test.each([
    ['that lets it, does what that role may', machine(account), 'other', { status: 'SUCCEEDED' }],
    ['that does not trust it, fails', machine({ Service: 'lambda.amazonaws.com' }), 'other', { status: 'FAILED' }],
    ['that it was not granted, fails', machine(account, false), 'other', { status: 'FAILED' }],
    ['of an account that nobody defined here, is taken at its word', machine(account), '2222', { status: 'SUCCEEDED' }],
  ])('of a role %s', async (_what, resources, who, expected) => {
    await deploy(resources);
    const sfn = new SFNClient({
      endpoint: cloud.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const roleArn = who === 'other' ? 'arn:aws:iam::000000000000:role/other' : 'arn:aws:iam::222222222222:role/theirs';
    const stateMachineArn = cloud.outputs().App?.Url;
    const input = JSON.stringify(roleArn);
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn, input }));
    await cloud.clock.idle();
    const ended = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    expect(ended).toMatchObject(expected);
    if (ended.status === 'FAILED') expect(ended.cause).toContain(`not authorized to assume the task state's role`);
    else expect(ended.output).toContain('assumed-role/');
  });
});
