import { describe, expect, test } from 'vitest';
import { holds, NO_VALUE, resolve, type Scope } from '../../../local/cloudformation/intrinsics.ts';

const values: Record<string, unknown> = { Name: 'churn', Count: 3, List: ['a', 'b'], 'AWS::NoValue': NO_VALUE };
const scope: Scope = {
  ref: (name) => values[name],
  attribute: (logicalId, attribute) => `${logicalId}/${attribute}`,
  condition: (name) => name === 'Yes',
  mapping: (map, top, second) => `${map}.${top}.${second}`,
  exported: (name) => `export of ${name}`,
};

test.each<[unknown, unknown]>([
  [{ Ref: 'Name' }, 'churn'],
  [{ 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'Bucket/Arn'],
  [{ 'Fn::GetAtt': 'Bucket.Nested.Arn' }, 'Bucket/Nested.Arn'],
  [{ 'Fn::Sub': '${Name}-${Bucket.Arn}-${!Literal}-$5' }, 'churn-Bucket/Arn-${Literal}-$5'],
  [{ 'Fn::Sub': ['${A}/${Name}', { A: { Ref: 'Count' } }] }, '3/churn'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'Name' }, 1]] }, 'a-churn-1'],
  [{ 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b'],
  [{ 'Fn::Select': ['1', { 'Fn::Split': ['.', 'x.y.z'] }] }, 'y'],
  [{ 'Fn::If': ['Yes', 'one', { Ref: 'Nothing' }] }, 'one'],
  [{ 'Fn::FindInMap': ['Map', { Ref: 'Name' }, 'size'] }, 'Map.churn.size'],
  [{ 'Fn::ImportValue': { 'Fn::Sub': '${Name}:Arn' } }, 'export of churn:Arn'],
  [{ 'Fn::Base64': 'hi' }, 'aGk='],
  [{ 'Fn::Length': [1, 2] }, 2],
  [{ 'Fn::ToJsonString': { a: { Ref: 'Name' } } }, '{"a":"churn"}'],
  [
    { keep: 1, gone: { Ref: 'AWS::NoValue' }, list: [{ Ref: 'AWS::NoValue' }, 2] },
    { keep: 1, list: [2] },
  ],
  [{ Condition: { StringEquals: { a: 'b' } } }, { Condition: { StringEquals: { a: 'b' } } }],
])('%j is %j', (value, expected) => {
  expect(resolve(value, scope)).toEqual(expected);
});

describe('conditions', () => {
  test.each<[unknown, boolean]>([
    [{ 'Fn::Equals': [{ Ref: 'Count' }, '3'] }, true],
    [{ 'Fn::Equals': ['a', 'b'] }, false],
    [{ 'Fn::Not': [{ Condition: 'Yes' }] }, false],
    [{ 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] }, false],
    [{ 'Fn::Or': [{ Condition: 'No' }, { 'Fn::Equals': ['a', 'a'] }] }, true],
    [{ 'Fn::Contains': [['1', '2'], '2'] }, true],
  ])('%j is %s', (condition, expected) => {
    expect(holds(condition, scope)).toBe(expected);
  });
});

describe('what cannot be resolved is said', () => {
  test.each<[unknown, string]>([
    [{ 'Fn::GetAZs': '' }, 'does not implement the intrinsic function Fn::GetAZs'],
    [{ 'Fn::Select': [5, ['a']] }, 'Fn::Select cannot select nonexistent value at index 5'],
    [{ 'Fn::Join': ['-'] }, 'Fn::Join expects 2 arguments, got 1'],
    [{ 'Fn::Sub': '${List}' }, 'expected a text, got ["a","b"]'],
  ])('%j', (value, message) => {
    expect(() => resolve(value, scope)).toThrow(message);
  });
});
