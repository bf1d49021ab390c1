import { describe, expect, test } from 'vitest';
import { type Resource, sluice, templates } from '../support/templates.ts';

/**
 * What the stacks cost in a month in which nothing happens: list prices of us-east-1 in USD, without any free tier.
 * Sources: https://aws.amazon.com/cloudwatch/pricing/, …/sqs/pricing/, …/kms/pricing/, …/lambda/pricing/
 */

const HOURS = 730;

type Price = (resource: Resource) => number;

const nothing: Price = () => 0;

/** A type that is not listed fails the test: whoever adds one looks up what it costs. */
const MONTHLY: Readonly<Record<string, Price>> = {
  // Per metric that an alarm looks at.
  'AWS::CloudWatch::Alarm': ({ Properties: { Metrics } }) =>
    0.1 * Math.max(1, (Metrics ?? []).filter((metric: { MetricStat?: unknown }) => metric.MetricStat).length),
  'AWS::CloudWatch::Dashboard': () => 3,
  'AWS::KMS::Key': () => 1,
  // Five pollers that ask an empty queue every 20 s, at 0.40 a million requests.
  'AWS::Lambda::EventSourceMapping': () => (5 * 180 * HOURS * 0.4) / 1e6,
  // A scheduled function that finds nothing to do: one second of 512 MB on arm64, and a listing of the bucket.
  'AWS::Events::Rule': ({ Properties: { ScheduleExpression } }) =>
    ScheduleExpression === undefined ? 0 : HOURS * (0.5 * 0.0000133334 + 0.2 / 1e6 + 0.005 / 1e3),
  'AWS::DynamoDB::Table': ({ Properties: { BillingMode } }) =>
    BillingMode === 'PAY_PER_REQUEST' ? 0 : Number.POSITIVE_INFINITY,
  'AWS::Lambda::Function': nothing,
  'AWS::Lambda::Version': nothing,
  'AWS::Lambda::Alias': ({ Properties: { ProvisionedConcurrencyConfig } }) =>
    ProvisionedConcurrencyConfig === undefined ? 0 : Number.POSITIVE_INFINITY,
  'AWS::Lambda::Url': nothing,
  'AWS::Lambda::LayerVersion': nothing,
  'AWS::Lambda::Permission': nothing,
  'AWS::Lambda::EventInvokeConfig': nothing,
  'AWS::Logs::LogGroup': nothing,
  'AWS::IAM::Role': nothing,
  'AWS::IAM::Policy': nothing,
  'AWS::KMS::Alias': nothing,
  'AWS::S3::Bucket': nothing,
  'AWS::S3::BucketPolicy': nothing,
  'AWS::SNS::Topic': nothing,
  'AWS::SNS::TopicPolicy': nothing,
  'AWS::SNS::Subscription': nothing,
  'AWS::SQS::Queue': nothing,
  'AWS::SQS::QueuePolicy': nothing,
  'AWS::StepFunctions::StateMachine': nothing,
};

/** USD a month by resource type, of everything that costs anything. */
function bill(config = sluice()): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { Resources } of Object.values(templates(config))) {
    for (const resource of Object.values(Resources)) {
      const price = MONTHLY[resource.Type];
      if (!price) throw new Error(`Nobody has looked up what ${resource.Type} costs in a month`);
      const usd = price(resource);
      if (usd > 0) sums[resource.Type] = Number(((sums[resource.Type] ?? 0) + usd).toFixed(3));
    }
  }
  return sums;
}

const total = ({ 'AWS::CloudWatch::Dashboard': _, ...rest }: Record<string, number>) =>
  Object.values(rest).reduce((sum, usd) => sum + usd, 0);

describe('a month in which nothing happens', () => {
  test('costs less than 1.50 USD for one model, besides its dashboard', () => {
    const costs = bill();
    expect(costs).toMatchInlineSnapshot(`
      {
        "AWS::CloudWatch::Alarm": 1,
        "AWS::CloudWatch::Dashboard": 3,
        "AWS::Events::Rule": 0.018,
        "AWS::Lambda::EventSourceMapping": 0.263,
      }
    `);
    expect(total(costs)).toBeLessThan(1.5);
  });

  test('costs one dollar more with a key of the account', () => {
    const costs = bill(sluice({ environments: { dev: { encryption: 'customer-managed' } } }));
    expect(costs['AWS::KMS::Key']).toBe(1);
    expect(total(costs)).toBeLessThan(2.5);
  });
});
