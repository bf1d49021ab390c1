import { describe, expect, test } from 'vitest';
import { type Resource, sluice, type Template, templates } from '../support/templates.ts';

/**
 * What the stacks cost in a month in which nothing happens: list prices of us-east-1 in USD, without any free tier.
 * Sources: https://aws.amazon.com/cloudwatch/pricing/, …/sqs/pricing/, …/kms/pricing/, …/lambda/pricing/,
 * …/step-functions/pricing/, …/dynamodb/pricing/, …/s3/pricing/, …/xray/pricing/
 */

const HOURS = 730;

const GB_SECOND = 0.0000133334;
const INVOCATION = 0.2 / 1e6;
const TRANSITION = 0.025 / 1e3;
const TRACE = 5 / 1e6;
const LOGGED_GB = 0.5;
const S3_LIST = 0.005 / 1e3;
const METRIC_ASKED_FOR = 0.01 / 1e3;
/** A strongly consistent read of up to 4 KB, and a write of 1 KB in a transaction. */
const READ = 0.125 / 1e6;
const WRITE = (2 * 0.625) / 1e6;

/**
 * One invocation that finds nothing to do, after a rest: it starts cold, and its start is billed. Handlers start in less
 * than 0.4 s (bench/cold-start.ts) and ask the registry then.
 */
const invocation = (memoryMb: number, seconds: number) => (memoryMb / 1024) * seconds * GB_SECOND + INVOCATION;
const COLD_SECONDS = 0.8;
const WARM_SECONDS = 0.1;

type Price = (resource: Resource, template: Template) => number;

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
  'AWS::Events::Rule': ({ Properties: { ScheduleExpression, Targets } }, template) =>
    ScheduleExpression === undefined
      ? 0
      : timesAMonth(ScheduleExpression) *
        Targets.reduce((sum: number, target: Target) => sum + idleRun(target, template), 0),
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
  // Paid by what is delivered: nothing, and by the hour only where it is in a VPC.
  'AWS::KinesisFirehose::DeliveryStream': nothing,
  'AWS::Logs::LogGroup': nothing,
  'AWS::Logs::LogStream': nothing,
  'AWS::Logs::SubscriptionFilter': nothing,
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

interface Target {
  readonly Arn: { readonly Ref?: string; readonly 'Fn::GetAtt'?: [string, string] };
}

const MINUTES: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1440 };

function timesAMonth(schedule: string): number {
  const [, minute = ''] = /^cron\((\d+(?:,\d+)*) \* \* \* \? \*\)$/.exec(schedule) ?? [];
  if (minute) return HOURS * minute.split(',').length;
  const [, count = '', unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(schedule) ?? [];
  const minutes = Number(count) * (MINUTES[unit] ?? Number.NaN);
  if (!(minutes > 0)) throw new Error(`Nobody has looked up how often ${schedule} is`);
  return (HOURS * 60) / minutes;
}

/** The reconciliation looks for uploads that nobody told of. */
const LISTS = /uploads/;

/** What a schedule starts where there is nothing to do. */
function idleRun({ Arn }: Target, { Resources }: Template): number {
  const started = Resources[Arn.Ref ?? Arn['Fn::GetAtt']?.[0] ?? ''];
  if (started?.Type === 'AWS::Lambda::Function') {
    return (
      invocation(started.Properties.MemorySize, COLD_SECONDS) +
      TRACE +
      (LISTS.test(started.Properties.Description) ? S3_LIST : 0) +
      4 * READ
    );
  }
  if (started?.Type !== 'AWS::StepFunctions::StateMachine') throw new Error('Nobody has looked up what this starts');
  const { transitions, functions } = quietPath(started);
  const memory = functions.map((id) => Resources[id]?.Properties.MemorySize as number);
  // The first call starts cold, the others find it warm.
  const calls = memory.reduce((sum, mb, index) => sum + invocation(mb, index === 0 ? COLD_SECONDS : WARM_SECONDS), 0);
  const log = 12e-6 * LOGGED_GB;
  const asked = S3_LIST + METRIC_ASKED_FOR + 6 * READ + 2 * WRITE;
  return transitions * TRANSITION + calls + log + TRACE + asked;
}

/** States that an execution goes through where every choice takes its default, which is that there is nothing to do. */
function quietPath({ Properties }: Resource): { transitions: number; functions: string[] } {
  const { States, StartAt } = JSON.parse(Properties.DefinitionString) as {
    StartAt: string;
    States: Record<string, { Type: string; Next?: string; Default?: string; Arguments?: { FunctionName?: string } }>;
  };
  let transitions = 0;
  const functions: string[] = [];
  for (let name: string | undefined = StartAt; name !== undefined; transitions += 1) {
    const state: (typeof States)[string] | undefined = States[name];
    const [, called] = /^\$\{(\w+)\}$/.exec(state?.Arguments?.FunctionName ?? '') ?? [];
    if (called) functions.push(Properties.DefinitionSubstitutions[called]['Fn::GetAtt'][0]);
    name = state?.Next ?? state?.Default;
  }
  return { transitions, functions };
}

/** USD a month by resource type, of everything that costs anything. */
function bill(config = sluice()): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const template of Object.values(templates(config))) {
    for (const resource of Object.values(template.Resources)) {
      const price = MONTHLY[resource.Type];
      if (!price) throw new Error(`Nobody has looked up what ${resource.Type} costs in a month`);
      const usd = price(resource, template);
      if (usd > 0) sums[resource.Type] = Number(((sums[resource.Type] ?? 0) + usd).toFixed(3));
    }
  }
  return sums;
}

const total = (costs: Record<string, number>) => Object.values(costs).reduce((sum, usd) => sum + usd, 0);

describe('a month in which nothing happens', () => {
  test('costs less than 1.50 USD for one model, watched every hour', () => {
    const costs = bill();
    expect(costs).toMatchInlineSnapshot(`
      {
        "AWS::CloudWatch::Alarm": 1.1,
        "AWS::Events::Rule": 0.121,
        "AWS::Lambda::EventSourceMapping": 0.263,
      }
    `);
    expect(total(costs)).toBeLessThanOrEqual(1.5);
  });

  test('costs 3 USD more with a dashboard, and one more with a key of the account', () => {
    const costs = bill(sluice({ environments: { dev: { encryption: 'customer-managed', dashboard: true } } }));
    expect(costs['AWS::KMS::Key']).toBe(1);
    expect(costs['AWS::CloudWatch::Dashboard']).toBe(3);
    expect(total(costs)).toBeLessThanOrEqual(5.5);
  });
});
