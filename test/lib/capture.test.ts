import { expect, test } from 'vitest';
import { ofType, type Resource, sluice, type Template, templates } from '../support/templates.ts';

const config = sluice({
  environments: { dev: {}, prod: { encryption: 'customer-managed' } },
  models: {
    churn: {
      problem: { kind: 'binary', target: 'churned', id: 'customer_id', ignore: ['email'] },
      monitoring: { capture: { sample: 0.25, redact: ['phone'], keep: '30 days' } },
    },
    houses: { problem: { kind: 'regression', target: 'price' } },
  },
});
const all = templates(config);
const of = (stack: string): Template => all[stack] ?? { Resources: {}, Outputs: {} };
const only = (stack: string, type: string): Resource['Properties'] => {
  const [[, { Properties }] = ['', { Properties: {} }], ...others] = ofType(of(stack), type);
  expect(others).toEqual([]);
  return Properties;
};

test('captures are stored by version and hour, as small archives, soon enough for the window after theirs', () => {
  const { ExtendedS3DestinationConfiguration: destination } = only(
    'Sluice-dev-churn',
    'AWS::KinesisFirehose::DeliveryStream',
  );
  expect(destination).toMatchObject({
    Prefix: 'churn/captures/version=!{partitionKeyFromLambda:version}/hour=!{partitionKeyFromLambda:hour}/',
    ErrorOutputPrefix: 'churn/capture-errors/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/',
    CompressionFormat: 'GZIP',
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 300 },
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'Lambda' }] },
    CloudWatchLoggingOptions: { Enabled: true },
  });
});

test('only captured lines of the log go there', () => {
  expect(only('Sluice-dev-churn', 'AWS::Logs::SubscriptionFilter').FilterPattern).toBe('{ $.message = "capture" }');
});

test.each([
  ['Sluice-dev-churn', { KeyType: 'AWS_OWNED_CMK' }],
  ['Sluice-prod-churn', { KeyType: 'CUSTOMER_MANAGED_CMK', KeyARN: expect.anything() }],
])('in %s they are encrypted on their way', (stack, expected) => {
  const stream = only(stack, 'AWS::KinesisFirehose::DeliveryStream');
  expect(stream.DeliveryStreamEncryptionConfigurationInput).toEqual(expected);
});

test('the function that answers and the one that stores know what to leave out, ignored columns among it', () => {
  const told = ofType(of('Sluice-dev-churn'), 'AWS::Lambda::Function').flatMap(([id, { Properties }]) => {
    const settings = Properties.Environment?.Variables?.CAPTURE as string | undefined;
    return settings === undefined ? [] : [[id.replace(/Function.*/, ''), JSON.parse(settings)]];
  });
  const settings = { sample: 0.25, redact: ['phone', 'email'] };
  expect(Object.fromEntries(told)).toEqual({ PredictionPredict: settings, CaptureProcessor: settings });
});

test('captures are gone when a model says so, older versions of them too; labels and data stay', () => {
  const [[, bucket] = []] = ofType(of('Sluice-dev-Data'), 'AWS::S3::Bucket').filter(([id]) => id.startsWith('Data'));
  const rules = (bucket?.Properties.LifecycleConfiguration.Rules ?? []) as Record<string, unknown>[];
  expect(rules.filter(({ ExpirationInDays }) => ExpirationInDays !== undefined)).toEqual([
    expect.objectContaining({
      Prefix: 'churn/capture',
      ExpirationInDays: 30,
      NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    }),
    expect.objectContaining({ Prefix: 'houses/capture', ExpirationInDays: 90 }),
  ]);
});
