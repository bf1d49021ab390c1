import { compareWindow } from '../../domain/drift/compare.ts';
import type { DriftSettings } from '../../domain/drift/settings.ts';
import { emptyMonitorState, type MonitorState } from '../../domain/drift/state.ts';
import type { FeatureVerdict, WindowVerdict } from '../../domain/drift/verdict.ts';
import type { Profile, TrainingProfile } from '../../domain/profile.ts';

/** A month of hourly windows, and a quarter of them for one false alarm: the defaults. */
export const USUAL: DriftSettings = { delta: 0.02, falseAlarmWindows: 91 * 24, ignore: [], redacted: [] };

/** Windows one after the other, each taking over what the last one learnt. */
export function* watch(
  reference: TrainingProfile,
  windows: Iterable<Profile>,
  settings: DriftSettings = USUAL,
): Generator<WindowVerdict> {
  let state: MonitorState = emptyMonitorState;
  let id = 0;
  for (const window of windows) {
    id += 1;
    const outcome = compareWindow({
      id: String(id).padStart(6, '0'),
      reference,
      window,
      predictions: null,
      state,
      settings,
    });
    state = outcome.state;
    yield outcome.verdict;
  }
}

/** What of a feature alerts in this very window. */
export interface Alarms {
  readonly accumulated: boolean;
  readonly single: boolean;
  readonly sides: boolean;
}

export function alarmsOf(feature: FeatureVerdict, { budget }: WindowVerdict): Alarms {
  return {
    accumulated: feature.fresh,
    single: feature.p !== null && feature.p < 1 / (3 * budget.windows * budget.features),
    sides: feature.sides.some(({ signal }) => signal !== 'NONE'),
  };
}

export const anyAlarm = ({ accumulated, single, sides }: Alarms): boolean => accumulated || single || sides;

/** Alarms of a whole stream, of each sort. */
export function countAlarms(verdicts: Iterable<WindowVerdict>) {
  const counts = { accumulated: 0, single: 0, sides: 0, windows: 0, suspects: 0 };
  for (const verdict of verdicts) {
    const alarms = verdict.features.map((feature) => alarmsOf(feature, verdict));
    for (const alarm of alarms) {
      if (alarm.accumulated) counts.accumulated += 1;
      if (alarm.single) counts.single += 1;
      if (alarm.sides) counts.sides += 1;
    }
    counts.suspects += verdict.suspects.length;
    if (alarms.some(anyAlarm)) counts.windows += 1;
  }
  return counts;
}
