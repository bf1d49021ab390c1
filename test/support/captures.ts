import { gunzipSync, gzipSync } from 'node:zlib';
import type { CloudWatchLogsLogEvent, FirehoseTransformationEvent } from 'aws-lambda';
import type { CapturedLine, CaptureLine } from '../../domain/capture.ts';

/** A line of the prediction function's log. */
export const captureLineWith = (over: Partial<CaptureLine> = {}): CaptureLine => ({
  message: 'capture',
  request_id: 'req-1',
  model: 'churn',
  model_version: '1.4.2',
  version: 42,
  function_version: '7',
  first: 0,
  instances: [{ age: 40, plan: 'basic' }],
  predictions: [{ label: 'yes', score: 0.9, probabilities: { no: 0.1, yes: 0.9 } }],
  left_out: 0,
  ...over,
});

/** A line of an object of captures. */
export const capturedLineWith = (over: Partial<CapturedLine> = {}): CapturedLine => ({
  ...captureLineWith(),
  at: '2026-11-23T10:20:30.000Z',
  ...over,
});

/** An object of captures as Firehose writes it. */
export const capturesObject = (lines: readonly (CapturedLine | string)[]) =>
  gzipSync(lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));

export const logEvent = (line: object | string, time = '2026-11-23T10:20:30.000Z'): CloudWatchLogsLogEvent => ({
  id: '1',
  timestamp: Date.parse(time),
  message: typeof line === 'string' ? line : JSON.stringify(line),
});

/** What a Logs subscription gives to Firehose. */
export const logsRecord = (logEvents: readonly CloudWatchLogsLogEvent[], messageType = 'DATA_MESSAGE') =>
  gzipSync(
    JSON.stringify({
      messageType,
      owner: '111122223333',
      logGroup: '/sluice/churn/predict',
      logStream: '2026/11/23/[7]0123456789abcdef',
      subscriptionFilters: ['captures'],
      logEvents,
    }),
  );

/** What Firehose asks its processor. */
export const firehoseEvent = (records: readonly Uint8Array[]): FirehoseTransformationEvent => ({
  invocationId: 'invocation-1',
  deliveryStreamArn: 'arn:aws:firehose:us-east-1:111122223333:deliverystream/captures',
  region: 'us-east-1',
  records: records.map((data, index) => ({
    recordId: `record-${index}`,
    approximateArrivalTimestamp: Date.parse('2026-11-23T10:21:00.000Z'),
    data: Buffer.from(data).toString('base64'),
  })),
});

/** The events that a record holds. */
export const eventsOf = (record: Uint8Array): CloudWatchLogsLogEvent[] =>
  (JSON.parse(gunzipSync(record).toString('utf8')) as { logEvents: CloudWatchLogsLogEvent[] }).logEvents;
