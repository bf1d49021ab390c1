import { describe, expect, test } from 'vitest';
import { capturedLine } from '../../../domain/capture.ts';
import { transform } from '../../../lambdas/capture/transform.ts';
import { captureLineWith, eventsOf, firehoseEvent, logEvent, logsRecord } from '../../support/captures.ts';

const churn = { model: 'churn', redact: [] };

/** Asks the processor, and again with what it put back, as Firehose does, until nothing comes back. */
async function deliver(records: readonly Uint8Array[], settings: Parameters<typeof transform>[2] = churn) {
  const delivered: { partition: object | undefined; lines: unknown[] }[] = [];
  const failed: Uint8Array[] = [];
  const answers: number[] = [];
  const counts = { lines: 0, rows: 0, broken: 0 };
  let waiting: readonly Uint8Array[] = records;
  let calls = 0;
  for (; waiting.length > 0 && calls < 50; calls += 1) {
    const asked = waiting;
    const back: Uint8Array[] = [];
    const { result, counts: counted } = await transform(
      firehoseEvent(asked),
      { putBack: async (more) => void back.push(...more) },
      settings,
    );
    expect(result.records.map(({ recordId }) => recordId)).toEqual(asked.map((_, index) => `record-${index}`));
    for (const [index, answer] of result.records.entries()) {
      if (answer.result === 'ProcessingFailed') failed.push(asked[index] ?? new Uint8Array());
      if (answer.result !== 'Ok') continue;
      const text = Buffer.from(answer.data ?? '', 'base64').toString('utf8');
      expect(text.endsWith('\n')).toBe(true);
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => capturedLine.parse(JSON.parse(line)));
      delivered.push({ partition: answer.metadata?.partitionKeys, lines });
    }
    for (const key of ['lines', 'rows', 'broken'] as const) counts[key] += counted[key];
    answers.push(JSON.stringify(result).length);
    waiting = back;
  }
  expect(waiting).toEqual([]);
  return { delivered, failed, counts, calls, largest: Math.max(...answers) };
}

test('lines of a log become lines of an object, with the time of their event, by version and hour', async () => {
  const second = captureLineWith({ request_id: 'req-2', first: 3 });
  const { delivered, counts } = await deliver([
    logsRecord([
      logEvent({ ...captureLineWith(), level: 'INFO', timestamp: 'x' }, '2026-11-23T10:59:59.900Z'),
      logEvent(second, '2026-11-23T11:00:00.100Z'),
    ]),
  ]);
  expect(delivered).toEqual([
    {
      // A record is not divided for its last lines: it stands under the hour of its first.
      partition: { version: '000042', hour: '2026-11-23T10' },
      lines: [
        { ...captureLineWith(), at: '2026-11-23T10:59:59.900Z' },
        { ...second, at: '2026-11-23T11:00:00.100Z' },
      ],
    },
  ]);
  expect(counts).toEqual({ lines: 2, rows: 2, broken: 0 });
});

test('the message by which Logs tries the stream is no capture', async () => {
  expect(await deliver([logsRecord([logEvent('CWL CONTROL MESSAGE')], 'CONTROL_MESSAGE')])).toMatchObject({
    delivered: [],
    failed: [],
  });
});

describe('what is broken', () => {
  test.each([
    ['no archive', Buffer.from('not gzip')],
    ['an archive of something else', logsRecord('x' as never)],
    ['an event that is no JSON', logsRecord([logEvent('{"message":"capture"')])],
    ['a line without predictions', logsRecord([logEvent({ ...captureLineWith(), predictions: undefined })])],
    ['a line with fewer predictions than instances', logsRecord([logEvent(captureLineWith({ predictions: [] }))])],
    ['a line without its version', logsRecord([logEvent({ ...captureLineWith(), version: null })])],
    ["another model's line", logsRecord([logEvent(captureLineWith({ model: 'other' }))])],
  ])('%s goes to the error prefix as it came', async (_, record) => {
    const { delivered, failed, counts } = await deliver([record]);
    expect(delivered).toEqual([]);
    expect(failed).toEqual([record]);
    expect(counts.broken).toBe(1);
  });

  test('keeps nothing good from its place, and is not lost beside it', async () => {
    const good = captureLineWith();
    const { delivered, failed, counts } = await deliver([
      logsRecord([logEvent('junk'), logEvent(good), logEvent('{}')]),
    ]);
    expect(delivered.flatMap(({ lines }) => lines)).toMatchObject([good]);
    expect(failed.flatMap(eventsOf).map(({ message }) => message)).toEqual(['junk', '{}']);
    expect(counts).toEqual({ lines: 1, rows: 1, broken: 2 });
  });
});

test('lines of two versions in one record are stored under their own', async () => {
  const lines = [42, 43, 42, 44].map((version, index) => captureLineWith({ version, request_id: `req-${index}` }));
  const { delivered } = await deliver([logsRecord(lines.map((line) => logEvent(line)))]);
  const found = delivered.map(({ partition, lines: stored }) => [
    (partition as { version: string }).version,
    (stored as { version: number; request_id: string }[]).map(({ request_id }) => request_id),
  ]);
  expect(Object.fromEntries(found as [string, string[]][])).toEqual({
    '000042': ['req-0', 'req-2'],
    '000043': ['req-1'],
    '000044': ['req-3'],
  });
});

test('an answer stays below what Firehose takes, and nothing is lost or told twice', async () => {
  const maxAnswerBytes = 60_000;
  // One record of several times an answer, and many that fit only one by one.
  const large = Array.from({ length: 40 }, (_, index) =>
    logEvent(captureLineWith({ request_id: `large-${index}`, instances: [{ text: 'x'.repeat(5_000) }] })),
  );
  const small = Array.from({ length: 8 }, (_, index) =>
    logsRecord([
      logEvent(captureLineWith({ request_id: `small-${index}`, instances: [{ text: 'y'.repeat(20_000) }] })),
    ]),
  );
  const { delivered, largest, calls } = await deliver(
    [small[0] ?? '', logsRecord(large), ...small.slice(1)] as Uint8Array[],
    {
      ...churn,
      maxAnswerBytes,
    },
  );
  const ids = delivered.flatMap(({ lines }) => (lines as { request_id: string }[]).map(({ request_id }) => request_id));
  expect(ids.sort()).toEqual([...large.map((_, i) => `large-${i}`), ...small.map((_, i) => `small-${i}`)].sort());
  expect(largest).toBeLessThanOrEqual(maxAnswerBytes);
  expect(calls).toBeLessThan(15);
});

test('a single line beyond every answer goes to the error prefix instead of round and round', async () => {
  const record = logsRecord([logEvent(captureLineWith({ instances: [{ text: 'x'.repeat(9_000) }] }))]);
  const { failed } = await deliver([record], { ...churn, maxAnswerBytes: 5_000 });
  expect(failed).toEqual([record]);
});

test('a field that is redacted now is not stored, although a version from before still logs it', async () => {
  const old = captureLineWith({ instances: [{ age: 40, email: 'canary@example.com' }] });
  const { delivered } = await deliver([logsRecord([logEvent(old)])], { model: 'churn', redact: ['email'] });
  expect(delivered[0]?.lines).toMatchObject([{ instances: [{ age: 40 }], redacted: ['email'] }]);
  expect(JSON.stringify(delivered)).not.toContain('canary');
});
