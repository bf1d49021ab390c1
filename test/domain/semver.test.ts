import { expect, test } from 'vitest';
import { nextSemver } from '../../domain/semver.ts';

const made = { contract: 'c1', code: 'k1', config: 'f1' };
const previous = { ...made, semver: '2.4.7' };

test.each([
  [null, made, '1.0.0', 'first'],
  [previous, made, '2.4.8', 'patch'],
  [previous, { ...made, code: 'k2' }, '2.5.0', 'minor'],
  [previous, { ...made, config: 'f2' }, '2.5.0', 'minor'],
  [previous, { ...made, contract: 'c2' }, '3.0.0', 'major'],
  [previous, { contract: 'c2', code: 'k2', config: 'f2' }, '3.0.0', 'major'],
] as const)('nextSemver(%j, %j) is %s, a %s', (before, next, semver, bump) => {
  expect(nextSemver(before, next)).toMatchObject({ semver, bump });
});

test('nextSemver() says what changed', () => {
  expect(nextSemver(previous, { contract: 'c1', code: 'k2', config: 'f2' }).because).toBe(
    'code and configuration changed',
  );
});

test('nextSemver() refuses what is no version', () => {
  expect(() => nextSemver({ ...made, semver: 'v2' }, made)).toThrow(/three numbers/);
});
