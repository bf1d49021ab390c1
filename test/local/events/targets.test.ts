import { PutTargetsCommand, type Target } from '@aws-sdk/client-eventbridge';
import { CreateTopicCommand, SetTopicAttributesCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { snsService } from '../../../local/sns/service.ts';
import { allow, type EventsCloud, eventsCloud, FUNCTION, queueArn, RULE } from '../../support/events-cloud.ts';
import { fakeService } from '../../support/fake-services.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:train';
const ROLE = 'arn:aws:iam::000000000000:role/starter';
const states = fakeService('states', 'StartExecution', () => [{ action: 'states:StartExecution', resource: MACHINE }]);

let cloud: EventsCloud;
beforeEach(async () => {
  states.calls.length = 0;
  cloud = await eventsCloud({ services: [snsService, states.factory] });
});
afterEach(() => cloud.stop());

/** The input that a function got of the last event. */
const received = () => String(cloud.lambda.calls.at(-1)?.input.Payload);

describe('an event reaches', () => {
  test('a function, asynchronously, in its envelope', async () => {
    await cloud.rule({});
    const id = await cloud.publish({ model: 'churn' });
    expect(cloud.lambda.calls).toHaveLength(1);
    expect(cloud.lambda.calls[0]?.input).toMatchObject({ FunctionName: FUNCTION, InvocationType: 'Event' });
    expect(cloud.lambda.calls[0]?.principal).toEqual({
      kind: 'service',
      service: 'events.amazonaws.com',
      sourceArn: RULE,
      sourceAccount: '000000000000',
    });
    expect(JSON.parse(received())).toEqual({
      version: '0',
      id,
      'detail-type': 'Order placed',
      source: 'shop',
      account: '000000000000',
      time: '2026-01-05T00:00:00Z',
      region: 'us-east-1',
      resources: [],
      detail: { model: 'churn' },
    });
  });

  test('a queue', async () => {
    await cloud.rule({ Arn: await cloud.queue('work') });
    await cloud.publish({ n: 1 });
    expect((await cloud.messages('work')).map(({ body }) => JSON.parse(body).detail)).toEqual([{ n: 1 }]);
  });

  test('a topic, whose policy lets it in', async () => {
    const sns = new SNSClient(cloud.client);
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    const policy = JSON.stringify(allow('events.amazonaws.com', 'sns:Publish', RULE));
    await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: policy }));
    const queue = await cloud.queue('mail', allow('sns.amazonaws.com', 'sqs:SendMessage', TopicArn));
    await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: queue,
        Attributes: { RawMessageDelivery: 'true' },
      }),
    );
    await cloud.rule({ Arn: TopicArn, Input: '{"hello":1}' });
    await cloud.publish({});
    expect((await cloud.messages('mail')).map(({ body }) => body)).toEqual(['{"hello":1}']);
  });

  test('a state machine, as the role of the target, in an execution named after the event', async () => {
    cloud.authorizer.setRole({
      roleArn: ROLE,
      trust: allow('events.amazonaws.com', 'sts:AssumeRole', RULE),
      policies: new Map([
        ['own', { Statement: { Effect: 'Allow', Action: 'states:StartExecution', Resource: MACHINE } }],
      ]),
    });
    await cloud.rule({ Arn: MACHINE, RoleArn: ROLE });
    const id = await cloud.publish({ n: 1 });
    expect(states.calls).toHaveLength(1);
    expect(states.calls[0]?.principal).toMatchObject({ kind: 'role', roleArn: ROLE });
    expect(states.calls[0]?.input.stateMachineArn).toBe(MACHINE);
    expect(states.calls[0]?.input.name).toMatch(new RegExp(`^${id}_[0-9a-f-]{36}$`));
  });

  test('a queue that admits only the role of the target', async () => {
    const assumedBy = (service: string, resource: string) =>
      cloud.authorizer.setRole({
        roleArn: ROLE,
        trust: allow(service, 'sts:AssumeRole'),
        policies: new Map([['own', { Statement: { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: resource } }]]),
      });
    const resource = await cloud.queue('work', allow('nobody.amazonaws.com', 'sqs:SendMessage'));
    assumedBy('lambda.amazonaws.com', resource);
    await cloud.rule({ Arn: resource, RoleArn: ROLE, DeadLetterConfig: { Arn: await cloud.queue('dead') } });
    await cloud.publish({ n: 1 });
    expect((await cloud.messages('dead'))[0]?.attributes.ERROR_CODE).toBe('FAILED_TO_ASSUME_ROLE');
    assumedBy('events.amazonaws.com', resource);
    await cloud.publish({ n: 2 });
    expect(await cloud.messages('work')).toHaveLength(1);
  });
});

describe('what a target is sent', () => {
  const order = { id: 'o-1', items: [{ sku: 'a' }, { sku: 'b' }], note: 'say "hi"', total: 12.5 };
  const sent = async (target: Partial<Target>) => {
    await cloud.rule(target);
    await cloud.publish(order);
    return received();
  };
  const transformed = (InputTemplate: string, InputPathsMap: Record<string, string> = {}) =>
    sent({ InputTransformer: { InputTemplate, InputPathsMap } });
  const paths = { id: '$.detail.id', items: '$.detail.items', note: '$.detail.note', none: '$.detail.none' };

  test('a constant', async () => {
    expect(await sent({ Input: '{"fixed": true}' })).toBe('{"fixed": true}');
  });

  test('a part of the event', async () => {
    expect(await sent({ InputPath: '$.detail.items[1]' })).toBe('{"sku":"b"}');
  });

  test('one line of text', async () => {
    expect(await transformed('"Order <id> of <source>."', { ...paths, source: '$.source' })).toBe(
      '"Order o-1 of shop."',
    );
  });

  test('lines of text', async () => {
    expect(await transformed('"Order <id>"\n  "with <items>"', paths)).toBe(
      '"Order o-1"\n"with [{\\"sku\\":\\"a\\"},{\\"sku\\":\\"b\\"}]"',
    );
  });

  test('JSON with values outside and inside of strings', async () => {
    const template = '{\n "id": <id>, "items": <items>,\n "text": "<id>: \\"<note>\\"", "fixed": [1, true]\n}';
    expect(JSON.parse(await transformed(template, paths))).toEqual({
      id: 'o-1',
      items: [{ sku: 'a' }, { sku: 'b' }],
      text: 'o-1: "say "hi""',
      fixed: [1, true],
    });
  });

  test('an empty text for what the event does not have', async () => {
    expect(await transformed('{"a": <none>, "b": "x<none>y"}', paths)).toBe('{"a":"","b":"xy"}');
  });

  test('all of an array', async () => {
    expect(await transformed('{"skus": <skus>}', { skus: '$.detail.items[*].sku' })).toBe('{"skus":["a","b"]}');
  });

  test('what EventBridge itself knows', async () => {
    const template =
      '{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>, "envelope": <aws.events.event>, "event": <aws.events.event.json>}';
    const { rule, arn, at, envelope, event } = JSON.parse(await transformed(template));
    expect({ rule, arn, at }).toEqual({ rule: 'orders', arn: RULE, at: '2026-01-05T00:00:00Z' });
    expect(envelope).toMatchObject({ source: 'shop' });
    expect(envelope).not.toHaveProperty('detail');
    expect(event.detail).toEqual(order);
  });
});

describe('a target is refused', () => {
  const put = async (target: Partial<Target>) => {
    await cloud.rule({});
    const Targets = [{ Id: 'x', Arn: queueArn('q'), ...target }];
    return cloud.events.send(new PutTargetsCommand({ Rule: 'orders', Targets }));
  };
  const refused: [why: string, target: Partial<Target>, name: string, message: string][] = [
    [
      'with a template that gives no JSON',
      { InputTransformer: { InputTemplate: 'Order <id>' } },
      'ValidationException',
      'Invalid InputTemplate for target x',
    ],
    [
      'with a constant that is no JSON',
      { Input: 'hello' },
      'ValidationException',
      'JSON syntax error in input for target x',
    ],
    ['with two inputs', { Input: '{}', InputPath: '$.detail' }, 'ValidationException', 'Only one of Input'],
    ['with a path that cannot be read', { InputPath: '$..x' }, 'ValidationException', 'Invalid JSON path $..x'],
    [
      'with more retries than there are',
      { RetryPolicy: { MaximumRetryAttempts: 186 } },
      'ValidationException',
      'MaximumRetryAttempts',
    ],
    [
      'that needs a role and has none',
      { Arn: MACHINE },
      'ValidationException',
      `RoleArn is required for target ${MACHINE}.`,
    ],
    [
      'of a service that nothing here delivers to',
      { Arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s' },
      'LocalCloudUnsupported',
      'EventBridge targets of the service "kinesis"',
    ],
    [
      'with a parameter that would be ignored',
      { EcsParameters: { TaskDefinitionArn: 'x' } },
      'LocalCloudUnsupported',
      'the parameter EcsParameters',
    ],
  ];
  test.each(refused)('%s', async (_why, target, name, message) => {
    await expect(put(target)).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });
});
