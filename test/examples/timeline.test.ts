import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { bar, plot, Timeline, wrapped } from '../../examples/churn/timeline.ts';

function written(columns: number | undefined, tell: (timeline: Timeline) => void): string[] {
  const texts: string[] = [];
  const out = { columns, isTTY: false, write: (text: string) => texts.push(text) > 0 };
  tell(new Timeline(out as unknown as NodeJS.WriteStream));
  return stripVTControlCharacters(texts.join('')).split('\n').slice(0, -1);
}

describe('a timeline', () => {
  test('tells when, who and what, and what belongs to it below', () => {
    const lines = written(undefined, (timeline) => {
      timeline.chapter('January', 'the first dataset');
      timeline.event('upload', '5,000 rows');
      timeline.detail('card', 'card.html');
      timeline.endOfChapter();
    });
    expect(lines).toEqual([
      '● January  the first dataset',
      '│    0.0 s  upload    5,000 rows',
      '│           card      card.html',
      '│',
    ]);
  });

  test('fits long texts into the terminal, below where they began', () => {
    const lines = written(60, (timeline) => timeline.detail('', 'one two three four five six seven eight nine ten'));
    expect(lines).toEqual([
      `│ ${' '.repeat(20)}one two three four five six seven`,
      `│ ${' '.repeat(20)}eight nine ten`,
    ]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  });

  test('shows no spinner where nobody watches a terminal', () => {
    expect(written(80, (timeline) => timeline.busy('training'))).toEqual([]);
  });
});

test('wrapped() breaks between words, never within one or at the two spaces that hold columns apart', () => {
  expect(wrapped('a bb  cc d', 6)).toEqual(['a', 'bb  cc', 'd']);
  expect(wrapped('incomprehensibilities', 5)).toEqual(['incomprehensibilities']);
  expect(wrapped('', 10)).toEqual(['']);
});

test('plot() draws an interval on its line, ends included', () => {
  expect(plot({ value: 0.75, lower: 0.6, upper: 0.9 }, [0.5, 1])).toBe('┄┄┄┄┄├──────●─────┤┄┄┄┄┄');
  expect(plot({ value: 1, lower: 0.9, upper: 1.1 }, [0.5, 1])).toBe('┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄├────●');
});

test('bar() fills as much as the share is', () => {
  expect([bar(0), bar(0.26), bar(1)]).toEqual(['░░░░░░░░░░', '███░░░░░░░', '██████████']);
});
