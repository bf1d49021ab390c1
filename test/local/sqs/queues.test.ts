import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import type { CloudContext } from '../../../local/kernel/service.ts';
import { sqsService } from '../../../local/sqs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const arn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const { authorize } = createAuthorizer({ clock: { now: () => 0 } });

let cloud: TestKernel;
let sqs: SQSClient;
const data: Parameters<CloudContext['putServiceMetric']>[0][] = [];
beforeEach(async () => {
  data.length = 0;
  cloud = await startKernel({
    services: [
      sqsService,
      () => ({ name: 'monitoring', operations: {}, sinks: { putServiceMetric: (datum) => data.push(datum) } }),
    ],
    authorize,
  });
  sqs = new SQSClient(cloud.client);
});
afterEach(() => cloud.stop());

async function queue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl ?? '';
}

test('a queue that does not exist is told in both of its codes', async () => {
  const error = await sqs.send(new GetQueueUrlCommand({ QueueName: 'nowhere' })).catch((caught) => caught);
  expect(error.name).toBe('QueueDoesNotExist');
  expect(error.Code ?? error.Error?.Code).toBe('AWS.SimpleQueueService.NonExistentQueue');
});

test('CreateQueue gives the same queue for the same attributes and refuses others', async () => {
  const url = await queue('orders', { VisibilityTimeout: '60' });
  expect(await queue('orders', { VisibilityTimeout: '60' })).toBe(url);
  await expect(queue('orders', { VisibilityTimeout: '61' })).rejects.toMatchObject({ name: 'QueueNameExists' });
  await expect(queue('other', { VisibilityTimeout: '43201' })).rejects.toMatchObject({ name: 'InvalidAttributeValue' });
  await expect(queue('other', { Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
});

test('ListQueues lists by prefix; a deleted queue is gone with its messages', async () => {
  const first = await queue('a-1');
  await queue('a-2');
  await queue('b-1');
  await sqs.send(new SendMessageCommand({ QueueUrl: first, MessageBody: 'x' }));
  await sqs.send(new DeleteQueueCommand({ QueueUrl: first }));
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'a-' }));
  expect(QueueUrls.map((url) => url.split('/').at(-1))).toEqual(['a-2']);

  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: await queue('a-1') }));
  expect(Messages).toBeUndefined();
});

describe('a queue policy', () => {
  const rule = {
    kind: 'service',
    service: 'events.amazonaws.com',
    sourceArn: 'arn:aws:events:us-east-1:000000000000:rule/uploads',
    sourceAccount: '000000000000',
  } as const;
  const sendAs = (sourceArn: string, QueueUrl: string) =>
    cloud.clock.run('test', (work) =>
      cloud.kernel.context.call({ ...rule, sourceArn }, 'sqs', 'SendMessage', { QueueUrl, MessageBody: 'event' }, work),
    );

  test('lets a service in for the one resource that it names', async () => {
    const url = await queue('events');
    await expect(sendAs(rule.sourceArn, url)).rejects.toMatchObject({ code: 'AccessDenied' });
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: arn('events'),
          Condition: { ArnEquals: { 'aws:SourceArn': rule.sourceArn } },
        },
      ],
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
    await expect(sendAs(rule.sourceArn, url)).resolves.toHaveProperty('MessageId');
    await expect(sendAs(`${rule.sourceArn}-of-another`, url)).rejects.toMatchObject({ code: 'AccessDenied' });
  });

  test('that is no policy is refused', async () => {
    const change = { QueueUrl: await queue('events'), Attributes: { Policy: '{"Statement":[{"Effect":"Maybe"}]}' } };
    await expect(sqs.send(new SetQueueAttributesCommand(change))).rejects.toMatchObject({
      name: 'InvalidAttributeValue',
    });
  });
});

test('StartMessageMoveTask sends dead letters back to where they failed, as new messages', async () => {
  const dead = await queue('dead');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn('dead'), maxReceiveCount: 1 });
  const url = await queue('orders', { RedrivePolicy, VisibilityTimeout: '0' });
  const sent = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'poison' }));
  for (const _ of [1, 2]) await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));

  await expect(sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn('orders') }))).rejects.toThrow(
    'Dead Letter Queue',
  );
  await sqs.send(new StartMessageMoveTaskCommand({ SourceArn: arn('dead') }));
  const { Results } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn: arn('dead') }));
  expect(Results).toMatchObject([{ Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 1 }]);
  expect((await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead }))).Messages).toBeUndefined();
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, AttributeNames: ['All'] }));
  expect(Messages).toMatchObject([{ Body: 'poison', Attributes: { ApproximateReceiveCount: '1' } }]);
  expect(Messages?.[0]?.MessageId).not.toBe(sent.MessageId);
});

test('the metrics follow every change, and go on once a minute while messages wait', async () => {
  const url = await queue('orders');
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'a' }));
  await cloud.clock.advance(120_000);
  const visible = data.filter(({ name }) => name === 'ApproximateNumberOfMessagesVisible').map(({ value }) => value);
  expect(visible).toEqual([1, 1, 1]);
  expect(data.at(0)).toMatchObject({ namespace: 'AWS/SQS', dimensions: { QueueName: 'orders' } });
});

test('a restart finds queues and messages, in flight or not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sqs-'));
  const first = await startKernel({ services: [sqsService], folder });
  const client = new SQSClient(first.client);
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'orders' }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'taken' }));
  await client.send(new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 30 }));
  await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'waiting' }));
  await first.stop();

  const second = await startKernel({ services: [sqsService], folder, startAt: first.clock.now() });
  const again = new SQSClient(second.client);
  const url = (await again.send(new GetQueueUrlCommand({ QueueName: 'orders' }))).QueueUrl;
  const receive = async () => {
    const { Messages = [] } = await again.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body }) => Body);
  };
  expect(await receive()).toEqual(['waiting']);
  await second.clock.advance(60_000);
  expect(await receive()).toEqual(['taken', 'waiting']);
  await second.stop();
  rmSync(folder, { recursive: true });
});
