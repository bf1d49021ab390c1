import { expect, test } from 'vitest';
import { decimals } from '../../cli/io.ts';

test.each([
  [0.92963, '0.9296'],
  [12_345.6, '12345.6000'],
  [0, '0.0000'],
  [4.25e-10, '4.250e-10'],
  [-0.0004321, '-0.0004321'],
])('decimals(%d)', (value, text) => {
  expect(decimals(value)).toBe(text);
});
