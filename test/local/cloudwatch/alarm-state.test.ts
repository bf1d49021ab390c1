import { describe, expect, test } from 'vitest';
import {
  type AlarmRule,
  type AlarmState,
  alarmState,
  type MissingData,
  type Point,
} from '../../../local/cloudwatch/alarm-state.ts';

const AT = Date.UTC(2026, 0, 5);
const TREATMENTS: readonly MissingData[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

/** `0` is fine, `X` breaches, `-` is missing; newest on the right. */
const points = (text: string): Point[] =>
  text.split(' ').map((mark, index) => ({
    at: AT + index * 60_000,
    value: mark === '-' ? undefined : mark === 'X' ? 5 : 0,
  }));
const rule = (change: Partial<AlarmRule> = {}): AlarmRule => ({
  comparison: 'GreaterThanThreshold',
  threshold: 1,
  evaluationPeriods: 3,
  datapointsToAlarm: 3,
  treatMissingData: 'missing',
  ...change,
});
const states = (data: string, change: Partial<AlarmRule>, current: AlarmState) =>
  TREATMENTS.map((treatMissingData) => alarmState(points(data), rule({ ...change, treatMissingData }), current).state);

/** A state that no data gives: what it stands for is "as before". */
const KEPT = 'kept' as AlarmState;

// The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
describe('as documented, for missing, ignore, breaching, notBreaching', () => {
  test.each<[string, string[]]>([
    ['0 - X - X', ['OK', 'OK', 'OK', 'OK']],
    ['0 - - - -', ['OK', 'OK', 'OK', 'OK']],
    ['- - - - -', ['INSUFFICIENT_DATA', KEPT, 'ALARM', 'OK']],
    ['0 X X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['- - X - -', ['ALARM', KEPT, 'ALARM', 'OK']],
  ])('3 out of 3: %s', (data, expected) => {
    expect(states(data, {}, KEPT)).toEqual(expected);
  });

  test.each<[string, string[]]>([
    ['0 - X - X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 0 X 0 X', ['ALARM', 'ALARM', 'ALARM', 'ALARM']],
    ['0 - X - -', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - - 0', ['OK', 'OK', 'ALARM', 'OK']],
    ['- - - X -', ['ALARM', KEPT, 'ALARM', 'OK']],
  ])('2 out of 3: %s', (data, expected) => {
    expect(states(data, { datapointsToAlarm: 2 }, KEPT)).toEqual(expected);
  });

  test.each(['- - - - X', '- - - X -'])('3 out of 3 does not alarm before its time: %s', (data) => {
    expect(alarmState(points(data), rule(), KEPT).state).toBe(KEPT);
  });
});

test.each<[string, number, AlarmState]>([
  ['GreaterThanThreshold', 1, 'OK'],
  ['GreaterThanOrEqualToThreshold', 1, 'ALARM'],
  ['LessThanThreshold', 1, 'OK'],
  ['LessThanOrEqualToThreshold', 1, 'ALARM'],
  ['GreaterThanThreshold', 1.1, 'ALARM'],
  ['LessThanThreshold', 0.9, 'ALARM'],
])('%s of 1 with the value %d', (comparison, value, state) => {
  const one = rule({ comparison, evaluationPeriods: 1, datapointsToAlarm: 1 });
  expect(alarmState([{ at: AT, value }], one, 'INSUFFICIENT_DATA').state).toBe(state);
});

describe('the reason tells', () => {
  const reason = (data: string, change: Partial<AlarmRule> = {}) => alarmState(points(data), rule(change), 'OK').reason;
  const single = { evaluationPeriods: 1, datapointsToAlarm: 1 };

  test('the points that breach', () => {
    expect(reason('X X X', { datapointsToAlarm: 2 })).toBe(
      'Threshold Crossed: 3 out of the last 3 datapoints [5.0 (05/01/26 00:00:00), 5.0 (05/01/26 00:01:00), 5.0 (05/01/26 00:02:00)] were greater than the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).',
    );
  });

  test('one point that does not', () => {
    expect(reason('0', single)).toBe(
      'Threshold Crossed: 1 datapoint [0.0 (05/01/26 00:00:00)] was not greater than the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition).',
    );
  });

  test('that there is none', () => {
    expect(reason('- - -')).toBe('Insufficient Data: 3 datapoints were unknown.');
    expect(reason('- - -', { ...single, treatMissingData: 'notBreaching' })).toBe(
      'Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching].',
    );
  });
});
