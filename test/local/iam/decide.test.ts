import { describe, expect, test } from 'vitest';
import { type Authorizer, createAuthorizer } from '../../../local/iam/authorizer.ts';
import type { AccessRequest, PolicyDocument, PolicyStatement, Principal } from '../../../local/iam/principal.ts';

const ACCOUNT = '000000000000';
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/trainer`;
const role: Principal = {
  kind: 'role',
  roleArn: ROLE_ARN,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/trainer/session`,
};
const operator: Principal = { kind: 'operator', arn: `arn:aws:iam::${ACCOUNT}:user/test` };
const events = (sourceArn: string, sourceAccount = ACCOUNT): Principal => ({
  kind: 'service',
  service: 'events.amazonaws.com',
  sourceArn,
  sourceAccount,
});

const OBJECT = 'arn:aws:s3:::data/churn/training/a.csv';
const get = (overrides: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 's3:GetObject',
  resource: OBJECT,
  ...overrides,
});
const allow = (overrides: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::data/*',
  ...overrides,
});
const document = (...statements: PolicyStatement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});

function authorizer(...statements: PolicyStatement[]): Authorizer {
  const created = createAuthorizer({ clock: { now: () => Date.UTC(2026, 0, 5) } });
  created.setRole({
    roleArn: ROLE_ARN,
    trust: document({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
    policies: new Map(statements.length > 0 ? [['Stack/Policy', document(...statements)]] : []),
    tags: { model: 'churn' },
  });
  return created;
}

/** Whether a role with these statements may make the request. */
function may(request: AccessRequest, ...statements: PolicyStatement[]): boolean {
  return granted(authorizer(...statements), role, request);
}

function granted(by: Authorizer, principal: Principal, request: AccessRequest): boolean {
  try {
    by.authorize(principal, [request]);
    return true;
  } catch (error) {
    expect((error as Error).name).toBe('AccessDeniedException');
    return false;
  }
}

describe('what a role may do by its own policies', () => {
  test('nothing without a statement, in the words of AWS', () => {
    expect(() => authorizer().authorize(role, [get()], { code: 'AccessDenied' })).toThrow(
      expect.objectContaining({
        name: 'AccessDenied',
        status: 403,
        message: `User: arn:aws:sts::${ACCOUNT}:assumed-role/trainer/session is not authorized to perform: s3:GetObject on resource: ${OBJECT} because no identity-based policy allows the s3:GetObject action`,
      }),
    );
  });

  test.each<[string, Partial<PolicyStatement>, boolean]>([
    ['the action and the resource', { Resource: OBJECT }, true],
    ['another action', { Action: 's3:PutObject' }, false],
    ['another resource', { Resource: 'arn:aws:s3:::data/fraud/*' }, false],
    ['a wildcard in the action', { Action: ['sqs:SendMessage', 's3:Get*'] }, true],
    ['the action in another case', { Action: 'S3:getobject' }, true],
    ['every action', { Action: '*' }, true],
    ['the resource in another case', { Resource: 'arn:aws:s3:::Data/*' }, false],
    ['one character as a question mark', { Resource: 'arn:aws:s3:::dat?/*' }, true],
    ['every resource', { Resource: '*' }, true],
    ['all but another action', { Action: undefined, NotAction: 's3:DeleteObject' }, true],
    ['all but this action', { Action: undefined, NotAction: ['s3:Get*'] }, false],
    ['all but another resource', { Resource: undefined, NotResource: 'arn:aws:s3:::data/fraud/*' }, true],
    ['all but this resource', { Resource: undefined, NotResource: 'arn:aws:s3:::data/*' }, false],
    ['a tag of the role in the resource', { Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/model}/*' }, true],
    ['a tag that the role does not have', { Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/team}/*' }, false],
    ['a default for a missing tag', { Resource: "arn:aws:s3:::data/${aws:PrincipalTag/team, 'churn'}/*" }, true],
  ])('a statement with %s', (_, overrides, expected) => {
    expect(may(get(), allow(overrides))).toBe(expected);
  });

  test('a wildcard does not reach over a colon of an ARN', () => {
    const request = { action: 'sqs:SendMessage', resource: `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs` };
    expect(may(request, allow({ Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:*:*:jobs' }))).toBe(true);
    expect(may(request, allow({ Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:*:jobs' }))).toBe(false);
  });

  test('an escaped wildcard is the character itself', () => {
    const statement = allow({ Resource: 'arn:aws:s3:::data/${*}.csv' });
    expect(may(get({ resource: 'arn:aws:s3:::data/*.csv' }), statement)).toBe(true);
    expect(may(get({ resource: 'arn:aws:s3:::data/a.csv' }), statement)).toBe(false);
  });

  test('an explicit deny wins, and is named', () => {
    const by = authorizer(allow(), { Effect: 'Deny', Action: 's3:*', Resource: '*' });
    expect(() => by.authorize(role, [get()])).toThrow('with an explicit deny in an identity-based policy');
  });

  test('every one of several requests must be granted', () => {
    const by = authorizer(allow());
    const kms = { action: 'kms:Decrypt', resource: `arn:aws:kms:us-east-1:${ACCOUNT}:key/k` };
    expect(() => by.authorize(role, [get(), kms])).toThrow('kms:Decrypt');
  });

  test('a pattern that is made to be slow is not', () => {
    const resource = `arn:aws:s3:::${'a'.repeat(5_000)}`;
    expect(may(get({ resource }), allow({ Resource: `arn:aws:s3:::${'a*'.repeat(50)}b` }))).toBe(false);
  });
});

describe('resource policies', () => {
  const policy = (overrides: Partial<PolicyStatement>) =>
    document(allow({ Principal: '*', Resource: '*', ...overrides }));

  test.each<[string, Partial<PolicyStatement>, boolean]>([
    ['everybody', { Principal: '*' }, true],
    ['every AWS principal', { Principal: { AWS: '*' } }, true],
    ['the role', { Principal: { AWS: [ROLE_ARN] } }, true],
    ['the session of the role', { Principal: { AWS: role.arn } }, true],
    ['another role', { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/other` } }, false],
    ['the account, which leaves it to the policies of the role', { Principal: { AWS: ACCOUNT } }, false],
    ['a service', { Principal: { Service: 'lambda.amazonaws.com' } }, false],
  ])('one that names %s', (_, overrides, expected) => {
    expect(granted(authorizer(), role, get({ policy: policy(overrides) }))).toBe(expected);
  });

  test('a deny stops the role and the operator alike', () => {
    const request = get({ policy: policy({ Effect: 'Deny', Principal: '*' }) });
    const by = authorizer(allow());
    expect(() => by.authorize(role, [request])).toThrow('with an explicit deny in a resource-based policy');
    expect(() => by.authorize(operator, [request])).toThrow('with an explicit deny in a resource-based policy');
  });

  test('the operator needs no grant', () => {
    expect(granted(authorizer(), operator, get())).toBe(true);
  });

  describe('for a service that acts for a resource', () => {
    const RULE = `arn:aws:events:us-east-1:${ACCOUNT}:rule/uploads`;
    const request = (Condition?: PolicyStatement['Condition']): AccessRequest => ({
      action: 'sqs:SendMessage',
      resource: `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`,
      policy: document({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: '*',
        ...(Condition ? { Condition } : {}),
      }),
    });

    test('it needs a policy of the target that names it', () => {
      const by = authorizer();
      expect(granted(by, events(RULE), request())).toBe(true);
      expect(granted(by, events(RULE), { ...request(), policy: undefined })).toBe(false);
      expect(granted(by, { ...events(RULE), service: 'sns.amazonaws.com' } as Principal, request())).toBe(false);
    });

    test('everybody includes it', () => {
      const statement = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sqs:SendMessage', Resource: '*' } as const;
      expect(granted(authorizer(), events(RULE), { ...request(), policy: document(statement) })).toBe(true);
    });

    test('a confused deputy is stopped by the source', () => {
      const by = authorizer();
      const guarded = request({ ArnEquals: { 'aws:SourceArn': RULE }, StringEquals: { 'aws:SourceAccount': ACCOUNT } });
      expect(granted(by, events(RULE), guarded)).toBe(true);
      expect(granted(by, events(`${RULE}-other`), guarded)).toBe(false);
      expect(granted(by, events(RULE, '999999999999'), guarded)).toBe(false);
    });
  });
});

describe('keys and roles, whose own policy must take part', () => {
  const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/k`;
  const decrypt = (policy?: PolicyDocument): AccessRequest => ({ action: 'kms:Decrypt', resource: KEY, policy });
  const account = document({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'kms:*',
    Resource: '*',
  });
  const identity = allow({ Action: 'kms:Decrypt', Resource: KEY });

  test('a role may use a key when the key leaves it to the account and the role allows it', () => {
    expect(may(decrypt(account), identity)).toBe(true);
    expect(may(decrypt(account))).toBe(false);
    expect(may(decrypt(), identity)).toBe(false);
  });

  test('a key policy that names the role is enough', () => {
    const named = document({ Effect: 'Allow', Principal: { AWS: ROLE_ARN }, Action: 'kms:Decrypt', Resource: '*' });
    expect(may(decrypt(named))).toBe(true);
  });

  test('a role can be assumed by whom it trusts', () => {
    const by = authorizer();
    const assume = { action: 'sts:AssumeRole', resource: ROLE_ARN };
    const lambda = {
      kind: 'service',
      service: 'lambda.amazonaws.com',
      sourceArn: 'arn:x',
      sourceAccount: ACCOUNT,
    } as const;
    expect(granted(by, lambda, assume)).toBe(true);
    expect(granted(by, { ...lambda, service: 'states.amazonaws.com' }, assume)).toBe(false);
    expect(granted(by, operator, assume)).toBe(false);
    expect(granted(by, operator, { ...assume, resource: `${ROLE_ARN}-unknown` })).toBe(false);
  });
});
