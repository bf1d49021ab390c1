import type { Cause } from '../../domain/react/event.ts';
import type { ReactionKind } from '../../domain/react/reaction.ts';
import type { ChurnOptions } from './generator.ts';

/** Some days of a month, in which the world is as it was, or is not. */
export interface MonthChapter {
  readonly kind: 'month';
  readonly title: string;
  readonly about: string;
  /** Days of the month before it. */
  readonly from: number;
  /** The world on each of the days, against that of January. */
  readonly days: readonly Partial<ChurnOptions>[];
  /** What is to be noticed; null: nothing. */
  readonly cause: Cause | null;
  /** Reactions that are to be decided, in this order. */
  readonly decides: readonly ReactionKind[];
}

const usual = (days: number): Partial<ChurnOptions>[] => Array.from({ length: days }, () => ({}));

const CHAPTERS: readonly Omit<MonthChapter, 'from'>[] = [
  {
    kind: 'month',
    title: 'August: quiet days',
    about: '300 customers are asked about each day; whether they left is known on the next',
    days: usual(7),
    cause: null,
    decides: [],
  },
  {
    kind: 'month',
    title: 'A gradual shift',
    about: 'people use more data, a little more each day, until a new tariff stops it',
    days: [...Array.from({ length: 6 }, (_, day) => ({ usage: 1.15 ** (day + 1) })), ...usual(3)],
    cause: 'drift',
    decides: ['NOTIFY'],
  },
  {
    kind: 'month',
    title: 'An abrupt one',
    about: 'a campaign for two-year contracts, for two days',
    days: [...Array.from({ length: 2 }, () => ({ contracts: [0.2, 0.25, 0.55] as const })), ...usual(3)],
    cause: 'drift',
    decides: ['NOTIFY'],
  },
  {
    kind: 'month',
    title: 'A broken source',
    about: 'the meter of data volumes is down for two days: the field is empty',
    days: [{ usageMissing: 1 }, { usageMissing: 1 }, ...usual(3)],
    cause: 'data-quality',
    decides: ['NOTIFY'],
  },
  {
    kind: 'month',
    title: 'Another truth',
    about:
      'a competitor courts those with long contracts: they look as ever, only the labels tell; reactions.quality is retrain',
    days: Array.from({ length: 4 }, () => ({ competitor: 3 })),
    cause: 'quality',
    decides: ['RETRAIN'],
  },
];

/** What `npm start` tells of a month in which nobody uploads anything but labels. */
export const MONTH: readonly MonthChapter[] = CHAPTERS.map((chapter, index) => ({
  ...chapter,
  from: CHAPTERS.slice(0, index).reduce((sum, { days }) => sum + days.length, 0),
}));
