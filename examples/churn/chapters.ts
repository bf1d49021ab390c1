import type { Followed } from '../../cli/follow.ts';
import { customers, toCsv } from './generator.ts';

/** One upload of the story, and what becomes of it. */
export interface Chapter {
  readonly title: string;
  readonly about: string;
  readonly file: string;
  readonly content: string;
  readonly expected: Followed['status'];
}

export const CHAPTERS: readonly Chapter[] = [
  {
    title: 'January: the first dataset',
    about: 'numbers, categories, booleans; half of the support calls were not written down',
    file: 'january.csv',
    content: toCsv(customers({ rows: 5_000, seed: 1, callsMissing: 0.5 })),
    expected: 'REGISTERED',
  },
  {
    title: 'February: a better one',
    about: 'twice the customers, and hardly a call is missing',
    file: 'february.csv',
    content: toCsv(customers({ rows: 10_000, seed: 2, callsMissing: 0.02 })),
    expected: 'REGISTERED',
  },
  {
    title: 'March: a corrupt one',
    about: 'from row 3,000 on, a spreadsheet has made texts of numbers',
    file: 'march.csv',
    content: corrupt(toCsv(customers({ rows: 4_000, seed: 3 })), 3_000),
    expected: 'QUARANTINED',
  },
  {
    title: 'April: a worse one',
    about: 'a third of the labels say the opposite of what happened',
    file: 'april.csv',
    content: toCsv(customers({ rows: 4_000, seed: 4, labelNoise: 0.33 })),
    expected: 'REJECTED',
  },
];

function corrupt(csv: string, row: number): string {
  return csv
    .split('\n')
    .map((line, index) => (index > row && line !== '' ? line.replace(/,(\d+\.\d+),/, ',"EUR $1",') : line))
    .join('\n');
}
