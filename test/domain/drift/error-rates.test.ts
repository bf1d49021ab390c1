import { describe, expect, test } from 'vitest';
import { drawCells, drawFeatures, profileOf, referenceOf, type Shape } from '../../../bench/drift/stream.ts';
import { trainingProfile, windowProfile } from '../../../bench/drift/values.ts';
import { alarmsOf, anyAlarm, countAlarms, USUAL, watch } from '../../../bench/drift/watch.ts';
import { EDGE_QUANTILES, type TrainingProfile } from '../../../domain/profile.ts';
import { type Random, random } from '../../../domain/statistics/random.ts';
import { normalCdf, normalQuantile } from '../../../domain/statistics/special-functions.ts';

/** What watching promises, simulated with fixed seeds; `bench/drift` repeats it beside the rules that others use. */

const FEATURES = 20;

function normals(options: { trainRows?: number; rows: number; windows: number; seed: number; shape?: Moving }) {
  const { trainRows = 10_000, rows, windows, seed, shape } = options;
  const source = random(seed);
  const features = drawFeatures({ features: FEATURES, trainRows }, source);
  const stream = function* () {
    for (let window = 0; window < windows; window += 1)
      yield profileOf(
        rows,
        features.map((feature, index) => drawCells(feature, shape?.(window, index) ?? {}, rows, source)),
      );
  };
  return { reference: referenceOf(features), stream };
}
type Moving = (window: number, feature: number) => Shape;

const QUIET = { accumulated: 0, single: 0, sides: 0, windows: 0 };

describe('a quarter of hourly windows with 20 features that do not move', () => {
  test.each([200, 500, 5_000])('raises nothing at %d rows', (rows) => {
    const { reference, stream } = normals({ rows, windows: 2_190, seed: rows });
    expect(countAlarms(watch(reference, stream()))).toMatchObject(QUIET);
  });

  test('raises one alert at most on average when any change counts', () => {
    let alerts = 0;
    for (const rows of [200, 500, 5_000]) {
      const { reference, stream } = normals({ rows, windows: 2_190, seed: 7 });
      const counts = countAlarms(watch(reference, stream(), { ...USUAL, delta: 0 }));
      alerts += counts.accumulated + counts.single + counts.sides;
    }
    // Three of them are to be expected at most; more than seven would be chance in one of a hundred cases.
    expect(alerts).toBeLessThanOrEqual(7);
  });

  test.each([100, 300, 1_000])('raises nothing where training had only %d rows', (trainRows) => {
    for (const seed of [1, 2, 3, 4]) {
      const { reference, stream } = normals({ trainRows, rows: 500, windows: 300, seed });
      expect(countAlarms(watch(reference, stream())), `seed ${seed}`).toMatchObject(QUIET);
    }
  });
});

test.each([1_000, 20_000])('a daily season of a tenth of a standard deviation raises nothing at %d rows', (rows) => {
  const shape: Moving = (window) => ({ mean: 0.1 * Math.sin((2 * Math.PI * window) / 24) });
  const { reference, stream } = normals({ rows, windows: 720, seed: 5, shape });
  expect(countAlarms(watch(reference, stream()))).toMatchObject(QUIET);
});

/** Values of which ten in a row share half of their variance, as those of one customer might. */
function clustered(rows: number, source: Random): number[] {
  let shared = 0;
  return Array.from({ length: rows }, (_, row) => {
    if (row % 10 === 0) shared = source.normal();
    return Math.SQRT1_2 * (shared + source.normal());
  });
}

describe('rows in clusters of ten', () => {
  const source = random(11);
  const table = (rows: number) =>
    Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`c${index}`, clustered(rows, source)]));
  const reference = trainingProfile(table(10_000));
  const windows = Array.from({ length: 720 }, () => windowProfile(reference, table(500)));

  test('raise two alerts at most in a month, for training knows of them', () => {
    expect(Math.min(...(reference.overdispersion ?? []).map(({ values }) => values))).toBeGreaterThan(1.2);
    expect(countAlarms(watch(reference, windows)).accumulated).toBeLessThanOrEqual(2);
  });

  test('raise far more if they are taken to be independent and any change counts', () => {
    const strict = { ...USUAL, delta: 0 };
    const naive: TrainingProfile = { ...reference, overdispersion: undefined };
    const alerts = countAlarms(watch(naive, windows, strict)).windows;
    expect(alerts).toBeGreaterThan(100);
    expect(countAlarms(watch(reference, windows, strict)).windows).toBeLessThan(alerts / 5);
  });
});

describe('other distributions raise nothing in a month', () => {
  const zipf = (levels: number) => {
    const weights = Array.from({ length: levels }, (_, rank) => 1 / (rank + 1));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return (source: Random) => {
      let left = source.uniform() * total;
      const rank = weights.findIndex((weight) => {
        left -= weight;
        return left < 0;
      });
      return `level ${rank}`;
    };
  };
  const student = (source: Random) =>
    source.normal() / Math.sqrt((source.normal() ** 2 + source.normal() ** 2 + source.normal() ** 2) / 3);
  const COLUMNS: Readonly<Record<string, (source: Random) => number | string | null>> = {
    lognormal: (source) => Math.exp(1.5 * source.normal()),
    't with 3 degrees': student,
    'five values': (source) => source.below(5),
    'mostly zero': (source) => (source.uniform() < 0.97 ? 0 : source.normal()),
    'a third missing': (source) => (source.uniform() < 1 / 3 ? null : source.normal()),
    constant: () => 3,
    'two levels': (source) => (source.uniform() < 0.98 ? 'a' : 'b'),
    'Zipf, 50 levels': zipf(50),
    'Zipf, 5 000 levels of which many are new': zipf(5_000),
  };

  test.each([2_000, 20_000])('against %d rows of training', (trainRows) => {
    const source = random(17);
    const table = (rows: number) =>
      Object.fromEntries(
        Object.entries(COLUMNS).map(([name, draw]) => [name, Array.from({ length: rows }, () => draw(source))]),
      );
    const reference = trainingProfile(table(trainRows));
    const windows = Array.from({ length: trainRows > 10_000 ? 60 : 240 }, () => windowProfile(reference, table(700)));
    for (const verdict of watch(reference, windows))
      for (const feature of verdict.features)
        expect(anyAlarm(alarmsOf(feature, verdict)), `${feature.name} in ${verdict.window}`).toBe(false);
  });
});

describe('one of 20 features that moves is found in the first window', () => {
  function found(shape: Shape, options: { rows: number; trainRows?: number; runs?: number }): number {
    const { runs = 200, ...rest } = options;
    let hits = 0;
    for (let run = 0; run < runs; run += 1) {
      const moving: Moving = (_, feature) => (feature === 0 ? shape : {});
      const { reference, stream } = normals({ ...rest, windows: 1, seed: 100 + run, shape: moving });
      const [verdict] = watch(reference, stream());
      const [feature] = verdict?.features ?? [];
      if (verdict && feature && anyAlarm(alarmsOf(feature, verdict))) hits += 1;
    }
    return hits / runs;
  }

  test('by half a standard deviation, at 500 rows', () => {
    expect(found({ mean: 0.5 }, { rows: 500 })).toBeGreaterThanOrEqual(0.95);
  });
  test('by half as much again of its spread, at 500 rows', () => {
    expect(found({ scale: 1.5 }, { rows: 500 })).toBeGreaterThanOrEqual(0.95);
  });
  test('by 0.3 standard deviations, at 2 000 rows', () => {
    expect(found({ mean: 0.3 }, { rows: 2_000 })).toBeGreaterThanOrEqual(0.9);
  });
  test('by an index of 0.1, at 1 059 rows', () => {
    expect(found({ mean: meanOfIndex(0.1) }, { rows: 1_059, trainRows: 100_000 })).toBeGreaterThanOrEqual(0.85);
  });
});

/** The shift of a normal mean that the bins of a profile see as so large an index. */
function meanOfIndex(psi: number): number {
  const below = (mean: number) => [0, ...EDGE_QUANTILES.map((share) => normalCdf(normalQuantile(share) - mean)), 1];
  const index = (mean: number) => {
    const [usual, now] = [below(0), below(mean)];
    return usual.slice(1).reduce((sum, to, bin) => {
      const [p, q] = [to - (usual[bin] ?? 0), (now[bin + 1] ?? 0) - (now[bin] ?? 0)];
      return sum + (p - q) * Math.log(p / q);
    }, 0);
  };
  let [low, high] = [0, 1];
  for (let step = 0; step < 40; step += 1) {
    const middle = (low + high) / 2;
    if (index(middle) < psi) low = middle;
    else high = middle;
  }
  return low;
}

test('a shift too small for any window is found by all of them', () => {
  const shape: Moving = (window, feature) => (feature === 3 && window >= 100 ? { mean: 0.25 } : {});
  const { reference, stream } = normals({ rows: 400, windows: 130, seed: 21, shape });
  const verdicts = [...watch(reference, stream())];
  const first = verdicts.find(({ features }) => features.some(({ signal }) => signal === 'ALERT'));
  expect(Number(first?.window)).toBeGreaterThan(100);
  expect(Number(first?.window)).toBeLessThanOrEqual(125);
  expect(first?.alerts).toEqual(['feature3']);
});
