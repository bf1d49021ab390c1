import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelNamed } from '../../cli/environment.ts';
import { windowReportSchema } from '../../domain/monitor/report.ts';
import { capturesPrefix } from '../../domain/names.ts';
import { type Customer, customers, toCsv } from '../../examples/churn/generator.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { WATCHED_MODEL as MODEL, MonitorStory, withoutSubscription } from '../support/monitor-story.ts';
import type { Story } from '../support/story.ts';

/** Windows of live predictions on the local cloud: captured by the deployed functions, watched by the deployed machine. */

let model: MonitorStory;
let story: Story;
beforeAll(async () => {
  model = await MonitorStory.open();
  story = model.story;
}, 300_000);
afterAll(() => story?.stop());
afterEach(async () => {
  expect(await brokenInvariants(story)).toEqual([]);
  expect(await model.brokenWindows()).toEqual([]);
});

const older = <P extends { age: number }>(person: P): P => ({ ...person, age: Math.min(99, person.age + 14) });

const executions = async (machine: string) => {
  const all = await story.sfn.send(new ListExecutionsCommand({ stateMachineArn: machine }));
  return (all.executions ?? []).map(({ status, name }) => ({ status, name }));
};

describe('a model that is watched', () => {
  test('in a world as in training raises no alarm, window after window', async () => {
    await story.upload(MODEL, 'january.csv', toCsv(customers({ rows: 3_000, seed: 1 })));
    await model.untilClosed();
    const statuses: (string | undefined)[] = [];
    for (let hour = 0; hour < 4; hour += 1) {
      await model.ask(model.people(600));
      const window = await model.untilClosed();
      statuses.push(window?.status);
      expect(window).toMatchObject({
        captured: { rows: 600, brokenLines: 0, brokenObjects: 0 },
        captureStopped: false,
      });
    }
    expect(statuses.filter((status) => status !== 'OK' && status !== 'SUSPECT')).toEqual([]);
    expect(await model.maximum('InputDrift')).toBe(0);
    expect(await model.maximum('CapturedRows')).toBe(600);
  });

  test('in an hour without a request has an empty window, which costs nothing', async () => {
    expect(await model.untilClosed()).toMatchObject({ status: 'EMPTY', reportKey: null });
    expect(await model.maximum('CapturedRows')).toBeNull();
  });

  test('in a world that moved tells which features, with a report, a metric and an alarm', async () => {
    await model.ask(model.people(800).map((person) => ({ ...older(person), plan: 'business' })));
    const window = await model.untilClosed();
    expect(window?.status).toBe('DRIFT');
    expect(window?.versions[0]?.alerts.map(({ feature }) => feature).sort()).toEqual(['age', 'plan']);
    expect(await model.maximum('InputDrift')).toBe(2);
    const report = windowReportSchema.parse(JSON.parse(await model.text(window?.reportKey)));
    expect(report.versions[0]?.shapes.map(({ feature }) => feature)).toEqual(expect.arrayContaining(['age', 'plan']));
    const page = await model.text(window?.pageKey);
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
    await model.ask(model.people(300));
    const window = await model.untilClosed();
    expect(window?.captured.lateObjects).toBe(1);
    expect(window?.captured.rows).toBeGreaterThan(300);
    await model.ask(model.people(300));
    expect((await model.untilClosed())?.captured).toMatchObject({ rows: 300, lateObjects: 0 });
  });

  test('says that capture stopped when requests are answered and nothing of them arrives', async () => {
    await story.cloud.deploy(story.assembly, {
      transformTemplate: (_stack, template) => withoutSubscription(template),
    });
    await model.ask(model.people(100));
    expect(await model.untilClosed()).toMatchObject({ status: 'STOPPED', captureStopped: true });
    expect(await model.maximum('CaptureStopped')).toBe(1);
    await story.cloud.deploy(story.assembly);
  });

  test('judges two versions each by its own captures', async () => {
    const registry = model.registry;
    await model.ask(model.people(400));
    await story.upload(
      MODEL,
      'february.csv',
      toCsv(customers({ rows: 3_000, seed: 2 }).map((person: Customer) => older(person))),
    );
    expect((await registry.head()).champion).toBe(2);
    await model.ask(model.people(400).map(older));
    const window = await model.untilClosed();
    expect(window?.captured.rows).toBe(800);
    const judged = window?.versions.map(({ version, champion, input }) => [version, champion, input]);
    expect(judged).toEqual([
      [2, true, expect.stringMatching(/NONE|SUSPECT/)],
      [1, false, expect.anything()],
    ]);
    expect(await model.text(window?.pageKey)).toContain('champion');
  });

  test('that labels speak against is told so when the day is over, and once', async () => {
    // A day of its own: what else was asked today has no labels.
    await model.untilClosed(24);
    await model.truth(await model.ask(model.people(600)), 0.45);
    await model.untilClosed(26);
    const windows = await model.registry.windows(26);
    const telling = windows.filter(({ quality }) => (quality?.scored.length ?? 0) > 0);
    expect(telling).toHaveLength(1);
    const [window] = telling;
    expect(window).toMatchObject({ status: 'LOSS', quality: { version: 2, signal: 'ALERT' } });
    expect(await model.text(window?.pageKey)).toContain('Right or wrong');
  });

  test('does a window once, whatever comes twice', async () => {
    const monitorStateMachineArn = modelNamed(story.environment, MODEL).rolloutStateMachineArn.replace(
      /-rollout$/,
      '-monitor',
    );
    const before = await model.registry.windows(500);
    const time = new Date(story.cloud.clock.now()).toISOString();
    for (const name of ['again-1', 'again-2']) {
      await story.sfn.send(
        new StartExecutionCommand({ stateMachineArn: monitorStateMachineArn, name, input: JSON.stringify({ time }) }),
      );
    }
    await story.quiet();
    expect(await model.registry.windows(500)).toEqual(before);
    const ended = await executions(monitorStateMachineArn);
    expect(ended.filter(({ status }) => status !== 'SUCCEEDED')).toEqual([]);
  });
});
