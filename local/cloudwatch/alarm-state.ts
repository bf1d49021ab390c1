export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

/** One evaluation period. */
export interface Point {
  /** Its start, ms since the epoch. */
  readonly at: number;
  readonly value: number | undefined;
}

export interface AlarmRule {
  readonly comparison: string;
  readonly threshold: number;
  /** N: how many points are looked at. */
  readonly evaluationPeriods: number;
  /** M: how many of them must breach. */
  readonly datapointsToAlarm: number;
  readonly treatMissingData: MissingData;
}

export interface Evaluation {
  readonly state: AlarmState;
  readonly reason: string;
  /** The points that decided, newest last. */
  readonly points: readonly Point[];
}

/**
 * So many points more than N are looked at, in case some are missing. AWS gives one example, 5 points for N = 3, and says that the
 * number depends on the period.
 */
export const EXTRA_POINTS = 2;

interface Comparison {
  breaches(value: number, threshold: number): boolean;
  readonly words: string;
}

export const COMPARISONS: Readonly<Record<string, Comparison>> = {
  GreaterThanThreshold: { breaches: (value, limit) => value > limit, words: 'greater than' },
  GreaterThanOrEqualToThreshold: { breaches: (value, limit) => value >= limit, words: 'greater than or equal to' },
  LessThanThreshold: { breaches: (value, limit) => value < limit, words: 'less than' },
  LessThanOrEqualToThreshold: { breaches: (value, limit) => value <= limit, words: 'less than or equal to' },
};

/**
 * The state of an alarm from the points of its evaluation range, oldest first. Real points count before missing ones are filled in;
 * `current` is kept where the data does not say otherwise.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
export function alarmState(range: readonly Point[], rule: AlarmRule, current: AlarmState): Evaluation {
  const points = range.filter(({ value }) => value !== undefined).slice(-rule.evaluationPeriods);
  const breaching = points.filter(({ value = 0 }) => breaches(value, rule)).length;
  const missing = rule.evaluationPeriods - points.length;
  const state = decide({ range, points, breaching, missing }, rule, current);
  return { state, reason: reasonOf({ points, breaching, missing }, rule, state), points };
}

interface Counts {
  readonly range: readonly Point[];
  readonly points: readonly Point[];
  readonly breaching: number;
  readonly missing: number;
}

function decide({ range, points, breaching, missing }: Counts, rule: AlarmRule, current: AlarmState): AlarmState {
  const { datapointsToAlarm: needed, treatMissingData: treat } = rule;
  const filled = treat === 'breaching' ? breaching + missing : breaching;
  if (missing === 0 || treat === 'breaching' || treat === 'notBreaching') return filled >= needed ? 'ALARM' : 'OK';
  if (points.length === 0) return treat === 'ignore' ? current : 'INSUFFICIENT_DATA';
  if (breaching >= needed) return 'ALARM';
  if (breaching < points.length) return 'OK';
  // All points that there are breach, and they are too few. They alarm once the oldest is old enough that M could have come.
  const age = range.length - range.findIndex(({ value }) => value !== undefined);
  return treat === 'missing' && age >= needed ? 'ALARM' : current;
}

const breaches = (value: number, { comparison, threshold }: AlarmRule) =>
  COMPARISONS[comparison]?.breaches(value, threshold) ?? false;

function reasonOf({ points, breaching, missing }: Omit<Counts, 'range'>, rule: AlarmRule, state: AlarmState): string {
  const { evaluationPeriods: all, datapointsToAlarm: needed, threshold, treatMissingData: treat } = rule;
  if (points.length === 0) {
    if (treat === 'missing' || treat === 'ignore') {
      return `Insufficient Data: ${plural(missing, 'datapoint')} ${missing === 1 ? 'was' : 'were'} unknown.`;
    }
    const as = treat === 'breaching' ? 'Breaching' : 'NonBreaching';
    return `Threshold Crossed: no datapoints were received for ${plural(all, 'period')} and ${plural(all, 'missing datapoint')} ${all === 1 ? 'was' : 'were'} treated as [${as}].`;
  }
  const decisive = state === 'ALARM' ? breaching : points.length - breaching;
  const shown = points.map(({ at, value = 0 }) => `${double(value)} (${shortTime(at)})`).join(', ');
  const count = all === 1 ? '1 datapoint' : `${decisive} out of the last ${plural(all, 'datapoint')}`;
  const verb = decisive === 1 || all === 1 ? 'was' : 'were';
  const [from, to] = state === 'ALARM' ? ['OK', 'ALARM'] : ['ALARM', 'OK'];
  const least = state === 'ALARM' ? needed : all - needed + 1;
  return `Threshold Crossed: ${count} [${shown}] ${verb} ${state === 'ALARM' ? '' : 'not '}${COMPARISONS[rule.comparison]?.words} the threshold (${double(threshold)}) (minimum ${plural(least, 'datapoint')} for ${from} -> ${to} transition).`;
}

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
const double = (value: number) => (Number.isInteger(value) ? `${value}.0` : String(value));

/** `05/01/26 00:05:00`, as CloudWatch writes it. */
function shortTime(at: number): string {
  const [date = '', time = ''] = new Date(at).toISOString().slice(2, 19).split('T');
  return `${date.split('-').reverse().join('/')} ${time}`;
}
