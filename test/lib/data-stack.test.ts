import { describe, expect, test } from 'vitest';
import { expectedPrefixes } from '../../lib/constructs/misplaced-uploads.ts';
import { list, ofType, sluice, statements, template } from '../support/templates.ts';

const dev = template('Sluice-dev-Data');
const prod = template(
  'Sluice-prod-Data',
  sluice({ environments: { prod: { encryption: 'customer-managed', logRetentionDays: 365 } } }),
);

describe('what must outlive every deployment', () => {
  test('keeps its logical ids: another id is another, empty resource', () => {
    expect(ids(dev, 'AWS::S3::Bucket')).toEqual(['AccessLogs8B620ECA', 'Artifacts82DD59A1', 'Data666C94C7']);
    expect(ids(dev, 'AWS::DynamoDB::Table')).toEqual(['Registry4DB9CCA5']);
    expect(ids(dev, 'AWS::SNS::Topic')).toEqual(['Alerts91F83244']);
    expect(ids(prod, 'AWS::KMS::Key')).toEqual(['Key961B73FD']);
  });

  test('is retained', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key']) {
      for (const [id, resource] of ofType(prod, type)) {
        expect([id, resource.DeletionPolicy, resource.UpdateReplacePolicy]).toEqual([id, 'Retain', 'Retain']);
      }
    }
  });

  test('has no physical names, so that a replacement is possible', () => {
    const named = Object.values(prod.Resources).filter(({ Properties }) =>
      ['BucketName', 'TableName', 'TopicName', 'QueueName', 'RoleName', 'AlarmName'].some(
        (name) => name in (Properties ?? {}),
      ),
    );
    expect(named).toEqual([]);
  });
});

test('buckets are private, versioned, logged and announce their objects', () => {
  for (const id of ['Data666C94C7', 'Artifacts82DD59A1']) {
    const { Properties } = dev.Resources[id] ?? {};
    expect(Properties.PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    });
    expect(Properties.OwnershipControls.Rules).toEqual([{ ObjectOwnership: 'BucketOwnerEnforced' }]);
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(Properties.LoggingConfiguration.DestinationBucketName).toEqual({ Ref: 'AccessLogs8B620ECA' });
    expect(Properties.NotificationConfiguration).toEqual({ EventBridgeConfiguration: { EventBridgeEnabled: true } });
  }
});

test('the registry is paid by request, recoverable to any second and protected', () => {
  const { Properties } = dev.Resources.Registry4DB9CCA5 ?? {};
  expect(Properties).toMatchObject({
    BillingMode: 'PAY_PER_REQUEST',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    DeletionProtectionEnabled: true,
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
  });
});

describe('customer-managed encryption', () => {
  test('covers data, registry, queue and topic', () => {
    const key = { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] };
    for (const id of ['Data666C94C7', 'Artifacts82DD59A1']) {
      const [rule] = prod.Resources[id]?.Properties.BucketEncryption.ServerSideEncryptionConfiguration ?? [];
      expect(rule).toEqual({
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key },
      });
    }
    expect(prod.Resources.Registry4DB9CCA5?.Properties.SSESpecification).toMatchObject({
      SSEEnabled: true,
      KMSMasterKeyId: key,
    });
    expect(prod.Resources.Alerts91F83244?.Properties.KmsMasterKeyId).toEqual(key);
    for (const [, { Properties }] of ofType(prod, 'AWS::SQS::Queue')) expect(Properties.KmsMasterKeyId).toEqual(key);
  });

  test('lets the services that write to our queues, topic and logs use the key', () => {
    const principals = statements(prod)
      .filter(({ type }) => type === 'AWS::KMS::Key')
      .flatMap(({ statement: { Principal } }) => (typeof Principal === 'object' ? list(Principal.Service) : []));
    expect(principals.map((principal) => JSON.stringify(principal))).toEqual([
      '"cloudwatch.amazonaws.com"',
      '"events.amazonaws.com"',
      '"sns.amazonaws.com"',
      JSON.stringify({ 'Fn::Join': ['', ['logs.', { Ref: 'AWS::Region' }, '.amazonaws.com']] }),
    ]);
  });

  test('costs nothing where it was not asked for', () => {
    expect(ids(dev, 'AWS::KMS::Key')).toEqual([]);
  });
});

describe('uploads in the wrong place', () => {
  test('are told with their key and the places that were meant', () => {
    const [[, rule] = []] = ofType(dev, 'AWS::Events::Rule');
    expect(rule?.Properties.EventPattern.detail.object.key).toEqual([
      { 'anything-but': { prefix: ['churn/training/', 'churn/truth/', 'churn/quarantine/', 'churn/capture'] } },
    ]);
    const [target] = rule?.Properties.Targets ?? [];
    expect(target.InputTransformer).toMatchInlineSnapshot(`
      {
        "InputPathsMap": {
          "detail-bucket-name": "$.detail.bucket.name",
          "detail-object-key": "$.detail.object.key",
        },
        "InputTemplate": ""Sluice found <detail-object-key> in <detail-bucket-name>, where no model looks. Nothing was done with it. Expected places: churn/training/ or churn/truth/. Copy it there to train with it."",
      }
    `);
    expect(target.DeadLetterConfig.Arn).toEqual({ 'Fn::GetAtt': ['UndeliveredF3CF66A9', 'Arn'] });
  });

  test('are told with a hundred models too: the pattern stays within 2 048 characters', () => {
    const models = Array.from({ length: 100 }, (_, index) => `model-${index}`);
    const prefixes = expectedPrefixes(models);
    expect(prefixes).toHaveLength(100);
    expect(JSON.stringify(prefixes).length).toBeLessThan(1_600);
  });
});

test('an address that watches several models has one subscription: SNS refuses a second', () => {
  const notify = { email: ['team@example.com'] };
  const problem = { kind: 'regression', target: 'y' } as const;
  const both = template('Sluice-dev-Data', sluice({ models: { a: { problem, notify }, b: { problem, notify } } }));
  const subscriptions = ofType(both, 'AWS::SNS::Subscription');
  expect(subscriptions.map(([, { Properties }]) => [Properties.Endpoint, Properties.FilterPolicy])).toEqual([
    ['team@example.com', { model: ['a', 'b', { exists: false }] }],
  ]);
  expect(subscriptions[0]?.[1].Properties.RedrivePolicy.deadLetterTargetArn).toBeDefined();
});

test('outputs have the names that people and scripts know', () => {
  expect(Object.keys(dev.Outputs).filter((name) => !name.startsWith('ExportsOutput'))).toEqual([
    'DataBucketName',
    'ArtifactBucketName',
    'RegistryTableName',
    'AlertsTopicArn',
  ]);
});

function ids(from: typeof dev, type: string): string[] {
  return ofType(from, type)
    .map(([id]) => id)
    .sort();
}
