import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DisableRuleCommand, EnableRuleCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseSchedule } from '../../../local/events/schedule.ts';
import { allow, type EventsCloud, eventsCloud, FUNCTION, START } from '../../support/events-cloud.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('an expression', () => {
  /** The next `count` times after the start, to the minute. */
  const times = (expression: string, count: number) => {
    const schedule = parseSchedule(expression);
    const found: string[] = [];
    for (let at: number | undefined = START; found.length < count; ) {
      at = schedule(at, START);
      if (at === undefined) break;
      found.push(new Date(at).toISOString().slice(0, 16));
    }
    return found;
  };

  // The start is Monday, 5 January 2026, midnight.
  test.each<[string, string[]]>([
    ['rate(1 minute)', ['2026-01-05T00:01', '2026-01-05T00:02']],
    ['rate(5 minutes)', ['2026-01-05T00:05', '2026-01-05T00:10']],
    ['rate(2 days)', ['2026-01-07T00:00', '2026-01-09T00:00']],
    ['cron(0 12 * * ? *)', ['2026-01-05T12:00', '2026-01-06T12:00']],
    ['cron(0/15 8 * * ? *)', ['2026-01-05T08:00', '2026-01-05T08:15']],
    ['cron(30 6 ? * MON-FRI *)', ['2026-01-05T06:30', '2026-01-06T06:30']],
    ['cron(0 0 ? * SUN,SAT *)', ['2026-01-10T00:00', '2026-01-11T00:00']],
    ['cron(0 0 ? * 1 *)', ['2026-01-11T00:00', '2026-01-18T00:00']],
    ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['cron(0 0 1 JAN,JUL ? 2027)', ['2027-01-01T00:00', '2027-07-01T00:00']],
  ])('%s', (expression, expected) => {
    expect(times(expression, 2)).toEqual(expected);
  });

  test('may never come again', () => {
    expect(times('cron(0 0 1 1 ? 2020)', 2)).toEqual([]);
  });

  test.each([
    'rate(0 minutes)',
    'rate(1 minutes)',
    'rate(5 minute)',
    'rate(30 seconds)',
    'cron(0 12 * * * *)',
    'cron(0 12 ? * ? *)',
    'cron(60 12 * * ? *)',
    'cron(0 12 * * ?)',
    'at(2026-01-05T00:00:00)',
  ])('%s is refused', (expression) => {
    expect(() => parseSchedule(expression)).toThrow(`Parameter ScheduleExpression is not valid. (${expression})`);
  });

  test.each(['cron(0 0 L * ? *)', 'cron(0 0 15W * ? *)', 'cron(0 0 ? * 6#3 *)'])(
    '%s is refused by name',
    (expression) => {
      expect(() => parseSchedule(expression)).toThrow('The local cloud does not implement L, W and #');
    },
  );
});

describe('a rule with a schedule', () => {
  let cloud: EventsCloud;
  beforeEach(async () => {
    cloud = await eventsCloud({ policy: allow('events.amazonaws.com', 'lambda:InvokeFunction') });
  });
  afterEach(() => cloud.stop());

  const schedule = async (ScheduleExpression: string) => {
    await cloud.events.send(new PutRuleCommand({ Name: 'hourly', ScheduleExpression }));
    await cloud.events.send(new PutTargetsCommand({ Rule: 'hourly', Targets: [{ Id: 't', Arn: FUNCTION }] }));
  };
  const fired = () => cloud.lambda.calls.map(({ input }) => JSON.parse(String(input.Payload)).time as string);

  test('fires as the time passes', async () => {
    await schedule('cron(0 * * * ? *)');
    await cloud.clock.advance(3 * HOUR + MINUTE);
    await cloud.clock.idle();
    expect(fired()).toEqual(['2026-01-05T01:00:00Z', '2026-01-05T02:00:00Z', '2026-01-05T03:00:00Z']);
    expect(JSON.parse(String(cloud.lambda.calls[0]?.input.Payload))).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      resources: ['arn:aws:events:us-east-1:000000000000:rule/hourly'],
      detail: {},
    });
  });

  test('does not make the time pass', async () => {
    await schedule('rate(1 hour)');
    await cloud.clock.idle();
    expect(cloud.clock.now() - START).toBeLessThan(MINUTE);
    expect(fired()).toEqual([]);
  });

  test('is silent while it is disabled, and counts from when it is enabled', async () => {
    await schedule('rate(1 hour)');
    await cloud.events.send(new DisableRuleCommand({ Name: 'hourly' }));
    await cloud.clock.advance(2.5 * HOUR);
    expect(fired()).toEqual([]);
    await cloud.events.send(new EnableRuleCommand({ Name: 'hourly' }));
    await cloud.clock.advance(0.9 * HOUR);
    expect(fired()).toEqual([]);
    await cloud.clock.advance(0.2 * HOUR);
    await cloud.clock.idle();
    expect(fired()).toHaveLength(1);
  });

  test('goes on after a restart, in its pace, without what it missed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-schedules-'));
    try {
      await cloud.stop();
      const policy = allow('events.amazonaws.com', 'lambda:InvokeFunction');
      cloud = await eventsCloud({ folder, policy });
      await schedule('rate(1 hour)');
      await cloud.clock.advance(1.5 * HOUR);
      expect(fired()).toHaveLength(1);
      const first = Date.parse(fired()[0] ?? '');
      await cloud.stop();

      cloud = await eventsCloud({ folder, policy, startAt: START + 10.5 * HOUR });
      await cloud.clock.advance(HOUR);
      await cloud.clock.idle();
      expect(fired().map((time) => (Date.parse(time) - first) / HOUR)).toEqual([10]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
