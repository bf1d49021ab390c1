import { expect, test } from 'vitest';
import { AwsError } from '../../../local/kernel/errors.ts';
import { ACCOUNT, ROLE, statesCloud } from '../../support/states-cloud.ts';
import { invoke, machine } from './cases/case.ts';

const task = (resource: string, args: unknown, fields: Record<string, unknown> = {}) =>
  machine({ Call: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments: args, End: true, ...fields } });

const bytes = (text: string) => Buffer.from(text);
const lambdaAnswer = { StatusCode: 200, ExecutedVersion: '3', Payload: bytes('{"b":2}') };

test.each([
  [
    'lambda:invoke sends JSON, and text as it is',
    task('lambda:invoke', { FunctionName: 'f', Qualifier: 'live', Payload: '"text"' }),
    { service: 'lambda', action: 'Invoke', input: { FunctionName: 'f', Qualifier: 'live', Payload: bytes('"text"') } },
    lambdaAnswer,
    { ExecutedVersion: '3', Payload: { b: 2 }, StatusCode: 200 },
  ],
  [
    'sqs:sendMessage sends an object as JSON text',
    task('sqs:sendMessage', { QueueUrl: 'q', MessageBody: { a: 1 } }),
    { service: 'sqs', action: 'SendMessage', input: { QueueUrl: 'q', MessageBody: '{"a":1}' } },
    { MessageId: 'm' },
    { MessageId: 'm' },
  ],
  [
    'sns:publish sends an object as JSON text',
    task('sns:publish', { TopicArn: 't', Subject: 's', Message: { a: 1 } }),
    { service: 'sns', action: 'Publish', input: { TopicArn: 't', Subject: 's', Message: '{"a":1}' } },
    { MessageId: 'm' },
    { MessageId: 'm' },
  ],
  [
    "dynamodb:getItem has the service's own shape",
    task('dynamodb:getItem', { TableName: 't', Key: { pk: { S: 'a' } } }),
    { service: 'dynamodb', action: 'GetItem', input: { TableName: 't', Key: { pk: { S: 'a' } } } },
    { Item: { pk: { S: 'a' } } },
    { Item: { pk: { S: 'a' } } },
  ],
  [
    'aws-sdk:cloudwatch reaches the service by its own name',
    task('aws-sdk:cloudwatch:putMetricData', { Namespace: 'n', MetricData: [] }),
    { service: 'monitoring', action: 'PutMetricData', input: { Namespace: 'n', MetricData: [] } },
    {},
    {},
  ],
  [
    'aws-sdk:cloudwatchlogs writes members with a capital letter',
    task('aws-sdk:cloudwatchlogs:createLogStream', { LogGroupName: 'g', LogStreamName: 's' }),
    { service: 'logs', action: 'CreateLogStream', input: { logGroupName: 'g', logStreamName: 's' } },
    { creationTime: new Date(0) },
    { CreationTime: '1970-01-01T00:00:00.000Z' },
  ],
  [
    'aws-sdk:s3:putObject sends what is no text as JSON',
    task('aws-sdk:s3:putObject', { Bucket: 'b', Key: 'k', Body: ['a'] }),
    { service: 's3', action: 'PutObject', input: { Bucket: 'b', Key: 'k', Body: '["a"]' } },
    { ETag: '"e"' },
    { ETag: '"e"' },
  ],
])('%s', async (_what, definition, call, answer, output) => {
  const cloud = statesCloud({ answer: () => answer });
  const ended = await cloud.run(definition);
  await cloud.stop();
  expect(ended.output).toEqual(output);
  expect(cloud.calls).toEqual([{ ...call, roleArn: ROLE }]);
});

test('events:putEvents adds the machine and the execution to the resources of every event', async () => {
  const cloud = statesCloud({ answer: () => ({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] }) });
  const { executionArn } = await cloud.run(
    task('events:putEvents', { Entries: [{ Source: 's', DetailType: 'd', Detail: { a: 1 }, Resources: ['r'] }] }),
  );
  await cloud.stop();
  const machineArn = `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:machine-1`;
  expect(cloud.calls[0]?.input).toEqual({
    Entries: [{ Source: 's', DetailType: 'd', Detail: '{"a":1}', Resources: ['r', machineArn, executionArn] }],
  });
});

test('a task runs with the role of its Credentials, and says so', async () => {
  const cloud = statesCloud({ answer: () => lambdaAnswer });
  const roleArn = `arn:aws:iam::${ACCOUNT}:role/other`;
  const { events } = await cloud.run(
    machine({ Call: invoke({ Credentials: { RoleArn: '{% $states.input.role %}' } }) }),
    {
      role: roleArn,
    },
  );
  await cloud.stop();
  expect(cloud.calls[0]?.roleArn).toBe(roleArn);
  expect(events[2]?.taskScheduledEventDetails).toMatchObject({ taskCredentials: { roleArn } });
});

test.each([
  [
    'lambda:invoke',
    'ResourceNotFoundException',
    404,
    'Lambda.ResourceNotFoundException',
    /^gone \(Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: [\w-]+; Proxy: null\)$/,
  ],
  ['lambda:invoke', 'TooManyRequestsException', 429, 'Lambda.TooManyRequestsException', /AWSLambda/],
  ['sqs:sendMessage', 'MissingParameter', 400, 'SQS.AmazonSQSException', /Error Code: MissingParameter/],
  [
    'sns:publish',
    'NotFound',
    404,
    'SNS.NotFoundException',
    /Service: AmazonSNS; Status Code: 404; Error Code: NotFound/,
  ],
  ['dynamodb:putItem', 'ValidationException', 400, 'DynamoDB.AmazonDynamoDBException', /Service: AmazonDynamoDBv2/],
  [
    'aws-sdk:dynamodb:putItem',
    'ResourceNotFoundException',
    400,
    'DynamoDb.ResourceNotFoundException',
    /^gone \(Service: DynamoDb, Status Code: 400, Request ID: [\w-]+\) \(SDK Attempt Count: 1\)$/,
  ],
  ['aws-sdk:s3:getObject', 'AccessDenied', 403, 'S3.S3Exception', /Extended Request ID/],
  ['aws-sdk:s3:getObject', 'NoSuchBucket', 404, 'S3.NoSuchBucketException', /Service: S3/],
  ['aws-sdk:glue:startJobRun', 'LocalCloudUnsupported', 501, 'LocalCloudUnsupported', /^gone$/],
])('%s reports %s (%i) as %s', async (resource, code, status, error, cause) => {
  const cloud = statesCloud({
    answer: () => {
      throw new AwsError(code, 'gone', { status });
    },
  });
  const ended = await cloud.run(task(resource, {}));
  await cloud.stop();
  expect(ended.error).toBe(error);
  expect(ended.cause).toMatch(cause);
});
