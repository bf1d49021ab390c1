import { AwsError, Unsupported } from '../kernel/errors.ts';

/**
 * When a schedule fires next after a moment, in ms since the epoch (UTC); undefined when never again. A rate counts from
 * `start`.
 */
export type Schedule = (after: number, start: number) => number | undefined;

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * `rate(1 hour)` and `cron(0 12 * * ? *)`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseSchedule(expression: string): Schedule {
  const rate = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression);
  if (rate) {
    const [, count = '0', unit = '', plural] = rate;
    if (Number(count) < 1 || (Number(count) === 1) !== (plural === '')) throw invalid(expression);
    const every = Number(count) * (UNITS[unit] ?? 0);
    return (after, start) => start + (Math.floor((after - start) / every) + 1) * every;
  }
  const cron = /^cron\((.+)\)$/.exec(expression)?.[1]?.trim().split(/\s+/);
  if (cron?.length === 6) return cronSchedule(cron, expression);
  throw invalid(expression);
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

function cronSchedule(fields: readonly string[], expression: string): Schedule {
  const [minutes = '', hours = '', dayOfMonth = '', months = '', dayOfWeek = '', years = ''] = fields;
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) throw invalid(expression);
  const read = (field: string, low: number, high: number, names: readonly string[] = []) =>
    fieldValues(field, { low, high, names, expression });
  const at = {
    minutes: read(minutes, 0, 59),
    hours: read(hours, 0, 23),
    daysOfMonth: dayOfMonth === '?' ? undefined : read(dayOfMonth, 1, 31),
    months: read(months, 1, 12, MONTHS),
    daysOfWeek: dayOfWeek === '?' ? undefined : read(dayOfWeek, 1, 7, DAYS),
    years: read(years, 1970, 2199),
  };
  const dayFits = (day: Date) =>
    at.years.has(day.getUTCFullYear()) &&
    at.months.has(day.getUTCMonth() + 1) &&
    (at.daysOfMonth?.has(day.getUTCDate()) ?? true) &&
    (at.daysOfWeek?.has(day.getUTCDay() + 1) ?? true);
  return (after) => {
    const start = Math.floor(after / 60_000) * 60_000 + 60_000;
    const limit = Date.UTC(2200, 0, 1);
    for (let day = Math.floor(start / 86_400_000) * 86_400_000; day < limit; day += 86_400_000) {
      if (!dayFits(new Date(day))) continue;
      for (const hour of at.hours) {
        for (const minute of at.minutes) {
          const moment = day + hour * 3_600_000 + minute * 60_000;
          if (moment >= start) return moment;
        }
      }
    }
    return undefined;
  };
}

interface FieldRange {
  readonly low: number;
  readonly high: number;
  readonly names: readonly string[];
  readonly expression: string;
}

/** The values of one field in rising order: `*`, `5`, `1-5`, `MON-FRI`, `0/15`, `1,3,5`. */
function fieldValues(field: string, { low, high, names, expression }: FieldRange): ReadonlySet<number> {
  if (/[LW#]/.test(field) && !names.includes(field.toUpperCase().slice(0, 3))) {
    throw new Unsupported(`L, W and # in a schedule (${expression})`);
  }
  const number = (text: string) => {
    const named = names.indexOf(text.toUpperCase());
    const value = named >= 0 ? named + low : Number(text);
    if (!Number.isInteger(value) || value < low || value > high || text === '') throw invalid(expression);
    return value;
  };
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [span = '', step] = part.split('/');
    const [from = '', to] = span.split('-');
    const first = from === '*' ? low : number(from);
    const last = to !== undefined ? number(to) : from === '*' || step !== undefined ? high : first;
    for (let value = first; value <= last; value += step === undefined ? 1 : Math.max(1, stepOf(step, expression))) {
      values.add(value);
    }
  }
  return new Set([...values].sort((a, b) => a - b));
}

function stepOf(text: string, expression: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw invalid(expression);
}

const invalid = (expression: string) =>
  new AwsError('ValidationException', `Parameter ScheduleExpression is not valid. (${expression})`);
