import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  TestEventPatternCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsCli, hasAwsCli } from '../../support/aws-cli.ts';
import { allow, type EventsCloud, eventsCloud, FUNCTION, RULE } from '../../support/events-cloud.ts';

let cloud: EventsCloud;
let client: EventBridgeClient;
beforeAll(async () => {
  cloud = await eventsCloud({ policy: allow('events.amazonaws.com', 'lambda:InvokeFunction') });
  client = cloud.events;
});
afterAll(() => cloud.stop());

describe('PutEvents', () => {
  const put = async (...Entries: Partial<PutEventsRequestEntry>[]) => client.send(new PutEventsCommand({ Entries }));
  const good = { Source: 'shop', DetailType: 'Order placed', Detail: '{}' };

  test('judges every entry by itself', async () => {
    const answer = await put(
      { ...good, Source: undefined },
      { ...good, DetailType: '' },
      { ...good, Detail: '{"a":' },
      { ...good, Detail: '[1]' },
      { ...good, Source: 'aws.s3' },
      good,
    );
    expect(answer.FailedEntryCount).toBe(5);
    expect(answer.Entries?.map(({ ErrorCode, ErrorMessage }) => [ErrorCode, ErrorMessage])).toEqual([
      ['InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.'],
      ['InvalidArgument', 'Parameter DetailType is not valid. Reason: DetailType is a required argument.'],
      ['MalformedDetail', 'Detail is malformed.'],
      ['MalformedDetail', 'Detail is malformed.'],
      ['NotAuthorizedForSourceException', 'Not authorized for the source.'],
      [undefined, undefined],
    ]);
    expect(answer.Entries?.[5]?.EventId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('keeps the time and the resources of an entry', async () => {
    await cloud.rule({});
    await put({ ...good, Time: new Date('2025-12-24T18:00:00.400Z'), Resources: ['arn:x'] });
    await cloud.clock.idle();
    const event = JSON.parse(String(cloud.lambda.calls.at(-1)?.input.Payload));
    expect(event).toMatchObject({ time: '2025-12-24T18:00:00Z', resources: ['arn:x'] });
  });

  test('takes at most ten entries and 256 KiB', async () => {
    await expect(put(...Array(11).fill(good))).rejects.toMatchObject({ name: 'ValidationException' });
    const large = { ...good, Detail: JSON.stringify({ text: 'x'.repeat(200_000) }) };
    await expect(put(large, large)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('to another bus is refused by name, with every entry', async () => {
    const before = cloud.lambda.calls.length;
    await expect(put(good, { ...good, EventBusName: 'orders' })).rejects.toMatchObject({
      name: 'LocalCloudUnsupported',
      message: 'The local cloud does not implement event buses but the default one ("orders").',
    });
    await cloud.clock.idle();
    expect(cloud.lambda.calls).toHaveLength(before);
  });

  test('needs the permission, for the source', async () => {
    const roleArn = 'arn:aws:iam::000000000000:role/shop';
    const Resource = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
    const Condition = { StringEquals: { 'events:source': 'shop' } };
    cloud.authorizer.setRole({
      roleArn,
      trust: { Statement: [] },
      policies: new Map([['own', { Statement: { Effect: 'Allow', Action: 'events:PutEvents', Resource, Condition } }]]),
    });
    const credentials = cloud.kernel.context.roleCredentials(roleArn, 's');
    const shop = new EventBridgeClient({ ...cloud.client, credentials });
    const as = (Source: string) => shop.send(new PutEventsCommand({ Entries: [{ ...good, Source }] }));
    expect((await as('shop')).FailedEntryCount).toBe(0);
    await expect(as('office')).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('rules', () => {
  test('are described, listed by page and deleted without their targets only', async () => {
    const EventPattern = '{"source":["shop"]}';
    for (const Name of ['a-1', 'a-2', 'a-3']) {
      await client.send(new PutRuleCommand({ Name, EventPattern, Description: 'about orders' }));
    }
    await client.send(new PutTargetsCommand({ Rule: 'a-1', Targets: [{ Id: 't', Arn: FUNCTION }] }));
    expect(await client.send(new DescribeRuleCommand({ Name: 'a-1' }))).toMatchObject({
      Arn: RULE.replace('orders', 'a-1'),
      EventPattern,
      State: 'ENABLED',
      EventBusName: 'default',
      Description: 'about orders',
    });
    const first = await client.send(new ListRulesCommand({ NamePrefix: 'a-', Limit: 2 }));
    const rest = await client.send(new ListRulesCommand({ NamePrefix: 'a-', NextToken: first.NextToken }));
    expect([first, rest].map(({ Rules }) => Rules?.map(({ Name }) => Name))).toEqual([['a-1', 'a-2'], ['a-3']]);
    expect((await client.send(new ListTargetsByRuleCommand({ Rule: 'a-1' }))).Targets).toEqual([
      { Id: 't', Arn: FUNCTION },
    ]);
    const { RuleNames } = await client.send(new ListRuleNamesByTargetCommand({ TargetArn: FUNCTION }));
    expect(RuleNames).toContain('a-1');

    await expect(client.send(new DeleteRuleCommand({ Name: 'a-1' }))).rejects.toMatchObject({
      message: "Rule can't be deleted since it has targets.",
    });
    await client.send(new RemoveTargetsCommand({ Rule: 'a-1', Ids: ['t'] }));
    for (const Name of ['a-1', 'a-2', 'a-3']) await client.send(new DeleteRuleCommand({ Name }));
    await expect(client.send(new DescribeRuleCommand({ Name: 'a-1' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('keep their targets when they are put again', async () => {
    await cloud.rule({});
    await client.send(new PutRuleCommand({ Name: 'orders', EventPattern: '{"source":["office"]}' }));
    expect((await client.send(new ListTargetsByRuleCommand({ Rule: 'orders' }))).Targets).toHaveLength(1);
  });

  test('have tags', async () => {
    const Tags = [{ Key: 'team', Value: 'ml' }];
    await client.send(new PutRuleCommand({ Name: 'tagged', EventPattern: '{"source":["x"]}', Tags }));
    const ResourceARN = RULE.replace('orders', 'tagged');
    await client.send(new TagResourceCommand({ ResourceARN, Tags: [{ Key: 'cost', Value: '7' }] }));
    await client.send(new UntagResourceCommand({ ResourceARN, TagKeys: ['team'] }));
    expect((await client.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags).toEqual([
      { Key: 'cost', Value: '7' },
    ]);
  });

  const refused: [why: string, input: Partial<PutRuleCommand['input']>, name: string, message: string][] = [
    ['about nothing', {}, 'ValidationException', 'EventPattern or ScheduleExpression must be specified'],
    [
      'with a pattern that is none',
      { EventPattern: '{"source":"x"}' },
      'InvalidEventPatternException',
      'must be an object or an array',
    ],
    [
      'with a schedule that is none',
      { ScheduleExpression: 'rate(1 hours)' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
    [
      'with an impossible name',
      { Name: 'a b', EventPattern: '{"source":["x"]}' },
      'ValidationException',
      "Value 'a b' at 'name'",
    ],
    [
      'on another bus',
      { EventPattern: '{"source":["x"]}', EventBusName: 'orders' },
      'LocalCloudUnsupported',
      'event buses but the default one',
    ],
  ];
  test.each(refused)('%s are refused', async (_why, input, name, message) => {
    const sent = client.send(new PutRuleCommand({ Name: 'refused', ...input }));
    await expect(sent).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
  });
});

const event = { id: '1', account: '1', source: 'shop', time: '2026-01-05T00:00:00Z', region: 'x', 'detail-type': 'y' };

describe('TestEventPattern', () => {
  const ask = (pattern: unknown, about: unknown = event) =>
    client.send(new TestEventPatternCommand({ EventPattern: JSON.stringify(pattern), Event: JSON.stringify(about) }));

  test('tells whether an event fits', async () => {
    expect((await ask({ source: ['shop'] })).Result).toBe(true);
    expect((await ask({ source: ['office'] })).Result).toBe(false);
  });

  test('refuses an impossible pattern and an event that lacks something', async () => {
    await expect(ask({ source: 'shop' })).rejects.toMatchObject({ name: 'InvalidEventPatternException' });
    await expect(ask({ source: ['shop'] }, { source: 'shop' })).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe.skipIf(!hasAwsCli())('the aws command', () => {
  test('makes a rule, sends an event and tests a pattern', async () => {
    const aws = awsCli(cloud.client.endpoint);
    await aws('events', 'put-rule', '--name', 'cli', '--event-pattern', '{"source":["cli"]}');
    await aws('events', 'put-targets', '--rule', 'cli', '--targets', `Id=t,Arn=${FUNCTION}`);
    const entry = JSON.stringify([{ Source: 'cli', DetailType: 'x', Detail: '{"n":7}' }]);
    expect(JSON.parse(await aws('events', 'put-events', '--entries', entry))).toMatchObject({ FailedEntryCount: 0 });
    await cloud.clock.idle();
    expect(JSON.parse(String(cloud.lambda.calls.at(-1)?.input.Payload)).detail).toEqual({ n: 7 });
    const about = ['--event-pattern', '{"source":["shop"]}', '--event', JSON.stringify(event)];
    expect(JSON.parse(await aws('events', 'test-event-pattern', ...about))).toEqual({ Result: true });
  });
});
