import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sqsService } from '../../../local/sqs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let cloud: TestKernel;
let sqs: SQSClient;
beforeEach(async () => {
  cloud = await startKernel({ services: [sqsService] });
  sqs = new SQSClient(cloud.client);
});
afterEach(() => cloud.stop());

async function queue(name = 'orders', Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  return QueueUrl ?? '';
}

const send = (QueueUrl: string, MessageBody: string) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], ...more }),
  );
  return Messages;
}

const bodies = async (url: string, more: Partial<ReceiveMessageCommandInput> = {}) =>
  (await receive(url, more)).map(({ Body }) => Body);

describe('a message', () => {
  test('arrives with digests that the SDK accepts, and with the attributes that were asked for', async () => {
    const url = await queue();
    const MessageAttributes = {
      kind: { DataType: 'String', StringValue: 'order' },
      count: { DataType: 'Number.int', StringValue: '3' },
      raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255, 7]) },
    };
    const sent = await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'größe ✓', MessageAttributes }));
    const [message] = await receive(url, { MessageAttributeNames: ['k.*', 'raw', 'kind'] });

    expect(message).toMatchObject({
      MessageId: sent.MessageId,
      Body: 'größe ✓',
      Attributes: { ApproximateReceiveCount: '1' },
    });
    expect(message?.MessageAttributes).toEqual({ kind: MessageAttributes.kind, raw: MessageAttributes.raw });
  });

  test('is out of sight for the visibility timeout, then comes again with a higher receive count', async () => {
    const url = await queue('orders', { VisibilityTimeout: '30' });
    await send(url, 'a');
    const [first] = await receive(url);
    expect(await bodies(url)).toEqual([]);
    await cloud.clock.advance(30_000);
    const [second] = await receive(url);

    expect(second?.Attributes?.ApproximateReceiveCount).toBe('2');
    expect(second?.Attributes?.SentTimestamp).toBe(first?.Attributes?.SentTimestamp);
  });

  test('is not deleted by the receipt handle of an earlier receive', async () => {
    const url = await queue();
    await send(url, 'a');
    const [first] = await receive(url, { VisibilityTimeout: 10 });
    await cloud.clock.advance(10_000);
    const [second] = await receive(url, { VisibilityTimeout: 10 });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    await cloud.clock.advance(10_000);
    expect(await bodies(url)).toEqual(['a']);

    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: second?.ReceiptHandle }));
    await cloud.clock.advance(60_000);
    expect(await bodies(url)).toEqual(['a']);
  });

  test('comes back at once when its visibility is set to 0', async () => {
    const url = await queue();
    await send(url, 'a');
    const [message] = await receive(url);
    await sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: url,
        ReceiptHandle: message?.ReceiptHandle,
        VisibilityTimeout: 0,
      }),
    );
    expect(await bodies(url)).toEqual(['a']);
  });

  test('is gone after its retention', async () => {
    const url = await queue('short', { MessageRetentionPeriod: '60' });
    await send(url, 'a');
    await cloud.clock.advance(60_000);
    expect(await bodies(url)).toEqual([]);
  });

  test.each([
    ['is too long', 'x'.repeat(1_048_577), 'InvalidParameterValue'],
    ['has control characters', 'a\u0001', 'InvalidMessageContents'],
  ])('that %s is refused', async (_, body, name) => {
    await expect(send(await queue(), body)).rejects.toMatchObject({ name });
  });
});

describe('a long poll', () => {
  test('returns as soon as a message comes', async () => {
    const url = await queue();
    // The sender is busy until it has sent: the wait is not skipped meanwhile.
    const waiting = cloud.clock.run('sender', async () => {
      const polled = bodies(url, { WaitTimeSeconds: 20 });
      await send(url, 'late');
      return polled;
    });
    expect(await waiting).toEqual(['late']);
  });

  test('returns nothing after its time, which skips', async () => {
    const url = await queue();
    const before = cloud.clock.now();
    expect(await bodies(url, { WaitTimeSeconds: 20 })).toEqual([]);
    expect(cloud.clock.now() - before).toBeGreaterThanOrEqual(20_000);
  });

  test('finds a delayed message when its delay ends', async () => {
    const url = await queue('delayed', { DelaySeconds: '5' });
    await send(url, 'a');
    expect(await bodies(url)).toEqual([]);
    expect(await bodies(url, { WaitTimeSeconds: 20 })).toEqual(['a']);
  });
});

describe('a dead-letter queue', () => {
  test('takes what was received too often, with its source', async () => {
    const dead = await queue('dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      maxReceiveCount: 2,
    });
    const url = await queue('orders', { RedrivePolicy, VisibilityTimeout: '1' });
    await send(url, 'poison');
    for (const _ of [1, 2]) {
      expect(await bodies(url)).toEqual(['poison']);
      await cloud.clock.advance(1_000);
    }
    expect(await bodies(url)).toEqual([]);
    const [message] = await receive(dead);
    expect(message).toMatchObject({
      Body: 'poison',
      Attributes: { DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:orders' },
    });
  });
});

describe('a batch', () => {
  test('fails by entry', async () => {
    const url = await queue('small', { MaximumMessageSize: '1024' });
    const output = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: 'good', MessageBody: 'a' },
          { Id: 'long', MessageBody: 'x'.repeat(1025) },
        ],
      }),
    );
    expect(output.Successful?.map(({ Id }) => Id)).toEqual(['good']);
    expect(output.Failed).toMatchObject([{ Id: 'long', SenderFault: true, Code: 'InvalidParameterValue' }]);
  });

  test('is refused when it is empty, too long, or names an entry twice', async () => {
    const QueueUrl = await queue();
    const entries = (count: number, id = (index: number) => String(index)) =>
      Array.from({ length: count }, (_, index) => ({ Id: id(index), ReceiptHandle: 'x' }));
    const refused = (Entries: { Id: string; ReceiptHandle: string }[]) =>
      sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries })).catch((error) => error.name);

    expect(await refused([])).toBe('EmptyBatchRequest');
    expect(await refused(entries(11))).toBe('TooManyEntriesInBatchRequest');
    expect(await refused(entries(2, () => 'same'))).toBe('BatchEntryIdsNotDistinct');
  });
});

describe('a FIFO queue', () => {
  const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true' };
  const sendTo = (QueueUrl: string, MessageGroupId: string, MessageBody: string) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId }));

  test('gives back the first message for a repeated one, for five minutes', async () => {
    const url = await queue('a.fifo', fifo);
    const first = await sendTo(url, 'g', 'same');
    const second = await sendTo(url, 'g', 'same');
    expect(second.MessageId).toBe(first.MessageId);
    await cloud.clock.advance(300_000);
    await sendTo(url, 'g', 'same');
    expect(await bodies(url)).toEqual(['same', 'same']);
  });

  test('holds a group back while one of its messages is in flight', async () => {
    const url = await queue('b.fifo', fifo);
    await sendTo(url, 'one', '1');
    await sendTo(url, 'one', '2');
    await sendTo(url, 'two', '3');
    const [first] = await receive(url, { MaxNumberOfMessages: 1 });
    expect(await bodies(url)).toEqual(['3']);
    await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: first?.ReceiptHandle }));
    expect(await bodies(url)).toEqual(['2']);
  });
});

test('PurgeQueue empties, once a minute', async () => {
  const url = await queue();
  await send(url, 'a');
  await sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
  expect(await bodies(url)).toEqual([]);
  await expect(sqs.send(new PurgeQueueCommand({ QueueUrl: url }))).rejects.toMatchObject({
    name: 'PurgeQueueInProgress',
  });
});

test('the attributes count messages by state', async () => {
  const url = await queue();
  for (const body of ['a', 'b', 'c']) await send(url, body);
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'later', DelaySeconds: 60 }));
  await receive(url, { MaxNumberOfMessages: 1 });
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }));
  expect(Attributes).toMatchObject({
    QueueArn: 'arn:aws:sqs:us-east-1:000000000000:orders',
    ApproximateNumberOfMessages: '2',
    ApproximateNumberOfMessagesNotVisible: '1',
    ApproximateNumberOfMessagesDelayed: '1',
  });
});
