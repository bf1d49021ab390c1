import { describe, expect, test } from 'vitest';
import { binomial } from '../../../bench/drift/draw.ts';
import { lossIncrements, toleratedLoss } from '../../../domain/quality/evidence.ts';
import { addDelays, DELAY_BOUNDS, maturity, mergeDelays, noDelays } from '../../../domain/quality/maturity.ts';
import {
  lossOf,
  type QualityReference,
  qualityReference,
  qualityReferenceSchema,
} from '../../../domain/quality/reference.ts';
import { type CohortInput, scoreCohort } from '../../../domain/quality/score.ts';
import { qualitySettings } from '../../../domain/quality/settings.ts';
import { emptyQualityState, type QualityState, qualityStateSchema } from '../../../domain/quality/state.ts';
import { cohortVerdictSchema } from '../../../domain/quality/verdict.ts';
import { random } from '../../../domain/statistics/random.ts';
import { monitoringSchema } from '../../../domain/watch-config.ts';
import { binaryScores, regressionScores } from '../../support/domain-builders.ts';

const DAY = 86_400_000;
const settings = qualitySettings(monitoringSchema.parse({}));
const reference: QualityReference = { kind: 'binary', farOff: null, n: 10_000, losses: 1_000, slices: [] };

type Labels = Partial<CohortInput['cohort']>;
function score(id: string, labels: Labels, input: Partial<CohortInput> = {}) {
  const cohort = { id, rows: 200, labelled: 200, losses: 20, ageMs: 10 * DAY, ...labels };
  return scoreCohort({ cohort, reference, maturityMs: DAY, state: emptyQualityState, settings, ...input });
}

/** Days of 200 labels each, of which a share is wrong; the days on which an alarm came. */
function alarmDays(days: number, loss: number, seed: number, stop = false): number[] {
  const source = random(seed);
  let state = emptyQualityState;
  const alarms: number[] = [];
  for (let day = 1; day <= days && !(stop && alarms.length > 0); day += 1) {
    const outcome = score(`day ${day}`, { losses: binomial(200, loss, source) }, { state });
    state = outcome.state;
    if (outcome.verdict.fresh) alarms.push(day);
  }
  return alarms;
}

describe('with 200 labels a day and a loss of 10 % at evaluation', () => {
  const median = (loss: number) => {
    const days = Array.from({ length: 60 }, (_, run) => alarmDays(60, loss, 500 + run, true)[0] ?? Infinity);
    return days.sort((a, b) => a - b)[30] ?? Infinity;
  };

  test('a hundred years without change have one false alarm at most', () => {
    const alarms = Array.from({ length: 100 }, (_, year) => alarmDays(365, 0.1, year).length);
    expect(alarms.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1);
  });
  test('15 % are seen within twelve days in half of the cases, 20 % within three', () => {
    expect(median(0.15)).toBeLessThanOrEqual(12);
    expect(median(0.2)).toBeLessThanOrEqual(3);
  });
});

describe('a cohort', () => {
  test('waits for its labels, needs enough of them, and is scored once', () => {
    expect(score('day', { ageMs: DAY - 1 })).toMatchObject({
      verdict: { status: 'WAITING' },
      state: emptyQualityState,
    });
    const few = score('day', { labelled: 159 });
    expect(few).toMatchObject({
      verdict: { status: 'INSUFFICIENT', signal: 'INSUFFICIENT' },
      state: emptyQualityState,
    });
    expect(few.verdict.sentence).toBe('159 of 200 predictions of day have a label; 80.0 % are needed to judge them');
    const scored = score('day', { labelled: 160 });
    expect(scored.verdict).toMatchObject({ status: 'SCORED', signal: 'NONE', coverage: 0.8, loss: 0.125 });
    const again = score('day', { labelled: 200, losses: 200 }, { state: scored.state });
    expect(again).toMatchObject({ verdict: { status: 'KNOWN' }, state: scored.state });
    expect(score('empty', { rows: 0, labelled: 0, losses: 0 }).verdict.status).toBe('INSUFFICIENT');
  });

  test('is judged by its coverage alone while nothing is known of delays', () => {
    expect(score('day', { ageMs: 0 }, { maturityMs: null }).verdict.status).toBe('SCORED');
  });

  test('that is bad alarms, says so until it is better, and what is stored can be read', () => {
    let state: QualityState = emptyQualityState;
    const days = [20, 55, 60, 18, 20, 19, 21, 20, 20].map((losses, day) => {
      const outcome = score(
        `day ${day}`,
        { losses },
        { state: qualityStateSchema.parse(JSON.parse(JSON.stringify(state))) },
      );
      state = outcome.state;
      expect(cohortVerdictSchema.parse(JSON.parse(JSON.stringify(outcome.verdict)))).toEqual(outcome.verdict);
      return outcome.verdict;
    });
    expect(days.slice(0, 3).map(({ signal, fresh, since }) => [signal, fresh, since])).toEqual([
      ['NONE', false, null],
      ['ALERT', true, 'day 1'],
      ['ALERT', true, 'day 1'],
    ]);
    expect(days[3]?.signal).toBe('ALERT');
    expect(days.at(-1)?.signal).toBe('NONE');
    expect(days[1]?.sentence).toBe(
      '27.5 % of 200 labelled predictions of day 1 are wrong, 10.0 % at evaluation: more than the 11.5 % that are tolerated',
    );
  });

  test('says the same whichever came first of two that are scored', () => {
    const one = (order: readonly [string, number][]) => {
      let state = emptyQualityState;
      for (const [id, losses] of order) state = score(id, { losses }, { state }).state;
      return state.scored;
    };
    expect(
      one([
        ['a', 20],
        ['b', 25],
      ]).sort(),
    ).toEqual(
      one([
        ['b', 25],
        ['a', 20],
      ]).sort(),
    );
  });
});

describe('slices', () => {
  const north = { column: 'region', value: 'north', n: 4_000, losses: 400 };
  const south = { column: 'region', value: 'south', n: 6_000, losses: 600 };
  const sliced = { ...reference, slices: [north, south] };

  test('are held against their own loss, and share one budget', () => {
    const slices = [
      { column: 'region', value: 'south', n: 100, losses: 60 },
      { column: 'region', value: 'north', n: 100, losses: 9 },
    ];
    const { verdict } = score('day', { losses: 24, slices }, { reference: sliced });
    expect(verdict.slices.map(({ value, signal, needed }) => [value, signal, needed])).toEqual([
      ['north', 'NONE', 1_460],
      ['south', 'ALERT', 1_460],
    ]);
    expect(verdict.signal).toBe('NONE');
  });

  test('without labels stay as they are', () => {
    const slices = [{ column: 'region', value: 'north', n: 200, losses: 25 }];
    const { verdict, state } = score('day', { slices }, { reference: sliced });
    expect(verdict.slices[1]).toMatchObject({ value: 'south', signal: 'INSUFFICIENT', loss: null });
    const next = score('day 2', { slices }, { reference: sliced, state }).state;
    expect(next.slices[1]).toEqual(state.slices[1]);
  });
});

describe('the reference of a version', () => {
  test('counts wrong labels, in all and by slice', () => {
    const scores = binaryScores({
      rows: 1_000,
      attributes: (row) => ({ group: row % 10 === 0 ? 'rare' : 'usual', id: `${row}` }),
    });
    const counted = qualityReference(scores, ['group', 'id', 'absent']);
    const wrong = scores.truth.filter((truth, row) => (scores.challenger[row] ?? 0) >= 0.5 !== (truth === 1)).length;
    expect(counted).toMatchObject({ kind: 'binary', farOff: null, n: 1_000, losses: wrong });
    expect(counted.slices.map(({ column, value, n }) => [column, value, n])).toEqual([
      ['group', 'usual', 900],
      ['group', 'rare', 100],
    ]);
    expect(qualityReferenceSchema.parse(counted)).toEqual(counted);
    expect([lossOf(counted, 'yes', 'yes'), lossOf(counted, 'yes', 'no')]).toEqual([0, 1]);
  });

  test('of a regression calls far off what one in ten predictions was', () => {
    const counted = qualityReference(regressionScores({ rows: 1_000 }), []);
    expect(counted.losses / counted.n).toBeCloseTo(0.1, 2);
    const far = counted.farOff ?? 0;
    expect([
      lossOf(counted, 5, 5 + 0.99 * far),
      lossOf(counted, 5, 5 - 1.01 * far),
      lossOf(counted, Number.NaN, 5),
    ]).toEqual([0, 1, 1]);
  });

  test('tolerates its upper bound and a point more, and bets that cannot win on average', () => {
    const tolerated = toleratedLoss(reference, 0.01);
    expect(tolerated).toBeCloseTo(0.115, 3);
    for (const limit of [tolerated, 0.001, 0.5, 0.9]) {
      const [wrong, right] = [lossIncrements({ n: 1, losses: 1 }, limit), lossIncrements({ n: 1, losses: 0 }, limit)];
      expect(wrong.length).toBeGreaterThan(0);
      for (const [bet, ln] of wrong.entries())
        expect(limit * Math.exp(ln) + (1 - limit) * Math.exp(right[bet] ?? 0)).toBeCloseTo(1, 10);
    }
  });
});

describe('maturity', () => {
  const hours = (...delays: number[]) => delays.map((delay) => delay * 3_600_000);

  test('is what was configured, or the delay that 95 of 100 labels stayed below', () => {
    expect(maturity(noDelays, 5)).toBe(5);
    expect(maturity(addDelays(noDelays, hours(...new Array<number>(199).fill(3))), null)).toBeNull();
    const seen = addDelays(
      noDelays,
      hours(...Array.from({ length: 1_000 }, (_, label) => (label < 960 ? label / 40 : 900))),
    );
    const learned = maturity(seen, null) ?? 0;
    expect(learned).toBeGreaterThanOrEqual(23.7 * 3_600_000);
    expect(learned).toBeLessThan(1.25 * 24 * 3_600_000);
  });

  test('is the same whatever came first, and has an end', () => {
    const [a, b] = [addDelays(noDelays, hours(1, 5, -3)), addDelays(noDelays, hours(1e6, 7))];
    expect(mergeDelays(a, b)).toEqual(mergeDelays(b, a));
    expect(mergeDelays(a, b)).toEqual(addDelays(noDelays, hours(7, 1e6, -3, 5, 1)));
    expect(maturity(addDelays(noDelays, new Array<number>(300).fill(1e15)), null)).toBe(DELAY_BOUNDS.at(-1));
  });
});
