import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutEventsCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AwsError } from '../../../local/kernel/errors.ts';
import { allow, type EventsCloud, eventsCloud, FUNCTION, queueArn, RULE, START } from '../../support/events-cloud.ts';
import { unavailable } from '../../support/fake-services.ts';

let cloud: EventsCloud;
afterEach(() => cloud.stop());

/** Seconds after the start at which the function was called. */
const callSeconds = () => cloud.lambda.calls.map(({ at }) => Math.round((at - START) / 1000));
const ENTRY = { Source: 'shop', DetailType: 'Order placed', Detail: '{"n":1}' };
const DeadLetterConfig = { Arn: queueArn('dead') };

describe('a target that fails', () => {
  beforeEach(async () => {
    cloud = await eventsCloud();
    await cloud.queue('dead');
  });

  test('is tried again, later and later, until it works', async () => {
    await cloud.rule({});
    cloud.lambda.failures.push(unavailable(), unavailable(), unavailable());
    await cloud.publish({ n: 1 });
    expect(callSeconds()).toEqual([0, 1, 3, 7]);
    expect(new Set(cloud.lambda.calls.map(({ input }) => input.Payload)).size).toBe(1);
  });

  test('is given up after the attempts that its retry policy allows', async () => {
    await cloud.rule({ DeadLetterConfig, RetryPolicy: { MaximumRetryAttempts: 2 } });
    cloud.lambda.broken = unavailable();
    await cloud.publish({ n: 1 });
    expect(callSeconds()).toEqual([0, 1, 3]);
    const [letter] = await cloud.messages('dead');
    expect(JSON.parse(letter?.body ?? '')).toMatchObject({ detail: { n: 1 } });
    expect(letter?.attributes).toEqual({
      RULE_ARN: RULE,
      TARGET_ARN: FUNCTION,
      ERROR_CODE: 'ERROR_FROM_TARGET',
      ERROR_MESSAGE: 'An error occurred',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '2',
    });
  });

  test('is given up when the event is too old', async () => {
    await cloud.rule({ DeadLetterConfig, RetryPolicy: { MaximumEventAgeInSeconds: 60 } });
    cloud.lambda.broken = new AwsError('TooManyRequestsException', 'Rate Exceeded.', { status: 429 });
    await cloud.publish({ n: 1 });
    expect(callSeconds()).toEqual([0, 1, 3, 7, 15, 31]);
    expect((await cloud.messages('dead'))[0]?.attributes).toMatchObject({
      ERROR_CODE: 'THROTTLING',
      EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds',
      RETRY_ATTEMPTS: '5',
    });
  });

  test('is tried for 24 hours when nothing else is said', async () => {
    await cloud.rule({ DeadLetterConfig });
    cloud.lambda.broken = unavailable();
    await cloud.publish({ n: 1 });
    expect(callSeconds().at(-1)).toBeLessThanOrEqual(86_400);
    expect(callSeconds().at(-1)).toBeGreaterThan(85_000);
    expect(await cloud.messages('dead')).toHaveLength(1);
  });

  test('does not hold up the other targets', async () => {
    await cloud.rule({});
    await cloud.queue('work');
    await cloud.events.send(
      new PutTargetsCommand({ Rule: 'orders', Targets: [{ Id: 'queue', Arn: queueArn('work') }] }),
    );
    cloud.lambda.failures.push(unavailable());
    await cloud.publish({ n: 1 });
    expect(await cloud.messages('work')).toHaveLength(1);
    expect(cloud.lambda.calls).toHaveLength(2);
  });
});

describe('at once, without a retry, goes to the dead-letter queue', () => {
  const cause = async (code: string) => {
    const letters = await cloud.messages('dead');
    expect(letters.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ ERROR_CODE: code, RETRY_ATTEMPTS: '0' }),
    ]);
    expect(letters[0]?.attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
    expect(cloud.clock.now() - START).toBeLessThan(1_000);
  };

  test('an event for a function that does not let the rule in', async () => {
    const other = RULE.replace('orders', 'other');
    cloud = await eventsCloud({ policy: allow('events.amazonaws.com', 'lambda:InvokeFunction', other) });
    await cloud.queue('dead');
    await cloud.rule({ DeadLetterConfig });
    await cloud.publish({});
    expect(cloud.lambda.calls).toEqual([]);
    await cause('NO_PERMISSIONS');
  });

  test('an event for a queue that does not let the rule in', async () => {
    cloud = await eventsCloud();
    await cloud.queue('dead');
    await cloud.rule({
      Arn: await cloud.queue('work', allow('sns.amazonaws.com', 'sqs:SendMessage')),
      DeadLetterConfig,
    });
    await cloud.publish({});
    await cause('NO_PERMISSIONS');
  });

  test('an event for a target that is gone', async () => {
    cloud = await eventsCloud();
    await cloud.queue('dead');
    await cloud.rule({ Arn: await cloud.queue('work'), DeadLetterConfig });
    await cloud.sqs.send(new DeleteQueueCommand({ QueueUrl: `${cloud.client.endpoint}/000000000000/work` }));
    await cloud.publish({});
    await cause('NO_RESOURCE');
  });
});

test('an event that nothing takes, not even a dead-letter queue, is told to who runs the cloud', async () => {
  cloud = await eventsCloud();
  await cloud.queue('dead', allow('sns.amazonaws.com', 'sqs:SendMessage'));
  await cloud.rule({ Arn: queueArn('gone'), DeadLetterConfig });
  await cloud.publish({});
  expect(cloud.logged.join('\n')).toMatch(/not delivered: NO_RESOURCE.*Nor to its dead-letter queue/);
});

test('an event on its way survives a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-events-'));
  try {
    cloud = await eventsCloud({ folder });
    await cloud.rule({});
    cloud.lambda.broken = unavailable();
    cloud.clock.begin('the time stands still');
    await cloud.events.send(new PutEventsCommand({ Entries: [ENTRY] }));
    await vi.waitFor(() => expect(cloud.lambda.calls).toHaveLength(1));
    await cloud.stop();

    cloud = await eventsCloud({ folder, startAt: cloud.clock.now() });
    await cloud.clock.idle();
    expect(cloud.lambda.calls.map(({ input }) => JSON.parse(String(input.Payload)).detail)).toEqual([{ n: 1 }]);
    await cloud.publish({ n: 2 });
    expect(cloud.lambda.calls).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
