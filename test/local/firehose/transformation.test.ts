import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AwsError } from '../../../local/kernel/errors.ts';
import {
  base64,
  type FirehoseCloud,
  FUNCTION,
  firehoseCloud,
  MAY_WRITE,
  partitioned,
  START,
  type TransformEvent,
  text,
} from '../../support/firehose-cloud.ts';

const MINUTE = 60_000;
/** A minute for the function's buffer, five for that of S3. */
const ALL = 6 * MINUTE;

let cloud: FirehoseCloud;
beforeEach(async () => {
  cloud = await firehoseCloud();
  await cloud.create(partitioned);
});
afterEach(() => cloud.stop());

/** A function that answers each record by its text. */
const answering = (answer: (given: string) => object) => (event: TransformEvent) => ({
  records: event.records.map((record) => ({ recordId: record.recordId, ...answer(text(record)) })),
});
const ok = (version: string, data: string) => ({
  result: 'Ok',
  data: base64(data),
  metadata: { partitionKeys: { version, unused: 'x' } },
});
/** What is below a prefix, by the folder that the keys stand in. */
const below = async (prefix: string) =>
  Object.fromEntries(
    Object.entries(await cloud.objects())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, content]) => [key.slice(prefix.length, key.lastIndexOf('/')), content]),
  );
const failed = async () =>
  Object.values(await below('churn/capture-errors/'))
    .flatMap((content) => content.trim().split('\n'))
    .map((line) => JSON.parse(line));

describe('a function', () => {
  test('is sent the records of a minute as the service documents it', async () => {
    await cloud.put('one', 'two');
    await cloud.clock.advance(MINUTE);
    expect(cloud.events).toEqual([
      {
        invocationId: expect.any(String),
        deliveryStreamArn: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/capture',
        region: 'us-east-1',
        records: ['one', 'two'].map((given) => ({
          recordId: expect.stringMatching(/^\d{56}$/),
          approximateArrivalTimestamp: expect.any(Number),
          data: base64(given),
        })),
      },
    ]);
    expect(cloud.events[0]?.records[0]?.approximateArrivalTimestamp).toBeGreaterThanOrEqual(START);
  });

  test('decides where a record goes', async () => {
    cloud.transform = answering((given) => ok(given === 'new' ? '2' : '1', `${given}!\n`));
    await cloud.put('old', 'new', 'older');
    await cloud.clock.advance(ALL);
    expect(await below('churn/captures/')).toEqual({ 'version=1': 'old!\nolder!\n', 'version=2': 'new!\n' });
  });

  test('may leave records out', async () => {
    cloud.transform = answering((given) => (given === 'control' ? { result: 'Dropped' } : ok('1', given)));
    await cloud.put('control', 'one');
    await cloud.clock.advance(ALL);
    expect(Object.values(await cloud.objects())).toEqual(['one']);
  });

  test('may fail for single records, which are kept apart with what was wrong', async () => {
    cloud.transform = answering((given) => (given === 'bad' ? { result: 'ProcessingFailed' } : ok('1', given)));
    await cloud.put('bad', 'one');
    await cloud.clock.advance(ALL);
    expect(await below('churn/captures/')).toEqual({ 'version=1': 'one' });
    expect(Object.keys(await below('churn/capture-errors/'))).toEqual(['processing-failed']);
    expect(await failed()).toEqual([
      {
        attemptsMade: 1,
        arrivalTimestamp: expect.any(Number),
        errorCode: 'Lambda.ProcessingFailedStatus',
        errorMessage: 'ProcessingFailed status set for record',
        attemptEndingTimestamp: expect.any(Number),
        rawData: base64('bad'),
        lambdaArn: FUNCTION,
      },
    ]);
  });

  test('that gives a record no key of the prefix fails it', async () => {
    cloud.transform = answering((given) => ok(given === 'without' ? '' : '1', given));
    await cloud.put('without', 'one');
    await cloud.clock.advance(ALL);
    expect(await below('churn/captures/')).toEqual({ 'version=1': 'one' });
    expect(await failed()).toMatchObject([
      { errorCode: 'DynamicPartitioning.MetadataExtractionFailed', rawData: base64('without') },
    ]);
  });
});

describe('a function that fails', () => {
  test('is tried again as often as the processor says', async () => {
    let calls = 0;
    const good = answering((given) => ok('1', given));
    cloud.transform = (event) => {
      calls += 1;
      return calls < 3 ? new Error('{"errorType":"Error"}') : good(event);
    };
    await cloud.put('one');
    await cloud.clock.advance(ALL + MINUTE);
    expect(calls).toBe(3);
    expect(await below('churn/captures/')).toEqual({ 'version=1': 'one' });
  });

  const failures: [string, (event: TransformEvent) => unknown, string][] = [
    ['an error', () => new Error('{"errorType":"Error"}'), 'Lambda.FunctionError'],
    ['a timeout', () => new Error('{"errorType":"Sandbox.Timedout"}'), 'Lambda.FunctionTimedOut'],
    ['no records', () => ({}), 'Lambda.JsonProcessingException'],
    ['a record without a result', answering(() => ({})), 'Lambda.JsonProcessingException'],
    ['a record too few', () => ({ records: [] }), 'Lambda.MissingRecordId'],
    [
      'a record twice',
      ({ records }) => ({ records: [...records, ...records].map(({ recordId }) => ({ recordId, result: 'Dropped' })) }),
      'Lambda.DuplicatedRecordId',
    ],
  ];
  test.each(failures)('with %s every time loses nothing', async (_what, transform, errorCode) => {
    cloud.transform = transform;
    await cloud.put('one', 'two');
    await cloud.clock.advance(ALL + MINUTE);
    expect(cloud.events).toHaveLength(3);
    const told = await failed();
    expect(told.map(({ rawData }) => text({ data: rawData }))).toEqual(['one', 'two']);
    expect(told[0]).toMatchObject({ attemptsMade: 3, errorCode });
  });

  test('because it cannot be called says why', async () => {
    cloud.grant(MAY_WRITE);
    await cloud.put('one');
    await cloud.clock.advance(ALL + MINUTE);
    expect(cloud.events).toEqual([]);
    expect(await failed()).toMatchObject([{ errorCode: 'Lambda.InvokeAccessDenied', attemptsMade: 3 }]);
  });

  test('because it is gone says so', async () => {
    cloud.transform = () => {
      throw new AwsError('ResourceNotFoundException', 'Function not found', { status: 404 });
    };
    await cloud.put('one');
    await cloud.clock.advance(ALL + MINUTE);
    expect(await failed()).toMatchObject([{ errorCode: 'Lambda.ResourceNotFound' }]);
  });
});

test('more than 500 partitions at a time are too many', async () => {
  cloud.transform = answering((given) => ok(given, given));
  const records = Array.from({ length: 502 }, (_, index) => `v${index}`);
  await Promise.all(records.map((record) => cloud.put(record)));
  await cloud.clock.advance(ALL);
  expect(Object.keys(await below('churn/capture-errors/'))).toEqual(['activePartitionExceeded']);
  expect(await failed()).toHaveLength(2);
});
