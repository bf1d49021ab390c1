import { CloudWatchClient, DescribeAlarmHistoryCommand } from '@aws-sdk/client-cloudwatch';
import { DeleteSubscriptionFilterCommand, DescribeSubscriptionFiltersCommand } from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Answered, CANARY, CaptureStory, csvOf, MODEL, persons } from '../support/capture-story.ts';
import { brokenInvariants } from '../support/invariants.ts';

/** The way of a prediction: from the caller into the data bucket, to its label, and into the next dataset. */

let capture: CaptureStory;
beforeAll(async () => {
  capture = await CaptureStory.open();
  const { status, run } = await capture.story.upload(MODEL, 'first.csv', csvOf(persons(800, 1)));
  expect([status, run?.reasons]).toEqual(['REGISTERED', []]);
  await capture.story.quiet();
}, 300_000);
afterAll(() => capture?.story.stop());

afterEach(async () => {
  expect(await brokenInvariants(capture.story)).toEqual([]);
});

const HOUR = 3_600_000;
const asked = persons(60, 2);
const answers: Answered[] = [];

describe('captured predictions', () => {
  test('stand in the data bucket by version and hour, as they were asked and answered', async () => {
    answers.push(
      await capture.ask(asked.slice(0, 1)),
      await capture.ask(asked.slice(1, 60)),
      await capture.ask(persons(250, 3)),
    );
    const hour = new Date(capture.story.cloud.clock.now()).toISOString().slice(0, 13);
    await capture.delivered();
    const objects = await capture.captures();
    const partition = new RegExp(`^churn/captures/version=000001/hour=${hour}/[^/]+\\.gz$`);
    expect(objects.map(({ key }) => key)).toEqual(objects.map(() => expect.stringMatching(partition)));
    const rows = objects.flatMap(({ lines }) =>
      lines.flatMap(({ request_id, first, instances, predictions }) =>
        instances.map((instance, index) => ({
          id: `${request_id}-${first + index}`,
          instance,
          prediction: predictions[index],
        })),
      ),
    );
    const [single, batch, large] = answers;
    const known = new Map(rows.map(({ id, ...row }) => [id, row]));
    expect(known.size).toBe(1 + 59 + 100);
    for (const [index, id] of [...(single?.inference_ids ?? []), ...(batch?.inference_ids ?? [])].entries()) {
      const { churned: _, email: __, phone: ___, ...instance } = asked[index] ?? {};
      const prediction = [...(single?.predictions ?? []), ...(batch?.predictions ?? [])][index];
      expect(known.get(id)).toEqual({ instance, prediction });
    }
    expect(large?.inference_ids.filter((id) => known.has(id))).toHaveLength(100);
    expect(await capture.errors()).toEqual([]);
  });

  test('add up: captured, sampled out, left out and dropped are all predictions', async () => {
    const lines = (await capture.logged('Predict')).flatMap(({ message = '' }) => {
      const line = JSON.parse(message) as Record<string, unknown>;
      return line.message === 'prediction' && line.alias === 'live' && line.status === 200 ? [line] : [];
    });
    const sum = (field: string) => lines.reduce((total, line) => total + Number(line[field] ?? Number.NaN), 0);
    const stored = (await capture.captures()).flatMap(({ lines: captured }) => captured);
    const rows = stored.reduce((total, { instances }) => total + instances.length, 0);
    const leftOut = stored.reduce((total, { left_out }) => total + left_out, 0);
    expect({
      predictions: sum('instances'),
      captured: sum('captured'),
      sampledOut: sum('sampled_out'),
      leftOut: sum('left_out'),
    }).toEqual({
      predictions: 310,
      captured: rows,
      sampledOut: 0,
      leftOut,
    });
    expect([rows, leftOut]).toEqual([160, 150]);
  });

  test('are only those of live traffic', async () => {
    const before = (await capture.captures()).length;
    const { Functions = [] } = await capture.story.lambda.send(new ListFunctionsCommand({}));
    const FunctionName = Functions.map(({ FunctionName: name = '' }) => name).find((name) =>
      name.includes('PredictionPredict'),
    );
    const { churned: _, ...instance } = asked[0] ?? {};
    const Payload = Buffer.from(JSON.stringify({ instances: [instance] }));
    await capture.story.lambda.send(new InvokeCommand({ FunctionName, Qualifier: '2', Payload }));
    await capture.delivered();
    expect(await capture.captures()).toHaveLength(before);
  });

  test('that are broken are kept in the error prefix, and cost their neighbours nothing', async () => {
    const [line] = (await capture.logged('Predict')).filter(({ message = '' }) =>
      message.includes('"message":"capture"'),
    );
    const good = { ...(JSON.parse(line?.message ?? '{}') as object), request_id: 'by-hand' };
    const timestamp = capture.story.cloud.clock.now();
    await capture.putLines([
      { timestamp, message: '{"message":"capture","instances":7}' },
      { timestamp, message: JSON.stringify(good) },
    ]);
    await capture.delivered();
    const errors = await capture.errors();
    expect(errors).toEqual([expect.stringMatching(/^churn\/capture-errors\/processing-failed\//)]);
    const kept = JSON.parse((await capture.text(errors[0] ?? '')).split('\n')[0] ?? '{}') as { rawData?: string };
    expect(kept.rawData?.length).toBeGreaterThan(0);
    const ids = (await capture.captures()).flatMap(({ lines }) => lines.map(({ request_id }) => request_id));
    expect(ids).toContain('by-hand');
  });
});

describe('labels', () => {
  test('that come late are taken in, and their owner is told once', async () => {
    const [single, batch] = answers;
    const ids = [...(single?.inference_ids ?? []), ...(batch?.inference_ids ?? [])];
    const labels = ids.slice(0, 40).map((id, index) => `${id},${asked[index]?.churned}`);
    const upload = await capture.truth(`inference_id,label\n${labels.join('\n')}\nnever-made-0,yes\n`);
    expect(upload).toMatchObject({ status: 'LABELLED', reasons: [] });
    const { artifactBucket } = capture.story.environment;
    const day = new Date(capture.story.cloud.clock.now()).toISOString().slice(0, 10);
    expect(await capture.keys('churn/labels/', artifactBucket)).toEqual([
      `churn/labels/day=${day}/${upload.sha256}.parquet`,
    ]);
    const told = await capture.story.told();
    expect(told.map(({ subject }) => subject).filter((subject) => subject.includes('labels'))).toEqual([
      'churn: late labels arrived',
    ]);
  });

  test('that are known or wrong have an outcome too', async () => {
    const wrong = 'inference_id,label\nx-0,perhaps\n';
    expect(await capture.truth(wrong, 'wrong.csv')).toMatchObject({
      status: 'QUARANTINED',
      reasons: ['Row 1, column "label": expected one of "no", "yes", current value is "perhaps".'],
    });
    expect(await capture.keys('churn/truth/wrong.csv')).toEqual([]);
    expect(await capture.keys('churn/quarantine/')).toEqual([
      expect.stringMatching(/report\.json$/),
      expect.stringMatching(/wrong\.csv$/),
    ]);
    const right = 'inference_id,label\nx-0,no\n';
    expect((await capture.truth(right, 'a.csv')).status).toBe('LABELLED');
    expect((await capture.truth(right, 'b.csv')).status).toBe('DUPLICATE');
  });
});

describe('a dataset of labelled predictions', () => {
  test('is the last dataset and what was labelled since, goes the way of every upload, and is made once', async () => {
    const output = await capture.compose('incident-1');
    expect(output).toEqual({
      status: 'COMPOSED',
      rows: 840,
      labelled: 40,
      needed: 20,
      key: 'churn/training/retrain/incident-1.csv',
      because: null,
    });
    await capture.story.quiet();
    expect(await capture.compose('incident-1')).toEqual({ ...output, status: 'REPEATED' });
    await capture.story.quiet();
    const uploads = (await capture.registry.uploads()).filter(({ key }) => key === output.key);
    expect(uploads).toHaveLength(1);
    const run = await capture.registry.run(uploads[0]?.runId ?? '');
    expect(['REGISTERED', 'REJECTED']).toContain(run?.status);
    expect(run?.reasons).toEqual(run?.status === 'REGISTERED' ? [] : expect.anything());
    expect(run?.status).toBe('REGISTERED');
  });
});

test('what is redacted or ignored stands in no log, no capture, no label and no message', async () => {
  const messages = (await capture.logged()).map(({ message }) => message);
  expect(messages.length).toBeGreaterThan(100);
  expect(messages.filter((message) => message?.includes(CANARY))).toEqual([]);
  const objects = await capture.captures();
  expect(JSON.stringify(objects)).not.toContain(CANARY);
  for (const key of await capture.errors()) expect(await capture.text(key)).not.toContain(CANARY);
  expect(capture.story.log.join('\n')).not.toContain(CANARY);
});

test('a capture that stops is found by the next window, and is an alarm', async () => {
  const logGroupName = await capture.predictLog();
  const { subscriptionFilters = [] } = await capture.logs.send(
    new DescribeSubscriptionFiltersCommand({ logGroupName }),
  );
  const [{ filterName } = {}] = subscriptionFilters;
  await capture.story.cloud.clock.advance(2 * HOUR);
  await capture.logs.send(new DeleteSubscriptionFilterCommand({ logGroupName, filterName }));
  await capture.ask(asked.slice(0, 20));
  await capture.story.cloud.clock.advance(3 * HOUR);
  await capture.story.quiet();
  expect((await capture.registry.windows(10)).map(({ status }) => status)).toContain('STOPPED');
  const told = await new CloudWatchClient({}).send(new DescribeAlarmHistoryCommand({ HistoryItemType: 'StateUpdate' }));
  const changes = (told.AlarmHistoryItems ?? []).map(
    ({ AlarmName, HistorySummary }) => `${AlarmName}: ${HistorySummary}`,
  );
  expect(changes).toContainEqual(expect.stringMatching(/CaptureStopped.*to ALARM/));
});
