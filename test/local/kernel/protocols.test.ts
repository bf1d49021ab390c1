import { CloudFormationClient, DescribeStacksCommand, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import {
  DescribeStateMachineCommand,
  ListActivitiesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { decode, encode, Token, Type } from 'cborg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ServiceFactory } from '../../../local/kernel/cloud.ts';
import { AwsError } from '../../../local/kernel/errors.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const AT = new Date('2026-01-05T12:34:56.500Z');
let seen: Document[] = [];
const answers: Record<string, Document | AwsError | Error> = {};

const handler = (name: string) => ({
  async handle(input: Document) {
    seen.push(input);
    const answer = answers[name];
    if (answer instanceof Error) throw answer;
    return answer ?? {};
  },
});
const actions = (...names: string[]) => Object.fromEntries(names.map((name) => [name, handler(name)]));

const json: ServiceFactory = () => ({
  name: 'states',
  target: 'AWSStepFunctions',
  operations: actions('StartExecution', 'DescribeStateMachine'),
});
const query: ServiceFactory = () => ({
  name: 'cloudformation',
  queryNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  operations: actions('DescribeStacks', 'ListStacks'),
});
const cbor: ServiceFactory = () => ({
  name: 'monitoring',
  target: 'GraniteServiceVersion20100801',
  operations: actions('ListMetrics'),
});

let cloud: TestKernel;
const logged: string[] = [];
beforeAll(async () => {
  cloud = await startKernel({ services: [json, query, cbor], log: (message) => logged.push(message) });
});
afterAll(() => cloud.stop());
beforeEach(() => {
  seen = [];
  for (const name of Object.keys(answers)) delete answers[name];
});

describe('the JSON protocol', () => {
  test('carries input, output and timestamps', async () => {
    answers.StartExecution = { executionArn: 'arn:x', startDate: AT };
    const client = new SFNClient(cloud.client);
    const answer = await client.send(new StartExecutionCommand({ stateMachineArn: 'arn:m', input: '{"a":"ü"}' }));
    expect(seen).toEqual([{ stateMachineArn: 'arn:m', input: '{"a":"ü"}' }]);
    expect(answer).toMatchObject({ executionArn: 'arn:x', startDate: AT });
  });

  test('carries errors with their code, message and status', async () => {
    answers.DescribeStateMachine = new AwsError('StateMachineDoesNotExist', "State Machine Does Not Exist: 'arn:m'");
    const sent = new SFNClient(cloud.client).send(new DescribeStateMachineCommand({ stateMachineArn: 'arn:m' }));
    await expect(sent).rejects.toMatchObject({
      name: 'StateMachineDoesNotExist',
      message: "State Machine Does Not Exist: 'arn:m'",
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('a failure of the cloud itself is a 500 and is told to the log', async () => {
    answers.DescribeStateMachine = new TypeError('cannot read');
    const sent = new SFNClient(cloud.client).send(new DescribeStateMachineCommand({ stateMachineArn: 'arn:m' }));
    await expect(sent).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
    expect(logged.join('\n')).toContain('cannot read');
  });
});

describe('the query protocol', () => {
  test('carries lists, structures, booleans and timestamps both ways', async () => {
    answers.ListStacks = {
      StackSummaries: [{ StackName: '<a> & "b"', CreationTime: AT, StackStatus: 'CREATE_COMPLETE' }],
      NextToken: undefined,
    };
    const client = new CloudFormationClient(cloud.client);
    const answer = await client.send(
      new ListStacksCommand({ StackStatusFilter: ['CREATE_COMPLETE', 'DELETE_FAILED'] }),
    );
    expect(seen).toEqual([{ StackStatusFilter: ['CREATE_COMPLETE', 'DELETE_FAILED'] }]);
    expect(answer.StackSummaries).toEqual([
      { StackName: '<a> & "b"', CreationTime: AT, StackStatus: 'CREATE_COMPLETE' },
    ]);
  });

  test('carries errors', async () => {
    answers.DescribeStacks = new AwsError('ValidationError', 'Stack with id <x> does not exist');
    const sent = new CloudFormationClient(cloud.client).send(new DescribeStacksCommand({ StackName: '<x>' }));
    await expect(sent).rejects.toMatchObject({ name: 'ValidationError', message: 'Stack with id <x> does not exist' });
  });
});

/** No client of the SDK speaks it by default, those of other languages do. */
describe('the CBOR protocol', () => {
  const send = (input: Document) =>
    fetch(`${cloud.client.endpoint}/service/GraniteServiceVersion20100801/operation/ListMetrics`, {
      method: 'POST',
      headers: {
        'smithy-protocol': 'rpc-v2-cbor',
        'content-type': 'application/cbor',
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/monitoring/aws4_request',
      },
      body: encode(input, { typeEncoders: { Date: dateTag } }) as Uint8Array<ArrayBuffer>,
    });
  const read = async (response: Response) => {
    const tags = { 1: (inner: () => unknown) => new Date(Number(inner()) * 1000) };
    return decode(new Uint8Array(await response.arrayBuffer()), { tags } as never);
  };

  test('carries numbers, bytes, lists and timestamps both ways, and leaves out what is undefined', async () => {
    answers.ListMetrics = { at: AT, bytes: new Uint8Array([1, 2]), values: [1.5, 2], none: undefined };
    const response = await send({ since: AT, values: [1.5, 2], big: 2 ** 40 });
    expect(seen).toEqual([{ since: AT, values: [1.5, 2], big: 2 ** 40 }]);
    expect(response.headers.get('smithy-protocol')).toBe('rpc-v2-cbor');
    expect(await read(response)).toEqual({ at: AT, bytes: new Uint8Array([1, 2]), values: [1.5, 2] });
  });

  test('carries errors', async () => {
    answers.ListMetrics = new AwsError('InvalidParameterValue', 'No such namespace');
    const response = await send({});
    expect(response.status).toBe(400);
    expect(await read(response)).toEqual({ __type: 'InvalidParameterValue', message: 'No such namespace' });
  });
});

test('the CloudWatch client, whose service speaks all three, is understood', async () => {
  answers.ListMetrics = { Metrics: [{ Namespace: 'Sluice', MetricName: 'rows' }] };
  const answer = await new CloudWatchClient(cloud.client).send(new ListMetricsCommand({ Namespace: 'Sluice' }));
  expect(seen).toEqual([{ Namespace: 'Sluice' }]);
  expect(answer.Metrics).toEqual([{ Namespace: 'Sluice', MetricName: 'rows' }]);
});

test('an action that is not implemented is named', async () => {
  const sent = new SFNClient(cloud.client).send(new ListActivitiesCommand({}));
  await expect(sent).rejects.toMatchObject({
    name: 'LocalCloudUnsupported',
    message: 'The local cloud does not implement the action states:ListActivities.',
  });
});

const dateTag = (date: Date) => [new Token(Type.tag, 1), new Token(Type.float, date.getTime() / 1000)];
