import type { Values } from './metric-math.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export const COMPARISONS: Record<string, (value: number, threshold: number) => boolean> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export interface AlarmRule {
  readonly comparison: string;
  readonly threshold: number;
  readonly datapointsToAlarm: number;
  readonly treatMissingData: string;
}

export interface Evaluation {
  readonly state: AlarmState;
  readonly reason: string;
}

/**
 * The state of an alarm from the data points of its evaluation periods (oldest first, undefined where there is no data).
 * "M out of N": enough breaching points make an ALARM; missing ones count as the alarm says.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function alarmState(points: Values, rule: AlarmRule, current: AlarmState): Evaluation {
  const breaches = COMPARISONS[rule.comparison] ?? (() => false);
  const known = points.filter((point) => point !== undefined);
  const missing = points.length - known.length;
  const { treatMissingData: treat, datapointsToAlarm: needed } = rule;
  if (known.length === 0 && treat === 'missing') {
    return { state: 'INSUFFICIENT_DATA', reason: `Insufficient Data: ${points.length} datapoints were unknown.` };
  }
  if (known.length === 0 && treat === 'ignore') return { state: current, reason: 'No data: the state is kept.' };
  const breaching =
    known.filter((point) => breaches(point, rule.threshold)).length + (treat === 'breaching' ? missing : 0);
  // With `missing`, a few points decide by themselves: all that there are must breach for want of M of them.
  const enough = treat === 'missing' ? Math.min(needed, known.length) : needed;
  const state = breaching >= enough && breaching > 0 ? 'ALARM' : 'OK';
  const shown = known.map(String).join(', ') || 'no datapoints';
  return {
    state,
    reason: `Threshold Crossed: ${breaching} out of the last ${points.length} datapoints [${shown}] ${state === 'ALARM' ? 'was' : 'was not'} ${WORDS[rule.comparison] ?? rule.comparison} (${rule.threshold}) (${needed} datapoints needed for OK -> ALARM transition).`,
  };
}

const WORDS: Record<string, string> = {
  GreaterThanThreshold: 'greater than the threshold',
  GreaterThanOrEqualToThreshold: 'greater than or equal to the threshold',
  LessThanThreshold: 'less than the threshold',
  LessThanOrEqualToThreshold: 'less than or equal to the threshold',
};
