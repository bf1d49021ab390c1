import { describe, expect, test } from 'vitest';
import { type Table, trainingProfile, windowProfile } from '../../../bench/drift/values.ts';
import { USUAL } from '../../../bench/drift/watch.ts';
import { compareWindow, type WindowInput } from '../../../domain/drift/compare.ts';
import { emptyMonitorState, type MonitorState } from '../../../domain/drift/state.ts';
import type { WindowVerdict } from '../../../domain/drift/verdict.ts';
import { mergeProfiles } from '../../../domain/profile.ts';
import { random } from '../../../domain/statistics/random.ts';

/** A sensor with a few gaps, and the place where it stands. */
function rows(
  count: number,
  seed: number,
  change: (value: number, index: number) => number | null = (value) => value,
  place = 'ABC',
): Table {
  const source = random(seed);
  return {
    sensor: Array.from({ length: count }, (_, index) => {
      const value = 20 + source.normal();
      return source.uniform() < 0.02 ? null : change(value, index);
    }),
    place: Array.from({ length: count }, () => place[source.below(place.length)] ?? 'A'),
  };
}
const reference = trainingProfile(rows(6_000, 1));

function look(table: Table, input: Partial<WindowInput> = {}) {
  const base = { id: 'w1', reference, predictions: null, state: emptyMonitorState, settings: USUAL };
  return compareWindow({ ...base, window: windowProfile(reference, table), ...input });
}
const sideOf = ({ features }: WindowVerdict, name: string, side: string) =>
  features.find((feature) => feature.name === name)?.sides.find((one) => one.side === side);

describe('what is broken upstream', () => {
  test('values that stop coming are told, though there is nothing left to compare', () => {
    const { verdict } = look(rows(500, 2, () => null));
    expect(sideOf(verdict, 'sensor', 'missing')).toMatchObject({
      signal: 'ALERT_SINGLE',
      now: 1,
      sentence: '100.0 % of the rows have no value, 2.1 % in training',
    });
    expect(verdict.features[0]).toMatchObject({ signal: 'INSUFFICIENT', broken: true });
    expect(verdict.data.signal).toBe('ALERT_SINGLE');
  });

  test('a few more gaps than training had are no news, twice as many rows of them are', () => {
    const gaps = (share: number) =>
      look(rows(5_000, 3, (value, index) => (index % 1_000 < 1_000 * share ? null : value)));
    expect(sideOf(gaps(0.004).verdict, 'sensor', 'missing')?.signal).toBe('NONE');
    expect(sideOf(gaps(0.03).verdict, 'sensor', 'missing')?.signal).toBe('ALERT_SINGLE');
  });

  test('half a point more is no news however many rows show it', () => {
    const odd = rows(5_000, 12, (value, index) => (index % 1_000 < 5 ? null : value));
    let many = windowProfile(reference, odd);
    for (let doubling = 0; doubling < 6; doubling += 1) many = mergeProfiles(many, many);
    const side = sideOf(look(odd, { window: many }).verdict, 'sensor', 'missing');
    expect(side?.now).toBeGreaterThan((side?.reference ?? 1) + 0.003);
    expect(side).toMatchObject({ signal: 'NONE' });
    expect(side?.tolerated).toBeGreaterThan((side?.reference ?? 1) + 0.005);
  });

  test('gaps that were told of are not told again with the next few rows', () => {
    const first = look(rows(500, 13, () => null));
    const next = look(rows(150, 14), { id: 'w2', state: first.state });
    expect(next.verdict.features[0]?.sides).toEqual([]);
    expect(next.state.features[0]?.carried?.counts).toMatchObject({ missing: expect.any(Number) });
    expect(next.state.features[0]?.carried?.counts.missing).toBeLessThan(10);
  });

  test('a second window in a row confirms it, and it ends with the fault', () => {
    let state: MonitorState = emptyMonitorState;
    const signals = [0.4, 0.4, 0.4, 0, 0.4].map((share, index) => {
      const table = rows(400, 10 + index, (value, row) => (row % 10 < 10 * share ? null : value));
      const outcome = look(table, { id: `w${index}`, state });
      state = outcome.state;
      const side = sideOf(outcome.verdict, 'sensor', 'missing');
      return [side?.signal, side?.since, outcome.verdict.data.signal];
    });
    expect(signals).toEqual([
      ['ALERT_SINGLE', 'w0', 'ALERT_SINGLE'],
      ['ALERT', 'w0', 'ALERT'],
      ['ALERT', 'w0', 'ALERT'],
      ['NONE', null, 'NONE'],
      ['ALERT_SINGLE', 'w4', 'ALERT_SINGLE'],
    ]);
  });

  test('a stuck sensor is a fault of the data and no change of the world', () => {
    const stuck = trainingProfile({
      sensor: (rows(6_000, 20).sensor ?? []).map((value) => value && Math.round(10 * Number(value)) / 10),
    });
    const top = stuck.features[0]?.kind === 'numeric' ? stuck.features[0].frame.top : 0;
    const window = windowProfile(stuck, { sensor: Array.from({ length: 500 }, () => top) });
    const { verdict } = look({}, { reference: stuck, window });
    expect(verdict.features[0]).toMatchObject({ signal: 'ALERT', broken: true });
    expect(sideOf(verdict, 'sensor', 'top')).toMatchObject({ signal: 'ALERT_SINGLE', now: 1 });
    expect(verdict.signal).toBe('NONE');
    expect(verdict.data.signal).toBe('ALERT_SINGLE');
  });

  test('another unit puts all of it out of range', () => {
    const { verdict } = look(rows(500, 4, (value) => 1.8 * value + 32));
    expect(sideOf(verdict, 'sensor', 'range')).toMatchObject({ signal: 'ALERT_SINGLE' });
    expect(verdict.data.signal).toBe('ALERT_SINGLE');
    expect(verdict.features[0]).toMatchObject({ broken: true });
  });

  test('a shift takes values out of the range as well, and is drift', () => {
    const { verdict } = look(rows(3_000, 5, (value) => value + 1.2));
    expect(sideOf(verdict, 'sensor', 'range')?.signal).toBe('ALERT_SINGLE');
    expect(verdict).toMatchObject({ signal: 'ALERT', data: { signal: 'NONE' } });
  });

  test('levels that training never had are named as such', () => {
    const { verdict } = look(rows(600, 6, undefined, 'ABCABCABCD'));
    expect(sideOf(verdict, 'place', 'unseen')).toMatchObject({ signal: 'ALERT_SINGLE' });
    expect(sideOf(verdict, 'place', 'unseen')?.sentence).toMatch(
      /^\d+\.\d % have a value that training never had, 0\.0 % were to be expected$/,
    );
  });
});

describe('columns that are not compared', () => {
  test('are told apart: redacted, ignored, absent', () => {
    const settings = { ...USUAL, redacted: ['sensor'], ignore: ['place'] };
    const hidden = look(
      rows(500, 7, () => null),
      { settings },
    ).verdict;
    expect(hidden.features.map(({ unwatched }) => unwatched)).toEqual(['redacted', 'ignored']);
    expect(hidden).toMatchObject({ signal: 'NONE', data: { signal: 'NONE', findings: [] } });
    const { place = [] } = rows(500, 8);
    const absent = look({ place }).verdict;
    expect(absent.features[0]).toMatchObject({ unwatched: 'absent', signal: 'NONE' });
    expect(absent.data).toMatchObject({
      signal: 'ALERT_SINGLE',
      findings: [
        { finding: 'absentColumn', column: 'sensor', sentence: '"sensor" is in none of the 500 captured instances' },
      ],
    });
    const never = look(
      rows(500, 9, () => null),
      { data: { absent: { sensor: 500 } } },
    ).verdict;
    expect(never.features[0]).toMatchObject({ unwatched: 'absent' });
  });

  test('do not take from the budget of the others', () => {
    const { verdict } = look(rows(500, 10), { settings: { ...USUAL, ignore: ['place'] } });
    expect(verdict.budget.features).toBe(1);
    expect(verdict.features[0]?.needed).toBe(3 * USUAL.falseAlarmWindows);
  });
});

test('what the reader met is told: broken lines, other types, new columns', () => {
  const data = { brokenLines: 30, wrongTypes: { sensor: 40 }, newColumns: { hue: 500 } };
  const { verdict } = look(rows(500, 11), { data });
  expect(verdict.data.findings.map(({ finding, column, signal }) => [finding, column, signal])).toEqual([
    ['brokenLines', null, 'ALERT_SINGLE'],
    ['wrongType', 'sensor', 'ALERT_SINGLE'],
    ['newColumn', 'hue', 'NONE'],
  ]);
  expect(verdict.data.findings[1]?.sentence).toBe(
    '"sensor" has values of another type in 8.0 % of the rows; they count as missing',
  );
  const few = look(rows(500, 11), { data: { brokenLines: 1, newColumns: { hue: 500 } } }).verdict;
  expect(few.data.signal).toBe('NONE');
});
