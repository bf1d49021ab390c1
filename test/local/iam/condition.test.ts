import { describe, expect, test } from 'vitest';
import { conditionsHold } from '../../../local/iam/condition.ts';
import type { PolicyStatement } from '../../../local/iam/principal.ts';

function holds(condition: PolicyStatement['Condition'], keys: Record<string, string | string[]>): boolean {
  const context = new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), [value].flat()]));
  return conditionsHold(condition, context);
}

describe('operators', () => {
  test.each<[string, string | string[], string, boolean]>([
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', ['b', 'a'], 'a', true],
    ['StringEquals', 'A', 'a', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a*', 'a*', true],
    ['StringEqualsIgnoreCase', 'A', 'a', true],
    ['StringNotEquals', ['b', 'c'], 'a', true],
    ['StringNotEquals', ['b', 'a'], 'a', false],
    ['StringLike', 'churn/*', 'churn/training/a.csv', true],
    ['StringLike', 'churn/?', 'churn/ab', false],
    ['StringNotLike', 'churn/*', 'fraud/a', true],
    ['ArnLike', 'arn:aws:events:*:*:rule/up*', 'arn:aws:events:us-east-1:1:rule/uploads', true],
    ['ArnEquals', 'arn:aws:events:*:*:rule/up*', 'arn:aws:events:us-east-1:1:rule/uploads', true],
    ['ArnLike', 'arn:aws:events:*', 'arn:aws:events:us-east-1:1:rule/uploads', false],
    ['ArnNotLike', 'arn:aws:events:*:*:rule/up*', 'arn:aws:events:us-east-1:1:rule/uploads', false],
    ['Bool', 'true', 'true', true],
    ['Bool', 'false', 'true', false],
    ['NumericLessThan', '1.2', '1.3', false],
    ['NumericLessThanEquals', '10', '9', true],
    ['NumericEquals', '1.0', '1', true],
    ['NumericGreaterThan', '5', '10', true],
    ['DateLessThan', '2026-01-06T00:00:00Z', '2026-01-05T00:00:00Z', true],
    ['DateGreaterThan', '2026-01-06T00:00:00Z', '2026-01-05T00:00:00Z', false],
  ])('%s %j holds for "%s": %s', (operator, wanted, actual, expected) => {
    expect(holds({ [operator]: { 's3:prefix': wanted } }, { 's3:prefix': actual })).toBe(expected);
  });
});

describe('a key that the request does not have', () => {
  test.each<[string, boolean]>([
    ['StringEquals', false],
    ['StringNotEquals', true],
    ['StringEqualsIfExists', true],
    ['ForAllValues:StringEquals', true],
    ['ForAnyValue:StringEquals', false],
    ['Bool', false],
    ['BoolIfExists', true],
  ])('%s: %s', (operator, expected) => {
    expect(holds({ [operator]: { 's3:prefix': 'a' } }, {})).toBe(expected);
  });

  test('Null asks for just that', () => {
    expect(holds({ Null: { 's3:prefix': 'true' } }, {})).toBe(true);
    expect(holds({ Null: { 's3:prefix': 'true' } }, { 's3:prefix': '' })).toBe(false);
    expect(holds({ Null: { 's3:prefix': 'false' } }, { 's3:prefix': 'a' })).toBe(true);
  });
});

describe('keys with several values', () => {
  const leading = (...values: string[]) => ({ 'dynamodb:LeadingKeys': values });
  const own = { 'dynamodb:LeadingKeys': ['MODEL#churn', 'MODEL#churn-eu'] };

  test('ForAllValues wants each of them in the list', () => {
    expect(holds({ 'ForAllValues:StringEquals': own }, leading('MODEL#churn', 'MODEL#churn-eu'))).toBe(true);
    expect(holds({ 'ForAllValues:StringEquals': own }, leading('MODEL#churn', 'MODEL#fraud'))).toBe(false);
  });

  test('ForAnyValue wants one of them in the list', () => {
    expect(holds({ 'ForAnyValue:StringEquals': own }, leading('MODEL#fraud', 'MODEL#churn'))).toBe(true);
    expect(holds({ 'ForAnyValue:StringEquals': own }, leading('MODEL#fraud'))).toBe(false);
  });
});

test('every operator and every key must hold', () => {
  const both = { StringEquals: { 's3:prefix': 'a', 's3:delimiter': '/' } };
  expect(holds(both, { 's3:prefix': 'a', 's3:delimiter': '/' })).toBe(true);
  expect(holds(both, { 's3:prefix': 'a', 's3:delimiter': '-' })).toBe(false);
});

test('the names of keys have no case, and values may hold variables', () => {
  expect(
    holds({ StringEquals: { 'S3:Prefix': '${aws:username}/' } }, { 's3:prefix': 'me/', 'aws:username': 'me' }),
  ).toBe(true);
});
