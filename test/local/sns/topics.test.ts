import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListSubscriptionsByTopicCommand,
  ListTagsForResourceCommand,
  ListTopicsCommand,
  PublishCommand,
  type PublishInput,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PolicyDocument, Principal } from '../../../local/iam/principal.ts';
import { keysOf } from '../../../local/kms/keys.ts';
import { awsCli, hasAwsCli } from '../../support/aws-cli.ts';
import { allow, queueArn } from '../../support/events-cloud.ts';
import { type TopicsCloud, topicsCloud } from '../../support/topics.ts';

const ALARM = 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:a';

let cloud: TopicsCloud;
beforeEach(async () => {
  cloud = await topicsCloud();
});
afterEach(() => cloud.stop());

const setPolicy = (TopicArn: string, policy: PolicyDocument) => {
  const change = { TopicArn, AttributeName: 'Policy', AttributeValue: JSON.stringify(policy) };
  return cloud.sns.send(new SetTopicAttributesCommand(change));
};
const service = (name: string, sourceArn: string): Principal => ({
  kind: 'service',
  service: name,
  sourceArn,
  sourceAccount: '000000000000',
});
/** Publishes as an AWS service acting for a resource. */
const publishAs = (principal: Principal, TopicArn: string) => {
  const { context } = cloud.kernel;
  return context.clock.run('test', (work) =>
    context.call(principal, 'sns', 'Publish', { TopicArn, Message: 'hello' }, work),
  );
};
const alarms = service('cloudwatch.amazonaws.com', ALARM);
const rules = service('events.amazonaws.com', 'arn:aws:events:us-east-1:000000000000:rule/r');

describe('who may publish', () => {
  test('to a topic without a policy of its own: alarms, but no rules', async () => {
    const topic = await cloud.topic('alerts');
    await expect(publishAs(alarms, topic)).resolves.toHaveProperty('MessageId');
    await expect(publishAs(rules, topic)).rejects.toMatchObject({ name: 'AuthorizationError' });
  });

  test('to a topic with a policy: whom it names, for the source that it names', async () => {
    const topic = await cloud.topic('alerts');
    await setPolicy(topic, allow('events.amazonaws.com', 'sns:Publish', 'arn:aws:events:*:*:rule/r'));
    await expect(publishAs(rules, topic)).resolves.toHaveProperty('MessageId');
    await expect(publishAs(service('events.amazonaws.com', 'arn:aws:events:x:y:rule/s'), topic)).rejects.toThrow();
    await expect(publishAs(alarms, topic)).rejects.toMatchObject({ name: 'AuthorizationError' });
  });

  test('roles with the permission', async () => {
    const topic = await cloud.topic('alerts');
    const roleArn = 'arn:aws:iam::000000000000:role/settle';
    const publish = () => {
      const credentials = cloud.kernel.context.roleCredentials(roleArn, 's');
      const client = new SNSClient({ ...cloud.client, credentials });
      return client.send(new PublishCommand({ TopicArn: topic, Message: 'x' }));
    };
    const may = (Action: string) =>
      cloud.authorizer.setRole({
        roleArn,
        trust: { Statement: [] },
        policies: new Map([['own', { Statement: { Effect: 'Allow', Action, Resource: topic } }]]),
      });
    may('sns:Subscribe');
    await expect(publish()).rejects.toMatchObject({ name: 'AuthorizationErrorException' });
    may('sns:Publish');
    await expect(publish()).resolves.toHaveProperty('MessageId');
  });
});

describe('an encrypted topic', () => {
  const key = (policy: PolicyDocument, enabled = true) => {
    const arn = 'arn:aws:kms:us-east-1:000000000000:key/k-1';
    keysOf(cloud.kernel.context).set('k-1', {
      id: 'k-1',
      arn,
      description: '',
      policy,
      enabled,
      rotates: true,
      created: 0,
    });
    return arn;
  };
  const forServices: PolicyDocument = {
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
    },
  };

  test('takes messages of a service that its key lets in', async () => {
    const topic = await cloud.topic('alerts', { KmsMasterKeyId: key(forServices) });
    await expect(publishAs(alarms, topic)).resolves.toHaveProperty('MessageId');
  });

  test('takes none of a service that its key does not name', async () => {
    const topic = await cloud.topic('alerts', { KmsMasterKeyId: key({ Statement: [] }) });
    await expect(publishAs(alarms, topic)).rejects.toMatchObject({ name: 'KMSAccessDenied' });
  });

  test("with AWS's own key takes none of an alarm, but those of the account", async () => {
    const topic = await cloud.topic('alerts', { KmsMasterKeyId: 'alias/aws/sns' });
    await expect(publishAs(alarms, topic)).rejects.toMatchObject({ name: 'KMSAccessDenied' });
    await expect(cloud.sns.send(new PublishCommand({ TopicArn: topic, Message: 'x' }))).resolves.toBeDefined();
  });

  test('with a key that is switched off says so', async () => {
    const topic = await cloud.topic('alerts', { KmsMasterKeyId: key(forServices, false) });
    await expect(publishAs(alarms, topic)).rejects.toMatchObject({ name: 'KMSDisabled' });
  });
});

test('a topic is made once, described, tagged and deleted with its subscriptions', async () => {
  const TopicArn = await cloud.topic('alerts', { DisplayName: 'Sluice' });
  expect(await cloud.topic('alerts', { DisplayName: 'Sluice' })).toBe(TopicArn);
  await expect(cloud.topic('alerts', { DisplayName: 'Other' })).rejects.toMatchObject({
    message: 'Invalid parameter: Attributes Reason: Topic already exists with different attributes',
  });
  await cloud.subscribeQueue(TopicArn, 'mail');
  const { Attributes } = await cloud.sns.send(new GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes).toMatchObject({ DisplayName: 'Sluice', SubscriptionsConfirmed: '1', Owner: '000000000000' });
  await cloud.sns.send(new TagResourceCommand({ ResourceArn: TopicArn, Tags: [{ Key: 'team', Value: 'ml' }] }));
  const { Tags } = await cloud.sns.send(new ListTagsForResourceCommand({ ResourceArn: TopicArn }));
  expect(Tags).toEqual([{ Key: 'team', Value: 'ml' }]);
  await cloud.sns.send(new DeleteTopicCommand({ TopicArn }));
  expect((await cloud.sns.send(new ListTopicsCommand({}))).Topics ?? []).toEqual([]);
  await expect(cloud.sns.send(new GetTopicAttributesCommand({ TopicArn }))).rejects.toMatchObject({
    name: 'NotFoundException',
  });
});

test('topics are listed by the hundred', async () => {
  for (let n = 0; n < 101; n += 1) await cloud.topic(`t-${n}`);
  const first = await cloud.sns.send(new ListTopicsCommand({}));
  const rest = await cloud.sns.send(new ListTopicsCommand({ NextToken: first.NextToken }));
  expect([first.Topics?.length, rest.Topics?.length, rest.NextToken]).toEqual([100, 1, undefined]);
});

test('a subscription is made once, described and ended', async () => {
  const topic = await cloud.topic('alerts');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead') });
  const attributes = { FilterPolicy: '{"model":["churn"]}', RedrivePolicy };
  const SubscriptionArn = await cloud.subscribeQueue(topic, 'mail', attributes);
  expect(await cloud.subscribeQueue(topic, 'mail', attributes)).toBe(SubscriptionArn);
  await expect(cloud.subscribeQueue(topic, 'mail', {})).rejects.toThrow('already exists with different attributes');
  const { Attributes } = await cloud.sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  expect(Attributes).toMatchObject({
    ...attributes,
    Protocol: 'sqs',
    Endpoint: queueArn('mail'),
    FilterPolicyScope: 'MessageAttributes',
    PendingConfirmation: 'false',
  });
  await cloud.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  await cloud.sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  const listed = await cloud.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: topic }));
  expect(listed.Subscriptions ?? []).toEqual([]);
});

describe('is refused', () => {
  const publishing: [why: string, input: Partial<PublishInput>, name: string, message: string][] = [
    ['an empty message', { Message: '' }, 'InvalidParameterException', 'Invalid parameter: Empty message'],
    [
      'a message of more than 256 KiB',
      { Message: 'x'.repeat(262_145) },
      'InvalidParameterException',
      'Message too long',
    ],
    ['a subject of two lines', { Subject: 'a\nb' }, 'InvalidParameterException', 'Invalid parameter: Subject'],
    ['a subject of more than 100 characters', { Subject: 'x'.repeat(101) }, 'InvalidParameterException', 'Subject'],
    [
      'an attribute of no type',
      { MessageAttributes: { a: { DataType: 'Text', StringValue: 'x' } } },
      'InvalidParameterValueException',
      "'a' has an invalid message attribute type",
    ],
    ['a message by protocol', { MessageStructure: 'json' }, 'LocalCloudUnsupported', 'the parameter MessageStructure'],
    ['a text message', { PhoneNumber: '+4300' }, 'LocalCloudUnsupported', 'the parameter PhoneNumber'],
  ];
  test.each(publishing)('%s', async (_why, input, name, message) => {
    const TopicArn = await cloud.topic('alerts');
    const sent = cloud.sns.send(new PublishCommand({ TopicArn, Message: 'x', ...input }));
    await expect(sent).rejects.toMatchObject({
      name: expect.stringMatching(`^${name}`),
      message: expect.stringContaining(message),
    });
  });

  const subscribing: [why: string, protocol: string, attributes: Record<string, string>, message: string][] = [
    ['a protocol that nothing delivers', 'https', {}, 'SNS subscriptions of the protocol "https"'],
    [
      'raw delivery to a function',
      'lambda',
      { RawMessageDelivery: 'true' },
      'Delivery protocol [lambda] does not support raw message delivery.',
    ],
    ['a filter that is none', 'sqs', { FilterPolicy: '{"a":"b"}' }, 'FilterPolicy'],
    [
      'a nested filter of attributes',
      'sqs',
      { FilterPolicy: '{"a":{"b":["c"]}}' },
      'does not support nested filter policy',
    ],
    [
      'a dead-letter queue that is none',
      'sqs',
      { RedrivePolicy: '{"deadLetterTargetArn":"x"}' },
      'deadLetterTargetArn is an invalid arn',
    ],
    [
      'an attribute that would be ignored',
      'sqs',
      { DeliveryPolicy: '{}' },
      'the subscription attribute DeliveryPolicy',
    ],
  ];
  test.each(subscribing)('%s', async (_why, Protocol, Attributes, message) => {
    const TopicArn = await cloud.topic('alerts');
    const sent = cloud.sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint: queueArn('q'), Attributes }));
    await expect(sent).rejects.toThrow(message);
  });

  test('a FIFO topic, and a policy that is none', async () => {
    await expect(cloud.topic('a', { FifoTopic: 'true' })).rejects.toThrow('the topic attribute FifoTopic');
    await expect(cloud.topic('a', { Policy: '{"Statement":[{}]}' })).rejects.toThrow();
    await expect(cloud.sns.send(new CreateTopicCommand({ Name: 'a b' }))).rejects.toThrow('Topic Name');
  });
});

describe.skipIf(!hasAwsCli())('the aws command', () => {
  test('makes a topic, subscribes to it and publishes', async () => {
    const aws = awsCli(cloud.client.endpoint);
    const { TopicArn } = JSON.parse(await aws('sns', 'create-topic', '--name', 'alerts'));
    const queue = await cloud.queue('mail', allow('sns.amazonaws.com', 'sqs:SendMessage', TopicArn));
    const where = ['--topic-arn', TopicArn];
    await aws(
      'sns',
      'subscribe',
      ...where,
      '--protocol',
      'sqs',
      '--notification-endpoint',
      queue,
      '--attributes',
      'RawMessageDelivery=true',
    );
    const attributes = '{"model":{"DataType":"String","StringValue":"churn"}}';
    await aws('sns', 'publish', ...where, '--message', 'hello', '--message-attributes', attributes);
    await cloud.clock.idle();
    expect(await cloud.messages('mail')).toEqual([{ body: 'hello', attributes: { model: 'churn' } }]);
  });
});
