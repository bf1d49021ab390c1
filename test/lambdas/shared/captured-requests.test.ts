import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { captureLines } from '../../../lambdas/predict/capture.ts';
import { loggedRequests } from '../../../lambdas/shared/captured-requests.ts';
import { logsService } from '../../../local/logs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const START = Date.UTC(2026, 0, 5);
const MINUTE = START / 60_000;
const GROUP = '/aws/lambda/predict';
let cloud: TestKernel;
let logs: CloudWatchLogsClient;

/** What the prediction handler writes for one request, as it writes it. */
function written(request: { id: string; rows?: number; functionVersion?: string; cold?: boolean }): string[] {
  const { id, rows = 1, functionVersion = '2', cold = false } = request;
  const captured = captureLines(
    {
      request_id: id,
      model: 'churn',
      model_version: '1.0.0',
      version: 1,
      function_version: functionVersion,
      instances: Array.from({ length: rows }, (_, row) => ({ row, text: 'x'.repeat(rows > 2 ? 3_000 : 1) })),
      predictions: Array.from({ length: rows }, () => ({
        label: 'yes',
        score: 0.5,
        probabilities: { yes: 0.5, no: 0.5 },
      })),
    },
    { sample: 1, redact: [] },
  ).lines;
  const own = {
    message: 'prediction',
    request_id: id,
    function_version: functionVersion,
    alias: 'live',
    cold,
    latency_ms: 3,
  };
  return [...captured, JSON.stringify(own)];
}

beforeAll(async () => {
  cloud = await startKernel({ services: [logsService] });
  logs = new CloudWatchLogsClient(cloud.client);
  await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
  await logs.send(new CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 'one' }));
  const put = (ms: number, lines: readonly string[]) =>
    logs.send(
      new PutLogEventsCommand({
        logGroupName: GROUP,
        logStreamName: 'one',
        logEvents: lines.map((message) => ({ timestamp: START + ms, message })),
      }),
    );
  await put(0, [...written({ id: 'usual' }), ...written({ id: 'first', cold: true }), 'not JSON "capture"']);
  await put(1_000, [
    ...written({ id: 'of-another-version', functionVersion: '3' }),
    ...written({ id: 'large', rows: 150 }),
  ]);
  await put(60_000, written({ id: 'next-minute' }));
});
afterAll(() => cloud.stop());

const captured = (share = 1, minutes = { from: MINUTE, to: MINUTE + 1 }) =>
  loggedRequests(GROUP, logs).captured('2', minutes, share);

test('requests of a version and of whole minutes come back with instances, answers and how long they took', async () => {
  const found = await captured();
  expect(found.map(({ id, minute, latencyMs }) => [id, minute, latencyMs])).toEqual([
    ['usual', MINUTE, 3],
    ['first', MINUTE, null],
    ['large', MINUTE, 3],
  ]);
  expect(found[0]).toMatchObject({
    instances: [{ row: 0 }],
    predictions: [{ label: 'yes', score: 0.5 }],
    partial: false,
  });
});

test('a request that took several lines is one again, and says that a part of it is missing', async () => {
  const large = (await captured()).find(({ id }) => id === 'large');
  expect(large?.instances.map(({ row }) => row)).toEqual(Array.from({ length: 100 }, (_, row) => row));
  expect(large?.predictions).toHaveLength(100);
  expect(large?.partial).toBe(true);
});

test('a smaller share is a part of a larger one', async () => {
  const [half, whole] = [await captured(0.5), await captured()];
  expect(half.length).toBeLessThan(whole.length);
  expect(whole.map(({ id }) => id)).toEqual(expect.arrayContaining(half.map(({ id }) => id)));
  expect(await captured(0)).toEqual([]);
});
