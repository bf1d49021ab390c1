import { random } from '../../domain/statistics/random.ts';
import { RULES } from './rules.ts';
import { drawCells, drawFeatures, type Feature, FINE_BOUNDS, profileOf, referenceOf, type Shape } from './stream.ts';
import { alarmsOf, anyAlarm, countAlarms, USUAL, watch } from './watch.ts';

/** Error rates in simulation: normal features against 10,000 training rows. */

const TRAIN_ROWS = 10_000;
const ROWS = [500, 5_000, 50_000] as const;

export interface FalseAlarms {
  readonly rows: number;
  readonly features: number;
  /** Windows with an alert in a quarter, of all sorts and of the accumulator; and the listed suspects a window. */
  readonly alerts: number;
  readonly accumulated: number;
  readonly suspects: number;
  /** Share of windows in which a rule alerts for any feature. */
  readonly rules: Readonly<Record<string, number>>;
}

/** What alerts while nothing moves. */
export function falseAlarms(seed: number): FalseAlarms[] {
  return [5, 20, 200].flatMap((features) =>
    ROWS.map((rows) => {
      const source = random(seed + rows + features);
      const windows = USUAL.falseAlarmWindows;
      const drawn = drawFeatures({ features, trainRows: TRAIN_ROWS }, source);
      const own = countAlarms(watch(referenceOf(drawn), quiet(drawn, { rows, windows, seed: seed + 1 })));
      return {
        rows,
        features,
        alerts: own.windows,
        accumulated: own.accumulated,
        suspects: own.suspects / windows,
        rules: ruleRates(features, { rows, seed: seed + 2 }),
      };
    }),
  );
}

function* quiet(
  features: readonly Feature[],
  { rows, windows, seed }: { rows: number; windows: number; seed: number },
) {
  const source = random(seed);
  for (let window = 0; window < windows; window += 1)
    yield profileOf(
      rows,
      features.map((feature) => drawCells(feature, {}, rows, source)),
    );
}

/** Feature windows that the fixed rules are tried on: they alert so often, or so surely never, that few are enough. */
const TRIED = 8_000;

function ruleRates(features: number, { rows, seed }: { rows: number; seed: number }): Record<string, number> {
  const source = random(seed);
  const drawn = drawFeatures({ features, trainRows: TRAIN_ROWS, bounds: FINE_BOUNDS }, source);
  const windows = Math.max(20, Math.floor(TRIED / features / (rows > 5_000 ? 4 : 1)));
  const alerts = RULES.map(() => 0);
  for (let window = 0; window < windows; window += 1) {
    const cells = drawn.map((feature) => drawCells(feature, {}, rows, source));
    for (const [index, rule] of RULES.entries())
      if (drawn.some((feature, column) => rule.alerts(cells[column] ?? [], feature)))
        alerts[index] = (alerts[index] ?? 0) + 1;
  }
  return Object.fromEntries(RULES.map(({ name }, index) => [name, (alerts[index] ?? 0) / windows]));
}

export interface Detection {
  readonly what: string;
  readonly rows: number;
  /** Share of runs with an alert in the first window, and the median of windows until one; Infinity: in none of 168. */
  readonly first: number;
  readonly delay: number;
  readonly rules: Readonly<Record<string, { first: number; delay: number }>>;
}

const SHIFTS: readonly [what: string, shape: Shape][] = [
  ['mean + 0.1 σ (tolerated)', { mean: 0.1 }],
  ['mean + 0.2 σ', { mean: 0.2 }],
  ['mean + 0.25 σ', { mean: 0.25 }],
  ['mean + 0.3 σ', { mean: 0.3 }],
  ['mean + 0.5 σ', { mean: 0.5 }],
  ['σ × 1.25', { scale: 1.25 }],
  ['σ × 1.5', { scale: 1.5 }],
];
const WEEK = 168;

/** What alerts when one of twenty features has moved, in every window from the first on. */
export function detections(seed: number, runs: number): Detection[] {
  return SHIFTS.flatMap(([what, shape]) =>
    ROWS.map((rows) => {
      const own = Array.from({ length: runs }, (_, run) => ownDelay(shape, rows, seed + run));
      const tried = Math.min(runs, rows > 5_000 ? 20 : 60);
      const rules = RULES.map(({ name }, index) => {
        const delays = Array.from({ length: tried }, (_, run) => ruleDelay(index, { shape, rows, seed: seed + run }));
        return [name, summary(delays)] as const;
      });
      return { what, rows, ...summary(own), rules: Object.fromEntries(rules) };
    }),
  );
}

/** The feature that moved has the budget that it would have among twenty. */
const SHARED = { ...USUAL, falseAlarmWindows: 20 * USUAL.falseAlarmWindows };

function ownDelay(shape: Shape, rows: number, seed: number): number {
  const source = random(seed);
  const drawn = drawFeatures({ features: 1, trainRows: TRAIN_ROWS }, source);
  const windows = function* () {
    for (let window = 0; window < WEEK; window += 1)
      yield profileOf(
        rows,
        drawn.map((feature) => drawCells(feature, shape, rows, source)),
      );
  };
  let windowsSeen = 0;
  for (const verdict of watch(referenceOf(drawn), windows(), SHARED)) {
    windowsSeen += 1;
    if (verdict.features.some((feature) => anyAlarm(alarmsOf(feature, verdict)))) return windowsSeen;
  }
  return Number.POSITIVE_INFINITY;
}

function ruleDelay(rule: number, { shape, rows, seed }: { shape: Shape; rows: number; seed: number }): number {
  const source = random(seed);
  const [feature] = drawFeatures({ features: 1, trainRows: TRAIN_ROWS, bounds: FINE_BOUNDS }, source);
  // A rule that is silent for ten windows is silent for the week: its windows differ by chance alone.
  for (let window = 1; feature && window <= 10; window += 1)
    if (RULES[rule]?.alerts(drawCells(feature, shape, rows, source), feature)) return window;
  return Number.POSITIVE_INFINITY;
}

function summary(delays: readonly number[]) {
  const ascending = [...delays].sort((a, b) => a - b);
  return {
    first: delays.filter((delay) => delay === 1).length / delays.length,
    delay: ascending[Math.floor(delays.length / 2)] ?? Number.POSITIVE_INFINITY,
  };
}
