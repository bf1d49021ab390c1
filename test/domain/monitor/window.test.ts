import { describe, expect, test } from 'vitest';
import { dueCohorts, labelsSince } from '../../../domain/monitor/cohorts.ts';
import { type CaptureObject, divide, select } from '../../../domain/monitor/plan.ts';
import type { CohortItem } from '../../../domain/monitor/record.ts';
import { dueWindow, executionName, windowId } from '../../../domain/monitor/window.ts';
import { showWindow } from '../../../domain/monitor/wording.ts';

const HOUR = 3_600_000;
const span = { id: '2026-11-23T10:00Z', from: '2026-11-23T10:00:00.000Z', to: '2026-11-23T11:00:00.000Z' };

describe('dueWindow()', () => {
  test.each([
    ['the first is the last whole hour', '2026-11-23T11:16:00Z', HOUR, null, ['10:00', '11:00']],
    ['nothing before the grace is over', '2026-11-23T11:14:59Z', HOUR, '2026-11-23T10:00:00.000Z', null],
    ['it follows the last one', '2026-11-23T11:15:00Z', HOUR, '2026-11-23T10:00:00.000Z', ['10:00', '11:00']],
    ['an outage makes it longer', '2026-11-23T14:16:00Z', HOUR, '2026-11-23T10:00:00.000Z', ['10:00', '14:00']],
    ['days begin at midnight', '2026-11-24T00:16:00Z', 24 * HOUR, '2026-11-23T00:00:00.000Z', ['00:00', '00:00']],
    ['quarters of an hour', '2026-11-23T11:16:00Z', HOUR / 4, '2026-11-23T10:45:00.000Z', ['10:45', '11:00']],
    ['a repeated event finds it taken', '2026-11-23T11:16:00Z', HOUR, '2026-11-23T11:00:00.000Z', null],
  ])('%s', (_what, now, every, last, expected) => {
    const due = dueWindow(now, every, last);
    expect(due && [due.from.slice(11, 16), due.to.slice(11, 16)]).toEqual(expected);
  });

  test('is called by its start, also where colons are not allowed', () => {
    expect(windowId(Date.parse(span.from))).toBe('2026-11-23T10:00Z');
    expect(executionName(span.id)).toBe('2026-11-23T10-00Z');
    expect(showWindow(span)).toBe('2026-11-23, 10:00 to 11:00 UTC');
    expect(showWindow({ from: span.from, to: '2026-11-24T00:00:00.000Z' })).toBe('2026-11-23, 10:00 to 24:00 UTC');
  });
});

const object = (hour: string, name: string, over: Partial<CaptureObject> = {}): CaptureObject => ({
  key: `churn/captures/version=000001/hour=${hour}/${name}`,
  version: 1,
  hour,
  bytes: 1_000,
  ...over,
});

describe('select()', () => {
  test('takes what is new up to the end of the window, and remembers all it saw', () => {
    const found = [
      object('2026-11-23T10', 'b'),
      object('2026-11-23T10', 'a'),
      object('2026-11-23T09', 'known'),
      object('2026-11-23T08', 'late'),
      object('2026-11-23T11', 'next'),
      object('2026-11-20T08', 'too-old'),
    ];
    const { objects, late, taken } = select(span, found, new Set([found[2]?.key ?? '']));
    expect(objects.map(({ key }) => key.split('/').at(-1))).toEqual(['late', 'a', 'b']);
    expect(late).toBe(1);
    expect(taken).toHaveLength(4);
  });
});

describe('divide()', () => {
  const many = Array.from({ length: 130 }, (_, index) => object('2026-11-23T10', String(index).padStart(4, '0')));

  test('gives the same items for the same objects in any order, each of one version', () => {
    const objects = [...many, ...many.map((one) => ({ ...one, key: one.key.replace('000001', '000002'), version: 2 }))];
    const items = divide(objects, { attempt: 1 });
    expect(divide([...objects].reverse(), { attempt: 1 })).toEqual(items);
    expect(items.flatMap((item) => item.objects)).toHaveLength(260);
    expect(new Set(items.map(({ id }) => id)).size).toBe(items.length);
    for (const item of items)
      expect(item.objects.every(({ key }) => key.includes(`version=00000${item.version}/`))).toBe(true);
  });

  test('keeps an item small, whatever the size of its objects', () => {
    const large = many.map((one) => ({ ...one, bytes: 5 * 1024 ** 2 }));
    for (const item of divide(large, { attempt: 1 })) expect(item.objects).toHaveLength(1);
  });

  test('another attempt has items of its own: what an earlier one left behind is not taken for it', () => {
    const [first, second] = [divide(many, { attempt: 1 }), divide(many, { attempt: 2 })];
    const ids = new Set(first.map(({ id }) => id));
    expect(second.some(({ id }) => ids.has(id))).toBe(false);
  });
});

describe('dueCohorts()', () => {
  const cohort = (over: Partial<CohortItem> = {}): CohortItem => ({
    model: 'churn',
    id: '2026-11-20#000001',
    version: 1,
    day: '2026-11-20',
    status: 'OPEN',
    rows: 0,
    labelled: 0,
    loss: null,
    signal: 'NONE',
    delays: null,
    labelObjects: 0,
    lookedOn: null,
    window: null,
    revision: 1,
    ...over,
  });
  const labelKeys = ['churn/labels/day=2026-11-19/a.parquet', 'churn/labels/day=2026-11-21/b.parquet'];
  const due = (over: Partial<CohortItem> = {}, known: Partial<Parameters<typeof dueCohorts>[1]> = {}) =>
    dueCohorts([cohort(over)], { now: '2026-11-22T09:00:00Z', maturityMs: 24 * HOUR, labelKeys, ...known }).length;

  test('looks where the day is old enough and new labels have come, once a day', () => {
    expect(due()).toBe(1);
    expect(due({}, { now: '2026-11-21T23:00:00Z' })).toBe(0);
    expect(due({}, { maturityMs: null, now: '2026-11-21T01:00:00Z' })).toBe(1);
    expect(due({ labelObjects: 1 })).toBe(0);
    expect(due({ lookedOn: '2026-11-22' })).toBe(0);
    expect(due({ status: 'SCORED' })).toBe(0);
  });

  test('labels that came before a day say nothing of it', () => {
    expect(labelsSince(labelKeys, '2026-11-20')).toBe(1);
    expect(due({}, { labelKeys: labelKeys.slice(0, 1) })).toBe(0);
  });
});
