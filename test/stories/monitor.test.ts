import { fileURLToPath } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelNamed } from '../../cli/environment.ts';
import { windowReportSchema } from '../../domain/monitor/report.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { capturesPrefix, LIVE_ALIAS, METRIC_NAMESPACE } from '../../domain/names.ts';
import { type Customer, customers, toCsv } from '../../examples/churn/generator.ts';
import type { DeployOptions } from '../../local/cloud.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { openStory, type Story } from '../support/story.ts';

/** Windows of live predictions on the local cloud: captured by the deployed functions, watched by the deployed machine. */

const HOUR = 3_600_000;
const MODEL = 'churn';

let story: Story;
beforeAll(async () => {
  story = await openStory({ config: fileURLToPath(new URL('../fixtures/monitor.config.ts', import.meta.url)) });
}, 300_000);
afterAll(() => story?.stop());
afterEach(async () => expect(await brokenInvariants(story)).toEqual([]));

let seed = 100;
const asked = (rows: number, change: (person: Omit<Customer, 'churned'>) => object = (person) => person) => {
  seed += 1;
  return customers({ rows, seed }).map(({ churned: _hidden, ...person }) => change(person));
};

/** Requests of a hundred customers each, now. */
async function ask(people: readonly object[]): Promise<string[]> {
  const { predictFunctionName: FunctionName } = modelNamed(story.environment, MODEL);
  const ids: string[] = [];
  for (let from = 0; from < people.length; from += 100) {
    const { Payload } = await story.lambda.send(
      new InvokeCommand({
        FunctionName,
        Qualifier: LIVE_ALIAS,
        Payload: Buffer.from(JSON.stringify({ instances: people.slice(from, from + 100) })),
      }),
    );
    ids.push(...(JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as { inference_ids: string[] }).inference_ids);
  }
  return ids;
}

/** Lets the hour pass, and the minutes until its window is closed. */
async function untilClosed(): Promise<WindowItem | undefined> {
  const { clock } = story.cloud;
  const over = (Math.floor(clock.now() / HOUR) + 1) * HOUR + 18 * 60_000;
  await clock.advance(over - clock.now());
  await clock.idle();
  return (await story.registry(MODEL).windows(1))[0];
}

/** To the first minutes of an hour, so that what is asked is captured within it. */
async function nextHour(): Promise<void> {
  const { clock } = story.cloud;
  await clock.advance((Math.floor(clock.now() / HOUR) + 1) * HOUR + 60_000 - clock.now());
  await clock.idle();
}

const text = async (key: string | null | undefined) => {
  const { Body } = await story.s3.send(
    new GetObjectCommand({ Bucket: story.environment.artifactBucket, Key: key ?? '' }),
  );
  return (await Body?.transformToString()) ?? '';
};

const maximum = async (MetricName: string) => {
  const now = story.cloud.clock.now();
  const { Datapoints = [] } = await new CloudWatchClient({}).send(
    new GetMetricStatisticsCommand({
      Namespace: METRIC_NAMESPACE,
      MetricName,
      Dimensions: [{ Name: 'Model', Value: MODEL }],
      StartTime: new Date(now - 600_000),
      EndTime: new Date(now + 60_000),
      Period: 60,
      Statistics: ['Maximum'],
    }),
  );
  return Datapoints.length === 0 ? null : Math.max(...Datapoints.map(({ Maximum = 0 }) => Maximum));
};

const executions = async (machine: string) => {
  const all = await story.sfn.send(new ListExecutionsCommand({ stateMachineArn: machine }));
  return (all.executions ?? []).map(({ status, name }) => ({ status, name }));
};

/** The templates without what brings a log to its delivery stream. */
const withoutSubscription: NonNullable<DeployOptions['transformTemplate']> = (_stack, template) => ({
  ...template,
  Resources: Object.fromEntries(
    Object.entries(template.Resources).filter(([, { Type }]) => Type !== 'AWS::Logs::SubscriptionFilter'),
  ),
});

describe('a model that is watched', () => {
  test('in a world as in training raises no alarm, window after window', async () => {
    await story.upload(MODEL, 'january.csv', toCsv(customers({ rows: 3_000, seed: 1 })));
    await nextHour();
    const statuses: (string | undefined)[] = [];
    for (let hour = 0; hour < 4; hour += 1) {
      await ask(asked(600));
      const window = await untilClosed();
      statuses.push(window?.status);
      expect(window).toMatchObject({
        captured: { rows: 600, brokenLines: 0, brokenObjects: 0 },
        captureStopped: false,
      });
    }
    expect(statuses.filter((status) => status !== 'OK' && status !== 'SUSPECT')).toEqual([]);
    expect(await maximum('InputDrift')).toBe(0);
    expect(await maximum('CapturedRows')).toBe(600);
  });

  test('in an hour without a request has an empty window, which costs nothing', async () => {
    expect(await untilClosed()).toMatchObject({ status: 'EMPTY', reportKey: null });
    expect(await maximum('CapturedRows')).toBeNull();
  });

  test('in a world that moved tells which features, with a report, a metric and an alarm', async () => {
    await ask(asked(800, (person) => ({ ...person, age: Math.min(99, person.age + 14), plan: 'business' })));
    const window = await untilClosed();
    expect(window?.status).toBe('DRIFT');
    expect(window?.versions[0]?.alerts.map(({ feature }) => feature).sort()).toEqual(['age', 'plan']);
    expect(await maximum('InputDrift')).toBe(2);
    const report = windowReportSchema.parse(JSON.parse(await text(window?.reportKey)));
    expect(report.versions[0]?.shapes.map(({ feature }) => feature)).toEqual(expect.arrayContaining(['age', 'plan']));
    const page = await text(window?.pageKey);
    expect(page).toContain('Features that moved');
    expect(page).not.toContain('<script');
    const { MetricAlarms = [] } = await new CloudWatchClient({}).send(
      new DescribeAlarmsCommand({ StateValue: 'ALARM' }),
    );
    expect(MetricAlarms.map(({ MetricName }) => MetricName)).toContain('InputDrift');
  });

  test('counts captures that come late with the window that finds them, and no object twice', async () => {
    const { Contents = [] } = await story.s3.send(
      new ListObjectsV2Command({ Bucket: story.environment.dataBucket, Prefix: capturesPrefix(MODEL) }),
    );
    const first = Contents[0]?.Key ?? '';
    const { Body } = await story.s3.send(new GetObjectCommand({ Bucket: story.environment.dataBucket, Key: first }));
    const late = `${first.slice(0, first.lastIndexOf('/'))}/late.gz`;
    const content = await Body?.transformToByteArray();
    await story.s3.send(new PutObjectCommand({ Bucket: story.environment.dataBucket, Key: late, Body: content }));
    await ask(asked(300));
    const window = await untilClosed();
    expect(window?.captured.lateObjects).toBe(1);
    expect(window?.captured.rows).toBeGreaterThan(300);
    await ask(asked(300));
    expect((await untilClosed())?.captured).toMatchObject({ rows: 300, lateObjects: 0 });
  });

  test('says that capture stopped when requests are answered and nothing of them arrives', async () => {
    await story.cloud.deploy(story.assembly, { transformTemplate: withoutSubscription });
    await ask(asked(100));
    expect(await untilClosed()).toMatchObject({ status: 'STOPPED', captureStopped: true });
    expect(await maximum('CaptureStopped')).toBe(1);
    await story.cloud.deploy(story.assembly);
  });

  test('judges two versions each by its own captures', async () => {
    const older = (person: Customer) => ({ ...person, age: Math.min(99, person.age + 14) });
    const registry = story.registry(MODEL);
    await ask(asked(400));
    await story.upload(MODEL, 'february.csv', toCsv(customers({ rows: 3_000, seed: 2 }).map(older)));
    expect((await registry.head()).champion).toBe(2);
    await ask(asked(400).map((person) => older(person as Customer)));
    const window = await untilClosed();
    expect(window?.captured.rows).toBe(800);
    const judged = window?.versions.map(({ version, champion, input }) => [version, champion, input]);
    expect(judged).toEqual([
      [2, true, expect.stringMatching(/NONE|SUSPECT/)],
      [1, false, expect.anything()],
    ]);
    expect(await text(window?.pageKey)).toContain('champion');
  });

  test('does a window once, whatever comes twice', async () => {
    const monitorStateMachineArn = modelNamed(story.environment, MODEL).rolloutStateMachineArn.replace(
      /-rollout$/,
      '-monitor',
    );
    const before = await story.registry(MODEL).windows(500);
    const time = new Date(story.cloud.clock.now()).toISOString();
    for (const name of ['again-1', 'again-2']) {
      await story.sfn.send(
        new StartExecutionCommand({ stateMachineArn: monitorStateMachineArn, name, input: JSON.stringify({ time }) }),
      );
    }
    await story.quiet();
    expect(await story.registry(MODEL).windows(500)).toEqual(before);
    const ended = await executions(monitorStateMachineArn);
    expect(ended.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  });
});
