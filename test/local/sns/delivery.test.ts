import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  PublishBatchCommand,
  PublishCommand,
  type PublishInput,
  SetSubscriptionAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AwsError } from '../../../local/kernel/errors.ts';
import { outboxOf } from '../../../local/sns/outbox.ts';
import { allow, FUNCTION, queueArn, START } from '../../support/events-cloud.ts';
import { unavailable } from '../../support/fake-services.ts';
import { type TopicsCloud, topicsCloud } from '../../support/topics.ts';

let cloud: TopicsCloud;
let topic: string;
beforeEach(async () => {
  cloud = await topicsCloud();
  topic = await cloud.topic('alerts');
});
afterEach(() => cloud.stop());

async function publish(input: Partial<PublishInput> = {}): Promise<string> {
  const { MessageId = '' } = await cloud.sns.send(
    new PublishCommand({ TopicArn: topic, Message: 'drift in churn', ...input }),
  );
  await cloud.clock.idle();
  return MessageId;
}
const subscribe = (Protocol: string, Endpoint: string, Attributes: Record<string, string> = {}) =>
  cloud.sns.send(new SubscribeCommand({ TopicArn: topic, Protocol, Endpoint, Attributes }));

const model = { DataType: 'String', StringValue: 'churn' };
const severity = { DataType: 'Number', StringValue: '3' };

describe('a message reaches', () => {
  test('a queue, in an envelope', async () => {
    const arn = await cloud.subscribeQueue(topic, 'mail');
    const id = await publish({ Subject: 'Drift', MessageAttributes: { model } });
    const [message] = await cloud.messages('mail');
    expect(JSON.parse(message?.body ?? '')).toEqual({
      Type: 'Notification',
      MessageId: id,
      TopicArn: topic,
      Subject: 'Drift',
      Message: 'drift in churn',
      Timestamp: expect.stringMatching(/^2026-01-05T00:00:0\d\.\d{3}Z$/),
      SignatureVersion: '1',
      Signature: 'unsigned',
      SigningCertURL: expect.stringContaining('http://127.0.0.1'),
      UnsubscribeURL: expect.stringContaining(`SubscriptionArn=${arn}`),
      MessageAttributes: { model: { Type: 'String', Value: 'churn' } },
    });
    expect(message?.attributes).toEqual({});
  });

  test('a queue that wants it raw, with the attributes', async () => {
    await cloud.subscribeQueue(topic, 'mail', { RawMessageDelivery: 'true' });
    await publish({ MessageAttributes: { model, severity } });
    expect(await cloud.messages('mail')).toEqual([
      { body: 'drift in churn', attributes: { model: 'churn', severity: '3' } },
    ]);
  });

  test('a function, as an event with one record', async () => {
    const { SubscriptionArn } = await subscribe('lambda', FUNCTION);
    const id = await publish();
    expect(cloud.lambda.calls).toHaveLength(1);
    const { input, principal } = cloud.lambda.calls[0] ?? {};
    expect(input).toMatchObject({ FunctionName: FUNCTION, InvocationType: 'Event' });
    expect(principal).toMatchObject({ kind: 'service', service: 'sns.amazonaws.com', sourceArn: topic });
    expect(JSON.parse(String(input?.Payload)).Records).toMatchObject([
      {
        EventSource: 'aws:sns',
        EventSubscriptionArn: SubscriptionArn,
        Sns: { MessageId: id, Message: 'drift in churn', Subject: null, MessageAttributes: {} },
      },
    ]);
  });

  test('the outbox, when it is mail', async () => {
    await subscribe('email', 'team@example.com');
    const id = await publish({ Subject: 'Drift' });
    await publish();
    expect(outboxOf(cloud.store).mails()).toMatchObject([
      { to: 'team@example.com', subject: 'Drift', text: 'drift in churn', topicArn: topic, messageId: id },
      { to: 'team@example.com', subject: 'AWS Notification Message' },
    ]);
  });

  test('everybody who subscribed, in one batch as well', async () => {
    await cloud.subscribeQueue(topic, 'one', { RawMessageDelivery: 'true' });
    await cloud.subscribeQueue(topic, 'two', { RawMessageDelivery: 'true' });
    const answer = await cloud.sns.send(
      new PublishBatchCommand({
        TopicArn: topic,
        PublishBatchRequestEntries: [
          { Id: 'a', Message: '1' },
          { Id: 'b', Message: '' },
          { Id: 'c', Message: '2', MessageAttributes: { model } },
        ],
      }),
    );
    await cloud.clock.idle();
    expect(answer.Successful?.map(({ Id }) => Id)).toEqual(['a', 'c']);
    expect(answer.Failed).toMatchObject([{ Id: 'b', Code: 'InvalidParameter', SenderFault: true }]);
    for (const name of ['one', 'two']) {
      expect((await cloud.messages(name)).map(({ body }) => body).sort()).toEqual(['1', '2']);
    }
  });
});

test('the outbox keeps the last 200 mails', () => {
  const outbox = outboxOf(cloud.store);
  for (let n = 1; n <= 203; n += 1) {
    outbox.put({ at: '', to: 'a@example.com', subject: String(n), text: '', topicArn: topic, messageId: '' });
  }
  const subjects = outbox.mails().map(({ subject }) => subject);
  expect([subjects.length, subjects[0], subjects.at(-1)]).toEqual([200, '4', '203']);
});

describe('a filter policy', () => {
  const passed = async (attributes: Record<string, string>, messages: Partial<PublishInput>[]) => {
    await cloud.subscribeQueue(topic, 'mail', { RawMessageDelivery: 'true', ...attributes });
    for (const message of messages) await publish(message);
    return (await cloud.messages('mail')).map(({ body }) => body).sort();
  };
  const about = (name: string) => ({ model: { DataType: 'String', StringValue: name } });

  test('lets through what its attributes say, or what has none', async () => {
    const FilterPolicy = JSON.stringify({ model: ['churn', { exists: false }] });
    const messages = [
      { Message: 'churn', MessageAttributes: about('churn') },
      { Message: 'prices', MessageAttributes: about('prices') },
      { Message: 'an alarm' },
    ];
    expect(await passed({ FilterPolicy }, messages)).toEqual(['an alarm', 'churn']);
  });

  test('knows numbers and lists', async () => {
    const FilterPolicy = JSON.stringify({ severity: [{ numeric: ['>=', 3] }], tags: ['b'] });
    const tags = { DataType: 'String.Array', StringValue: '["a","b"]' };
    const mild = { DataType: 'Number', StringValue: '2' };
    const messages: Partial<PublishInput>[] = [
      { Message: 'both', MessageAttributes: { severity, tags } },
      { Message: 'mild', MessageAttributes: { severity: mild, tags } },
      { Message: 'untagged', MessageAttributes: { severity } },
    ];
    expect(await passed({ FilterPolicy }, messages)).toEqual(['both']);
  });

  test('may look at the body', async () => {
    const FilterPolicy = JSON.stringify({ run: { status: ['FAILED'] } });
    const messages = [
      { Message: '{"run":{"status":"FAILED"}}' },
      { Message: '{"run":{"status":"REGISTERED"}}' },
      { Message: 'no JSON' },
    ];
    expect(await passed({ FilterPolicy, FilterPolicyScope: 'MessageBody' }, messages)).toEqual([
      '{"run":{"status":"FAILED"}}',
    ]);
  });

  test('can be changed', async () => {
    const SubscriptionArn = await cloud.subscribeQueue(topic, 'mail', {
      RawMessageDelivery: 'true',
      FilterPolicy: '{"model":["x"]}',
    });
    const change = { SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{"model":["churn"]}' };
    await cloud.sns.send(new SetSubscriptionAttributesCommand(change));
    await publish({ MessageAttributes: { model } });
    expect(await cloud.messages('mail')).toHaveLength(1);
  });
});

describe('a subscriber that fails', () => {
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead') });
  const seconds = () => cloud.lambda.calls.map(({ at }) => Math.round((at - START) / 1000));

  test('is tried again: at once, then after longer and longer pauses', async () => {
    await subscribe('lambda', FUNCTION);
    cloud.lambda.failures.push(...Array.from({ length: 8 }, unavailable));
    await publish();
    expect(seconds()).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 6]);
  });

  test('that does not let the topic in gets nothing: the message goes to the dead-letter queue at once', async () => {
    await cloud.queue('dead', allow('sns.amazonaws.com', 'sqs:SendMessage', topic));
    const other = topic.replace('alerts', 'other');
    const Endpoint = await cloud.queue('closed', allow('sns.amazonaws.com', 'sqs:SendMessage', other));
    await subscribe('sqs', Endpoint, { RedrivePolicy });
    await publish();
    expect(await cloud.messages('closed')).toEqual([]);
    const letters = await cloud.messages('dead');
    expect(letters.map(({ body }) => JSON.parse(body).Message)).toEqual(['drift in churn']);
    expect(cloud.clock.now() - START).toBeLessThan(1_000);
  });

  test('and has no dead-letter queue is told to who runs the cloud', async () => {
    await subscribe('sqs', queueArn('gone'));
    await publish();
    expect(cloud.logged.join('\n')).toContain(`A message of ${topic} did not reach ${queueArn('gone')}`);
  });

  test('is none of the business of the others', async () => {
    await subscribe('lambda', FUNCTION);
    await cloud.subscribeQueue(topic, 'mail');
    cloud.lambda.broken = new AwsError('ResourceNotFoundException', 'Function not found', { status: 404 });
    await publish();
    expect(await cloud.messages('mail')).toHaveLength(1);
  });

  test('is tried again after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-sns-'));
    try {
      await cloud.stop();
      cloud = await topicsCloud({ folder });
      topic = await cloud.topic('alerts');
      await subscribe('lambda', FUNCTION);
      cloud.lambda.broken = unavailable();
      cloud.clock.begin('the time stands still');
      await cloud.sns.send(new PublishCommand({ TopicArn: topic, Message: 'kept' }));
      await vi.waitFor(() => expect(cloud.lambda.calls.length).toBeGreaterThan(3));
      await cloud.stop();

      cloud = await topicsCloud({ folder, startAt: cloud.clock.now() });
      await cloud.clock.idle();
      expect(cloud.lambda.calls.map(({ input }) => JSON.parse(String(input.Payload)).Records[0].Sns.Message)).toEqual([
        'kept',
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
