import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DeleteFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { sqsService } from '../../../local/sqs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, invoke } from '../../support/lambda.ts';
import { handlerRole } from '../../support/roles.ts';

const START = Date.UTC(2026, 0, 5);
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const services = [lambdaService, sqsService];
const role = handlerRole(['sqs:SendMessage', queueArn('*')]);

let cloud: TestKernel;
let lambda: LambdaClient;
let sqs: SQSClient;
beforeEach(async () => {
  role.set([['sqs:SendMessage', queueArn('*')]]);
  cloud = await startKernel({ services, authorize: role.authorize });
  lambda = new LambdaClient(cloud.client);
  sqs = new SQSClient(cloud.client);
});
afterEach(() => cloud.stop());

/** Says in the message that it throws in which minutes it was called. */
const failing = `let calls = [];
  exports.handler = async (event) => {
    calls.push(Math.round((Date.now() - ${START}) / 60_000));
    if (event.report) return calls;
    throw new TypeError('calls at ' + calls);
  };`;

const queue = (QueueName: string) => sqs.send(new CreateQueueCommand({ QueueName }));

async function emit(FunctionName: string, event: unknown): Promise<string> {
  const call = { FunctionName, InvocationType: 'Event', Payload: JSON.stringify(event) } as const;
  const { StatusCode, $metadata } = await lambda.send(new InvokeCommand(call));
  expect(StatusCode).toBe(202);
  return $metadata.requestId ?? '';
}

async function messages(name: string, client = sqs): Promise<Message[]> {
  const QueueUrl = `${cloud.kernel.endpoint}/000000000000/${name}`;
  const all = { MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, ...all }));
  return Messages;
}

test('an event that fails is tried again after one minute and after two more, then goes to the dead-letter queue', async () => {
  await queue('dead');
  await createFunction(lambda, 'fails', failing, { DeadLetterConfig: { TargetArn: queueArn('dead') } });
  const requestId = await emit('fails', { upload: 7 });
  await cloud.clock.idle();

  expect((await invoke(lambda, 'fails', { report: true })).value.slice(0, 3)).toEqual([0, 1, 3]);
  const [message, ...others] = await messages('dead');
  expect(others).toEqual([]);
  expect(message?.Body).toBe('{"upload":7}');
  expect(message?.MessageAttributes).toEqual({
    RequestID: { DataType: 'String', StringValue: requestId },
    ErrorCode: { DataType: 'Number', StringValue: '200' },
    ErrorMessage: { DataType: 'String', StringValue: 'calls at 0,1,3' },
  });
});

test('an event that succeeds runs once', async () => {
  await createFunction(
    lambda,
    'works',
    `let calls = 0; exports.handler = async ({ report }) => (report ? calls : ++calls);`,
  );
  await emit('works', {});
  await cloud.clock.idle();
  expect((await invoke(lambda, 'works', { report: true })).value).toBe(1);
});

describe('a destination', () => {
  const put = (more: object) =>
    lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'fails', ...more }));

  test('gets the record of a failure, with what was asked and answered', async () => {
    await queue('failures');
    await createFunction(lambda, 'fails', failing);
    const DestinationConfig = { OnFailure: { Destination: queueArn('failures') } };
    await put({ MaximumRetryAttempts: 0, DestinationConfig });
    const requestId = await emit('fails', { upload: 7 });
    await cloud.clock.idle();

    const [message] = await messages('failures');
    const record = JSON.parse(message?.Body ?? '');
    delete record.responsePayload.trace;
    expect(record).toEqual({
      version: '1.0',
      timestamp: expect.stringMatching(/^2026-01-05T00:00:0/),
      requestContext: {
        requestId,
        functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fails:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 1,
      },
      requestPayload: { upload: 7 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorType: 'TypeError', errorMessage: 'calls at 0' },
    });
  });

  test('is refused when the role may not use it', async () => {
    await createFunction(lambda, 'fails', failing);
    role.set([]);
    const DestinationConfig = { OnFailure: { Destination: queueArn('failures') } };
    await expect(put({ DestinationConfig })).rejects.toThrow('permissions to call SendMessage on the destination');
  });

  test('that the role lost the permission for gets nothing, and the event is gone', async () => {
    await queue('failures');
    await createFunction(lambda, 'fails', failing);
    await put({ MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Destination: queueArn('failures') } } });
    role.set([]);
    await emit('fails', {});
    await cloud.clock.idle();
    expect(await messages('failures')).toEqual([]);
    const denied = role.report().denied.filter(({ action }) => action === 'sqs:SendMessage');
    expect(denied.map(({ resource }) => resource)).toContain(queueArn('failures'));
  });
});

test('an event that is throttled waits for up to six hours, and for less when it is told so', async () => {
  await createFunction(
    lambda,
    'works',
    `let calls = 0; exports.handler = async ({ report }) => (report ? calls : ++calls);`,
  );
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'works', ReservedConcurrentExecutions: 0 }));
  await emit('works', {});
  await cloud.clock.idle();
  expect(cloud.clock.now() - START).toBeGreaterThan(5.8 * 3_600_000);
  expect(cloud.clock.now() - START).toBeLessThan(6.1 * 3_600_000);

  const before = cloud.clock.now();
  await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'works', MaximumEventAgeInSeconds: 60 }));
  await emit('works', {});
  await cloud.clock.idle();
  expect(cloud.clock.now() - before).toBeLessThan(120_000);

  await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'works' }));
  expect((await invoke(lambda, 'works', { report: true })).value).toBe(0);
});

test('a dead-letter queue that the role may not use stops the function from being created', async () => {
  role.set([]);
  const settings = { DeadLetterConfig: { TargetArn: queueArn('dead') } };
  await expect(createFunction(lambda, 'fails', failing, settings)).rejects.toThrow(
    'The provided execution role does not have permissions to call SendMessage on SQS',
  );
});

test('a restart finds functions, versions and events that wait', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
  const first = await startKernel({ services, folder });
  const client = new LambdaClient(first.client);
  await new SQSClient(first.client).send(new CreateQueueCommand({ QueueName: 'dead' }));
  await createFunction(client, 'fails', failing, { DeadLetterConfig: { TargetArn: queueArn('dead') }, Publish: true });
  // A caller at work keeps the time from jumping to the first retry.
  const caller = first.clock.begin('caller');
  await client.send(
    new InvokeCommand({ FunctionName: 'fails', Qualifier: '1', InvocationType: 'Event', Payload: '{"n":1}' }),
  );
  await expect
    .poll(() => [...first.store.collection<{ failures: number }>('lambda.async-events').values()])
    .toMatchObject([{ failures: 1 }]);
  await first.stop();
  caller.end();

  const second = await startKernel({ services, folder, startAt: START + 10_000 });
  await second.clock.idle();
  const QueueUrl = `${second.kernel.endpoint}/000000000000/dead`;
  const { Messages } = await new SQSClient(second.client).send(
    new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'] }),
  );
  expect(Messages).toMatchObject([
    { Body: '{"n":1}', MessageAttributes: { ErrorMessage: { StringValue: 'calls at 1,3' } } },
  ]);
  await second.stop();
  rmSync(folder, { recursive: true });
});
