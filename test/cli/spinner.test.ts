import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Spinner } from '../../cli/spinner.ts';

const ERASE = `\r${String.fromCharCode(27)}[K`;

function terminal(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 30, write: (text: string) => written.push(text) > 0 };
  return { spinner: new Spinner(stream as unknown as NodeJS.WriteStream), written };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

test('a spinner says what is going on, below the lines that are written meanwhile, and leaves nothing behind', () => {
  const { spinner, written } = terminal(true);
  spinner.show('training');
  expect(written.at(-1)).toMatch(/training/);
  spinner.above(() => written.push('a line\n'));
  expect(written.slice(-2)).toEqual([ERASE, 'a line\n']);
  vi.advanceTimersByTime(80);
  expect(written.at(-1)).toMatch(/training/);
  spinner.stop();
  expect(written.at(-1)).toBe(ERASE);
  const { length } = written;
  vi.advanceTimersByTime(1_000);
  expect(written).toHaveLength(length);
});

test('a spinner stays on one line of a narrow terminal', () => {
  const { spinner, written } = terminal(true);
  spinner.show('x'.repeat(100));
  expect(written.at(-1)?.match(/x+/)?.[0]).toHaveLength(26);
  spinner.stop();
});

test('a spinner is silent where nobody watches a terminal', () => {
  const piped = terminal(false);
  piped.spinner.show('training');
  vi.stubEnv('TERM', 'dumb');
  const dumb = terminal(true);
  dumb.spinner.show('training');
  vi.advanceTimersByTime(1_000);
  expect([...piped.written, ...dumb.written]).toEqual([]);
});
