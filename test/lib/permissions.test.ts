import { describe, expect, test } from 'vitest';
import { list, ofType, type Statement, sluice, statements, templates } from '../support/templates.ts';

const environments = {
  dev: {},
  prod: { account: '111122223333', region: 'eu-west-1', encryption: 'customer-managed' },
} as const;
const models = {
  churn: { problem: { kind: 'binary', target: 'churned' }, approval: 'manual', notify: { email: ['a@example.com'] } },
  prices: { problem: { kind: 'regression', target: 'price' } },
} as const;
const all = templates(sluice({ environments, models: structuredClone(models) as never }));
const everyStatement = Object.entries(all).flatMap(([stack, template]) =>
  statements(template).map((found) => ({ stack, ...found })),
);
const allowed = everyStatement.filter(({ statement }) => statement.Effect === 'Allow');

/** Actions that AWS offers no resource for. */
const WITHOUT_RESOURCE = [
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
  'cloudwatch:GetMetricData',
  // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

describe('roles', () => {
  test('no statement allows an action with a wildcard', () => {
    const wildcards = allowed.filter(({ statement }) => list(statement.Action).some((action) => action.includes('*')));
    // The key's own account administers it: without this statement nobody could, ever.
    expect(wildcards.map(({ type, statement }) => [type, statement.Action])).toEqual([['AWS::KMS::Key', 'kms:*']]);
  });

  test('the resource * stands only where AWS has no other', () => {
    const broad = allowed.filter(
      ({ type, statement }) => type !== 'AWS::KMS::Key' && list(statement.Resource).includes('*'),
    );
    const unexpected = broad
      .flatMap(({ statement }) => list(statement.Action))
      .filter((action) => !WITHOUT_RESOURCE.includes(action));
    expect(broad.length).toBeGreaterThan(0);
    expect(unexpected).toEqual([]);
  });

  test('every function has a role of its own and no managed policy', () => {
    for (const template of Object.values(all)) {
      const functions = ofType(template, 'AWS::Lambda::Function');
      const roles = functions.map(([, { Properties }]) => JSON.stringify(Properties.Role));
      expect(new Set(roles).size).toBe(functions.length);
      for (const [, { Properties }] of ofType(template, 'AWS::IAM::Role'))
        expect(Properties.ManagedPolicyArns).toBeUndefined();
    }
  });

  test('objects and items of another model are out of reach', () => {
    for (const { stack, owner, type, statement } of allowed) {
      if (type !== 'AWS::IAM::Policy') continue;
      const model = stack.split('-').at(-1);
      const actions = list(statement.Action);
      if (actions.some((action) => action.startsWith('dynamodb:'))) {
        expect(statement.Condition, owner).toEqual({
          'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [`MODEL#${model}`] },
        });
      }
      if (actions.some((action) => action.startsWith('s3:'))) {
        const scope = JSON.stringify([list(statement.Resource), statement.Condition ?? null]);
        expect(scope, owner).toContain(`${model}/`);
        expect(scope.includes('churn/') && scope.includes('prices/'), owner).toBe(false);
      }
    }
  });

  test('only the rollout may move traffic', () => {
    const movers = allowed.filter(({ statement }) => list(statement.Action).includes('lambda:UpdateAlias'));
    const owners = new Set(movers.map(({ owner }) => owner.replace(/DefaultPolicy.*/, '')));
    expect([...owners].sort()).toEqual(['RolloutsRolloutRole']);
  });

  test('no role may pass a role, change code or grant anything', () => {
    const dangerous =
      /^(iam|sts):|lambda:(UpdateFunctionCode|CreateFunction|AddPermission)|PutBucketPolicy|DeleteObjectVersion/;
    const found = allowed.filter(
      ({ type, statement }) =>
        type === 'AWS::IAM::Policy' && list(statement.Action).some((action) => dangerous.test(action)),
    );
    expect(found).toEqual([]);
  });
});

describe('service principals', () => {
  const ofServices = allowed.filter(({ statement }) => services(statement).length > 0);

  test('each is bound to an account, a resource or a log group', () => {
    const keys = ['aws:SourceAccount', 'aws:SourceArn', 'kms:EncryptionContext:aws:logs:arn'];
    expect(ofServices.length).toBeGreaterThan(40);
    for (const { stack, owner, statement } of ofServices) {
      const conditions = Object.values(statement.Condition ?? {}).flatMap((condition) => Object.keys(condition));
      expect(
        conditions.some((key) => keys.includes(key)),
        `${stack}/${owner}`,
      ).toBe(true);
    }
  });

  test('functions may be called by the rule that is meant', () => {
    for (const template of Object.values(all)) {
      for (const [id, { Properties }] of ofType(template, 'AWS::Lambda::Permission')) {
        expect(Properties.SourceArn, id).toBeDefined();
      }
    }
  });

  test('no resource policy allows everybody', () => {
    const everybody = allowed.filter(({ statement: { Principal } }) => JSON.stringify(Principal ?? '').includes('"*"'));
    expect(everybody).toEqual([]);
  });
});

function services(statement: Statement): unknown[] {
  return typeof statement.Principal === 'object' ? list(statement.Principal.Service) : [];
}
