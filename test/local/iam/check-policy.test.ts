import { describe, expect, test } from 'vitest';
import { checkedPolicy, type PolicyKind, policyProblems } from '../../../local/iam/check-policy.ts';

const statement = (overrides: Record<string, unknown> = {}) => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::data/*',
  ...overrides,
});
const policy = (overrides: Record<string, unknown> = {}) => ({
  Version: '2012-10-17',
  Statement: [statement(overrides)],
});

test('a policy that is well formed comes back', () => {
  expect(checkedPolicy(policy(), 'identity')).toEqual(policy());
});

describe('what IAM itself refuses', () => {
  test.each<[string, Record<string, unknown>, PolicyKind]>([
    ['a principal in an identity policy', { Principal: '*' }, 'identity'],
    ['no principal in a resource policy', {}, 'resource'],
    ['a resource in a trust policy', { Principal: '*' }, 'trust'],
    ['no resource', { Resource: undefined }, 'identity'],
    ['no action', { Action: undefined }, 'identity'],
    ['an action and all but another', { NotAction: 's3:PutObject' }, 'identity'],
    ['an action of no service', { Action: 'GetObject' }, 'identity'],
    ['a resource that is no ARN', { Resource: 'data/*' }, 'identity'],
    ['another effect', { Effect: 'allow' }, 'identity'],
  ])('%s', (_, overrides, kind) => {
    expect(() => checkedPolicy(policy(overrides), kind)).toThrow(
      expect.objectContaining({ name: 'MalformedPolicyDocument' }),
    );
  });
});

describe('what is not implemented is named', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }, 'the condition operator IpAddress'],
    [{ Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } } }, 'the condition key aws:SourceVpc'],
    [{ Condition: { StringEquals: { 'dynamodb:LeadingKeys': 'a' } } }, 'without ForAllValues or ForAnyValue'],
    [{ Resource: 'arn:aws:s3:::data/${aws:SourceVpc}/*' }, 'the policy variable ${aws:SourceVpc}'],
    [{ NotPrincipal: '*' }, 'the policy element NotPrincipal'],
  ])('%j', (overrides, name) => {
    expect(() => checkedPolicy(policy(overrides), 'identity')).toThrow(
      expect.objectContaining({ name: 'LocalCloudUnsupported', message: expect.stringContaining(name) }),
    );
  });

  test('another kind of principal', () => {
    const federated = policy({ Principal: { Federated: 'arn:aws:iam::000000000000:saml-provider/x' } });
    expect(() => checkedPolicy(federated, 'resource')).toThrow('principals of the kind Federated');
  });
});

test('a template that holds intrinsics has no problem with them', () => {
  const overrides = {
    Resource: [{ 'Fn::GetAtt': ['Data', 'Arn'] }, { 'Fn::Join': ['', [{ Ref: 'X' }, '/*']] }],
    Condition: { ArnEquals: { 'aws:SourceArn': { Ref: 'Topic' } } },
  };
  expect(policyProblems(policy(overrides), 'identity')).toEqual([]);
});
