import { expect, test } from 'vitest';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import type { PolicyStatement, Principal } from '../../../local/iam/principal.ts';

const ROLE_ARN = 'arn:aws:iam::000000000000:role/trainer';
const role: Principal = { kind: 'role', roleArn: ROLE_ARN, arn: 'arn:aws:sts::000000000000:assumed-role/trainer/s' };

function authorizerWith(...statements: PolicyStatement[]) {
  const authorizer = createAuthorizer({ clock: { now: () => 0 } });
  const grants = {
    roleArn: ROLE_ARN,
    trust: { Statement: [] },
    policies: new Map([['Stack/Policy', { Statement: statements }]]),
  };
  authorizer.setRole(grants);
  return { authorizer, grants };
}

const read: PolicyStatement = {
  Sid: 'Read',
  Effect: 'Allow',
  Action: ['s3:GetObject', 's3:ListBucket'],
  Resource: ['arn:aws:s3:::data/*', 'arn:aws:s3:::data'],
};

test('the report says which statements, actions and resources were ever used', () => {
  const unused: PolicyStatement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' };
  const { authorizer } = authorizerWith(read, unused);
  authorizer.authorize(role, [{ action: 's3:GetObject', resource: 'arn:aws:s3:::data/a' }]);
  authorizer.authorize(role, [{ action: 's3:GetObject', resource: 'arn:aws:s3:::data/b' }]);
  expect(authorizer.report().roles).toMatchInlineSnapshot(`
    [
      {
        "roleArn": "arn:aws:iam::000000000000:role/trainer",
        "statements": [
          {
            "actions": [
              {
                "pattern": "s3:GetObject",
                "uses": 2,
              },
              {
                "pattern": "s3:ListBucket",
                "uses": 0,
              },
            ],
            "effect": "Allow",
            "index": 0,
            "needed": 2,
            "policy": "Stack/Policy",
            "resources": [
              {
                "pattern": "arn:aws:s3:::data/*",
                "uses": 2,
              },
              {
                "pattern": "arn:aws:s3:::data",
                "uses": 0,
              },
            ],
            "sid": "Read",
            "uses": 2,
          },
          {
            "actions": [
              {
                "pattern": "sqs:SendMessage",
                "uses": 0,
              },
            ],
            "effect": "Allow",
            "index": 1,
            "needed": 0,
            "policy": "Stack/Policy",
            "resources": [
              {
                "pattern": "*",
                "uses": 0,
              },
            ],
            "uses": 0,
          },
        ],
      },
    ]
  `);
});

test('a statement that another one covers is used and not needed', () => {
  const { authorizer } = authorizerWith(read, { Effect: 'Allow', Action: 's3:*', Resource: '*' });
  authorizer.authorize(role, [{ action: 's3:GetObject', resource: 'arn:aws:s3:::data/a' }]);
  const [statements] = authorizer
    .report()
    .roles.map((usage) => usage.statements.map(({ uses, needed }) => [uses, needed]));
  expect(statements).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

test('refused calls are listed once each, with how often', () => {
  const { authorizer } = authorizerWith(read);
  for (let n = 0; n < 3; n++) {
    expect(() => authorizer.authorize(role, [{ action: 's3:PutObject', resource: 'arn:aws:s3:::data/a' }])).toThrow();
  }
  expect(authorizer.report().denied).toEqual([
    {
      principal: 'User: arn:aws:sts::000000000000:assumed-role/trainer/s',
      action: 's3:PutObject',
      resource: 'arn:aws:s3:::data/a',
      reason: 'because no identity-based policy allows the s3:PutObject action',
      times: 3,
    },
  ]);
});

test('a policy that stays the same over a deployment keeps its counts, one that changes starts again', () => {
  const { authorizer, grants } = authorizerWith(read);
  authorizer.authorize(role, [{ action: 's3:GetObject', resource: 'arn:aws:s3:::data/a' }]);
  const uses = () => authorizer.report().roles[0]?.statements[0]?.uses;
  authorizer.setRole({ ...grants, policies: new Map([['Stack/Policy', { Statement: [{ ...read }] }]]) });
  expect(uses()).toBe(1);
  authorizer.setRole({
    ...grants,
    policies: new Map([['Stack/Policy', { Statement: [{ ...read, Action: 's3:*' }] }]]),
  });
  expect(uses()).toBe(0);
});
