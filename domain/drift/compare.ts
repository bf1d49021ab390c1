import type { ColumnProfile, Profile, TrainingProfile } from '../profile.ts';
import type { DriftSettings } from './settings.ts';
import type { MonitorState } from './state.ts';
import type { WindowVerdict } from './verdict.ts';

export interface WindowInput {
  /** The window's id, its start. */
  readonly id: string;
  readonly reference: TrainingProfile;
  /** Counted in the frame of the reference. Columns that are not in it at all count as absent. */
  readonly window: Profile;
  /** Predictions on the test rows and in the window, in the same frame; null: not to be compared. */
  readonly predictions: { readonly reference: ColumnProfile; readonly window: ColumnProfile } | null;
  /** Sums over the window and the test rows of the loss that probabilities expect of themselves. */
  readonly expectedLoss?: {
    readonly reference: { readonly n: number; readonly expected: number; readonly losses: number };
    readonly window: { readonly n: number; readonly expected: number };
  };
  /** What the reader of the captures met. */
  readonly data?: {
    readonly brokenLines?: number;
    readonly wrongTypes?: Readonly<Record<string, number>>;
    readonly newColumns?: Readonly<Record<string, number>>;
    /** Features that no captured instance had. */
    readonly absent?: readonly string[];
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
export function compareWindow(_input: WindowInput): WindowOutcome {
  throw new RangeError('not comparable');
}
