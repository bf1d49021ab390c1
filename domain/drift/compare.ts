import type { ColumnProfile, Profile, TrainingProfile } from '../profile.ts';
import { benjaminiHochberg } from '../statistics/multiplicity.ts';
import { valuesNeeded } from './bins.ts';
import { type ColumnRule, type JudgedColumn, judgeColumn } from './column.ts';
import { judgeData } from './data-quality.ts';
import { expectedLoss } from './expected-loss.ts';
import { explainMove } from './explain.ts';
import type { DriftSettings } from './settings.ts';
import { type ColumnState, emptyColumnState, type MonitorState } from './state.ts';
import type { FeatureVerdict, WindowVerdict } from './verdict.ts';
import { worst } from './worst.ts';

export interface WindowInput {
  /** The window's id, its start. */
  readonly id: string;
  readonly reference: TrainingProfile;
  /** Counted in the frame of the reference. Columns that are not in it at all count as absent. */
  readonly window: Profile;
  /** Predictions on the test rows and in the window, in the same frame; null: not to be compared. */
  readonly predictions: { readonly reference: ColumnProfile; readonly window: ColumnProfile } | null;
  /** Sums over the test rows and the window of the loss that probabilities expect of themselves. */
  readonly expectedLoss?: {
    readonly reference: { readonly n: number; readonly expected: number; readonly losses: number };
    readonly window: { readonly n: number; readonly expected: number };
  };
  /** What the reader of the captures met. */
  readonly data?: {
    readonly brokenLines?: number;
    readonly wrongTypes?: Readonly<Record<string, number>>;
    readonly newColumns?: Readonly<Record<string, number>>;
    /** Rows by feature whose instance does not have the field at all. */
    readonly absent?: Readonly<Record<string, number>>;
  };
  /** Of the evaluation: how much the model relies on each column. */
  readonly importance?: readonly { readonly column: string; readonly importance: number }[];
  readonly state: MonitorState;
  readonly settings: DriftSettings;
}

export interface WindowOutcome {
  readonly verdict: WindowVerdict;
  readonly state: MonitorState;
}

/** Holds a window against what a version was trained on, and against what earlier windows said. */
export function compareWindow(input: WindowInput): WindowOutcome {
  const { id, reference, window, predictions, settings } = input;
  const importance = importanceOf(input);
  const watched = reference.features.map((column) => ({ column, unwatched: unwatchedOf(column, input) }));
  const count = Math.max(1, watched.filter(({ unwatched }) => unwatched === null).length);
  const states = new Map(input.state.features.map((state) => [state.name, state]));
  const now = new Map(window.features.map((column) => [column.name, column]));
  const phi = new Map(reference.overdispersion?.map((one) => [one.column, one]));
  const rule = budgetOf(settings, { share: 1, columns: count, at: id });

  const judged = watched.map(({ column, unwatched }): Looked => {
    const state = states.get(column.name) ?? emptyColumnState(column.name);
    const found = now.get(column.name);
    if (unwatched !== null || found === undefined)
      return { verdict: unlooked(column, rule, unwatched ?? 'absent'), state, reference: column, counts: column };
    const overdispersion = phi.get(column.name) ?? INDEPENDENT;
    return { ...judgeColumn(column, found, { state, rule: { ...rule, overdispersion } }), reference: column };
  });
  const features = suspected(judged.map((one) => explained(one, importance.get(one.verdict.name) ?? null)));
  const prediction =
    predictions && judgePredictions(predictions, { ...input, overdispersion: meanPhi(judged, importance) });
  const byWeight = [...features].sort((a, b) => (b.weight ?? b.psi ?? 0) - (a.weight ?? a.psi ?? 0));
  const names = (...signals: string[]) =>
    byWeight.filter(({ signal }) => signals.includes(signal)).map(({ name }) => name);
  return {
    verdict: {
      format: 1,
      window: id,
      rows: window.rows,
      signal: worst(features.flatMap(({ signal, unwatched, broken }) => (unwatched || broken ? [] : [signal]))),
      features,
      prediction: prediction?.verdict ?? null,
      expectedLoss: expectedLoss(input.expectedLoss),
      data: judgeData(input, { features, level: rule.single }),
      alerts: names('ALERT', 'ALERT_SINGLE'),
      suspects: names('SUSPECT'),
      budget: { windows: settings.falseAlarmWindows, features: count },
    },
    state: {
      format: 1,
      window: id,
      features: judged.map(({ state }) => state),
      prediction: prediction ? prediction.state : input.state.prediction,
    },
  };
}

interface Looked {
  readonly verdict: JudgedColumn;
  readonly state: ColumnState;
  readonly reference: ColumnProfile;
  readonly counts: ColumnProfile;
}

const INDEPENDENT = { values: 1, missing: 1 };

/** Three looks share the budget equally: at a single window, at its sides (three at most), and at the evidence of all windows. */
function budgetOf(
  { falseAlarmWindows, delta }: DriftSettings,
  { share, columns, at }: { share: number; columns: number; at: string },
): Omit<ColumnRule, 'overdispersion'> {
  const needed = (3 * falseAlarmWindows * columns) / share;
  return { at, delta, columns, single: 1 / needed, side: 1 / (3 * needed), needed };
}

/** Why a column is not compared, as far as it is known beforehand. */
function unwatchedOf(column: ColumnProfile, { window, data, settings }: WindowInput): FeatureVerdict['unwatched'] {
  if (settings.ignore.includes(column.name)) return 'ignored';
  if (settings.redacted.includes(column.name)) return 'redacted';
  const found = window.features.find(({ name }) => name === column.name);
  if (column.n === 0) return 'empty';
  const gone = window.rows > 0 && data?.absent && Object.hasOwn(data.absent, column.name);
  if (!found || (gone && (data.absent?.[column.name] ?? 0) >= window.rows)) return 'absent';
  return null;
}

const unlooked = (
  { name, kind, ...column }: ColumnProfile,
  { delta, needed }: Omit<ColumnRule, 'overdispersion'>,
  unwatched: NonNullable<FeatureVerdict['unwatched']>,
): JudgedColumn => ({
  name,
  kind,
  signal: 'NONE',
  unwatched,
  n: 0,
  needs: valuesNeeded({ name, kind, ...column } as ColumnProfile),
  windows: 0,
  psi: null,
  atLeast: null,
  p: null,
  delta,
  overdispersion: 1,
  evidence: 0,
  needed,
  factor: null,
  fresh: false,
  since: null,
  sides: [],
  broken: false,
});

/** Shares of all importance; nothing where the evaluation found none. */
function importanceOf({ importance = [] }: WindowInput): Map<string, number> {
  const total = importance.reduce((sum, one) => sum + Math.max(0, one.importance), 0);
  return new Map(total > 0 ? importance.map((one) => [one.column, Math.max(0, one.importance) / total]) : []);
}

function explained({ verdict, reference, counts }: Looked, importance: number | null): FeatureVerdict {
  const told = verdict.since !== null || (verdict.p ?? 1) < WORTH_TELLING;
  const moved = verdict.unwatched === null && told ? explainMove(reference, counts) : null;
  return {
    ...verdict,
    importance,
    weight: importance === null || verdict.psi === null ? null : importance * Math.sqrt(verdict.psi),
    direction: moved?.direction ?? null,
    sentence: moved?.sentence ?? null,
  };
}

/** p below which it is said how a column moved, alert or not. */
const WORTH_TELLING = 0.05;

/** Share of chance among those that are listed without an alert. */
const SUSPECT_RATE = 0.1;

function suspected(features: readonly FeatureVerdict[]): FeatureVerdict[] {
  const tested = features.filter(({ p }) => p !== null);
  const listed = benjaminiHochberg(
    tested.map(({ p }) => p ?? 1),
    SUSPECT_RATE,
  );
  const suspects = new Set(tested.filter((_, index) => listed[index]).map(({ name }) => name));
  return features.map((feature) =>
    feature.signal === 'NONE' && suspects.has(feature.name) ? { ...feature, signal: 'SUSPECT' } : feature,
  );
}

/** Predictions have no order of their own in the test rows; what they are made of has. */
function meanPhi(judged: readonly Looked[], importance: ReadonlyMap<string, number>): number {
  const looked = judged.filter(({ verdict }) => verdict.unwatched === null);
  const weight = ({ verdict }: Looked) => (importance.size > 0 ? (importance.get(verdict.name) ?? 0) : 1);
  const total = looked.reduce((sum, one) => sum + weight(one), 0);
  if (total === 0) return 1;
  return looked.reduce((sum, one) => sum + weight(one) * one.verdict.overdispersion, 0) / total;
}

/** Predictions have a third of a budget for themselves, divided between a single window and all of them. */
function judgePredictions(
  predictions: NonNullable<WindowInput['predictions']>,
  { id, settings, state, overdispersion }: WindowInput & { overdispersion: number },
) {
  const { name } = predictions.reference;
  const rule = budgetOf(settings, { share: 0.5, columns: 1, at: id });
  const judged = judgeColumn(predictions.reference, predictions.window, {
    state: state.prediction ?? emptyColumnState(name),
    rule: { ...rule, overdispersion: { values: overdispersion, missing: 1 } },
  });
  const verdict = { ...judged.verdict, sides: [], broken: false };
  return {
    verdict: explained({ ...judged, verdict, reference: predictions.reference }, null),
    state: { ...judged.state, sides: [] },
  };
}
