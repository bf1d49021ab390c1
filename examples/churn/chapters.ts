import type { Followed } from '../../cli/follow.ts';
import type { RolloutOutcome } from '../../domain/rollout/record.ts';
import { customers, toCsv } from './generator.ts';
import { MONTH, type MonthChapter } from './month.ts';

/** One upload of the story, and what becomes of it. */
export interface UploadChapter {
  readonly kind: 'upload';
  readonly title: string;
  readonly about: string;
  readonly file: string;
  readonly content: string;
  readonly expected: Followed['status'];
}

/** Other code for the prediction function, deployed while callers ask; what becomes of it. */
export interface CodeChapter {
  readonly kind: 'code';
  readonly title: string;
  readonly about: string;
  /** CommonJS around `./real.js`. */
  readonly code: string;
  readonly expected: RolloutOutcome;
  /** What speaks against it. */
  readonly because: RegExp;
}

export type Chapter = UploadChapter | CodeChapter | MonthChapter;

export const CHAPTERS: readonly Chapter[] = [
  {
    kind: 'upload',
    title: 'January: the first dataset',
    about: 'numbers, categories, booleans; half of the support calls were not written down',
    file: 'january.csv',
    content: toCsv(customers({ rows: 5_000, seed: 1, callsMissing: 0.5 })),
    expected: 'REGISTERED',
  },
  {
    kind: 'upload',
    title: 'February: a better one',
    about:
      'twice the customers, and hardly a call is missing; now there are callers, so it gets their requests in steps',
    file: 'february.csv',
    content: toCsv(customers({ rows: 10_000, seed: 2, callsMissing: 0.02 })),
    expected: 'REGISTERED',
  },
  {
    kind: 'upload',
    title: 'March: a corrupt one',
    about: 'from row 3,000 on, a spreadsheet has made texts of numbers',
    file: 'march.csv',
    content: corrupt(toCsv(customers({ rows: 4_000, seed: 3 })), 3_000),
    expected: 'QUARANTINED',
  },
  {
    kind: 'upload',
    title: 'April: a worse one',
    about: 'a third of the labels say the opposite of what happened',
    file: 'april.csv',
    content: toCsv(customers({ rows: 4_000, seed: 4, labelNoise: 0.33 })),
    expected: 'REJECTED',
  },
  {
    kind: 'code',
    title: 'May: a version that is slow',
    about: 'a new handler asks something else first, for 25 ms; its model is the same',
    code: handlerThat(`
      const until = performance.now() + 25;
      while (performance.now() < until);
      return real.handler(event, context);`),
    expected: 'ROLLED_BACK',
    because: /latency/,
  },
  {
    kind: 'code',
    title: 'June: a version that throws for one slice',
    about: 'a new handler knows nothing of two-year contracts: 18 % of the customers, so one request in six',
    code: handlerThat(`
      if (event.instances[0].contract === 'two years') throw new Error('no rule for two-year contracts');
      return real.handler(event, context);`),
    expected: 'ROLLED_BACK',
    because: /errors|PredictErrors/,
  },
  {
    kind: 'code',
    title: 'July: a version that is subtly worse',
    about:
      'a new handler counts days since the last login from the wrong date, two weeks off: fast, no error, other answers',
    code: handlerThat(`
      const instances = event.instances.map((row) => ({ ...row, days_since_login: row.days_since_login + 14 }));
      return real.handler({ ...event, instances }, context);`),
    expected: 'ROLLED_BACK',
    because: /predictions/,
  },
  ...MONTH,
];

/** A handler around the real one, which answers what the rollout itself asks (golden rows, several at once) as before. */
function handlerThat(body: string): string {
  return `const real = require('./real.js');
exports.handler = async (event, context) => {
  if (event.instances.length > 1) return real.handler(event, context);${body}
};
`;
}

function corrupt(csv: string, row: number): string {
  return csv
    .split('\n')
    .map((line, index) => (index > row && line !== '' ? line.replace(/,(\d+\.\d+),/, ',"EUR $1",') : line))
    .join('\n');
}
