import { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { sqsService } from '../../../local/sqs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, invoke } from '../../support/lambda.ts';

let cloud: TestKernel;
let sqs: SQSClient;
let lambda: LambdaClient;
beforeAll(async () => {
  cloud = await startKernel({ services: [lambdaService, sqsService] });
  sqs = new SQSClient({ ...cloud.client, maxAttempts: 3 });
  lambda = new LambdaClient(cloud.client);
});
afterAll(() => cloud.stop());

const ACTION = 'sqs:SendMessage';
const queue = async (name: string) => (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? '';
const send = (QueueUrl: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
async function messages(QueueUrl: string): Promise<number> {
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return Number(Attributes?.ApproximateNumberOfMessages);
}

test.each([
  ['throttle', 1],
  ['fail', 1],
  ['lose', 2],
] as const)('a client tries again after "%s", which leaves %d messages', async (effect, left) => {
  const url = await queue(effect);
  const fault = cloud.kernel.faults.inject({ action: ACTION, effect });
  await send(url);
  expect([fault.happened, await messages(url)]).toEqual([1, left]);
  fault.release();
});

test('happens to the requests that were asked for, of whom was asked for, until it is released', async () => {
  const url = await queue('counted');
  const other = cloud.kernel.faults.inject({ action: ACTION, effect: 'lose', caller: /somebody else/ });
  const fault = cloud.kernel.faults.inject({ action: ACTION, effect: 'lose', skip: 1, times: 5 });
  await send(url);
  await send(url).catch(() => undefined);
  expect([fault.happened, other.happened]).toEqual([3, 0]);
  fault.release();
  other.release();
  await send(url);
  expect(await messages(url)).toBe(5);
});

test('what is held has its effect and is answered when it is released', async () => {
  const url = await queue('held');
  const fault = cloud.kernel.faults.inject({ action: ACTION, effect: 'hold' });
  let answered = false;
  const sent = send(url).then(() => {
    answered = true;
  });
  await fault.arrived;
  expect([await messages(url), answered]).toEqual([1, false]);
  fault.release();
  await sent;
});

test.each([
  ['kill before', 0],
  ['kill after', 1],
] as const)('"%s" ends the handler that calls; %d messages are sent', async (effect, left) => {
  const url = await queue(effect.replace(' ', '-'));
  const name = `sends-${left}`;
  const source = `const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
    exports.handler = async ({ url }) => { await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x' })); };`;
  await createFunction(lambda, name, source);
  cloud.kernel.faults.inject({ action: ACTION, effect, caller: new RegExp(`/${name}$`) });
  const first = await invoke(lambda, name, { url });
  expect(first.value).toMatchObject({ errorType: 'Runtime.ExitError' });
  expect(await messages(url)).toBe(left);
  expect((await invoke(lambda, name, { url })).error).toBeUndefined();
  expect(await messages(url)).toBe(left + 1);
});
