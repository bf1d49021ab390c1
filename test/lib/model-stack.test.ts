import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ofType, readTemplate, sluice, type Template, template, templates } from '../support/templates.ts';

const churn = template('Sluice-dev-churn');
const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

describe('traffic', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'sluice-copy-'));
    const root = new URL('../..', import.meta.url).pathname;
    for (const part of ['lib', 'domain', 'lambdas', 'statemachines', 'layers', 'bin', 'cdk.json', 'package.json']) {
      cpSync(join(root, part), join(copy, part), { recursive: true, filter: (path) => !path.includes('node_modules') });
    }
    for (const part of ['', 'layers/data-engine/nodejs', 'layers/model-runtime/nodejs']) {
      symlinkSync(join(root, part, 'node_modules'), join(copy, part, 'node_modules'));
    }
    cpSync(join(root, 'sluice.config.ts'), join(copy, 'sluice.config.ts'));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  const synth = (): Template => {
    const script = `
      import { synthesize } from './lib/synthesize.ts';
      const assembly = synthesize({ outdir: 'out', environments: ['dev'], checks: false, bundle: false });
      console.log(assembly.stacksRecursively.find((stack) => stack.stackName === 'Sluice-dev-churn').templateFullPath);
    `;
    const node = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: copy,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return readTemplate(join(copy, node.trim()));
  };

  test('is untouched by a deployment of new code: only the function itself is another', () => {
    const before = synth();
    appendFileSync(join(copy, 'lambdas/predict/handler.ts'), "\nprocess.emitWarning('another build');\n");
    const after = synth();
    const changed = Object.keys(after.Resources).filter(
      (id) => JSON.stringify(after.Resources[id]) !== JSON.stringify(before.Resources[id]),
    );
    expect(Object.keys(after.Resources)).toEqual(Object.keys(before.Resources));
    expect(changed.map((id) => after.Resources[id]?.Type)).toEqual(['AWS::Lambda::Function']);
  });
});

test('the alias points to the first version, with no weights, whatever the settings are', () => {
  const other = template(
    'Sluice-dev-churn',
    sluice({
      models: {
        churn: {
          problem: { kind: 'binary', target: 'churned', positive: 'yes' },
          serving: { kind: 'lambda', memory: 4096 },
          approval: 'manual',
        },
      },
    }),
  );
  for (const type of ['AWS::Lambda::Version', 'AWS::Lambda::Alias', 'AWS::Lambda::Url']) {
    expect(ofType(other, type)).toEqual(ofType(churn, type));
  }
  expect(ofType(churn, 'AWS::Lambda::Alias').map(([id, { Properties }]) => [id, Properties])).toMatchInlineSnapshot(`
    [
      [
        "PredictionLiveC0364004",
        {
          "FunctionName": {
            "Ref": "PredictionPredictFunction6B0D888E",
          },
          "FunctionVersion": {
            "Fn::GetAtt": [
              "PredictionFirstVersion08E78BB7",
              "Version",
            ],
          },
          "Name": "live",
        },
      ],
    ]
  `);
  expect(ofType(churn, 'AWS::Lambda::Url').map(([, { Properties }]) => Properties.AuthType)).toEqual(['AWS_IAM']);
});

test('uploads reach the intake through a queue that forgets nothing', () => {
  const [[, queue] = []] = ofType(churn, 'AWS::SQS::Queue').filter(([id]) => id.startsWith('IntakeQueue'));
  const [[, mapping] = []] = ofType(churn, 'AWS::Lambda::EventSourceMapping');
  const intake = churn.Resources[mapping?.Properties.FunctionName.Ref];
  expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * intake?.Properties.Timeout);
  expect(queue?.Properties.RedrivePolicy.maxReceiveCount).toBe(5);
  expect(mapping?.Properties).toMatchObject({ BatchSize: 1, FunctionResponseTypes: ['ReportBatchItemFailures'] });
});

test('every rule keeps the events that it could not deliver', () => {
  for (const [id, { Properties }] of ofType(churn, 'AWS::Events::Rule')) {
    for (const target of Properties.Targets ?? []) expect(target.DeadLetterConfig?.Arn, id).toBeDefined();
  }
});

test('a run that ends without having told anybody is settled from outside', () => {
  const [[, rule] = []] = ofType(churn, 'AWS::Events::Rule').filter(([id]) => id.startsWith('TrainingEnded'));
  expect(rule?.Properties.EventPattern).toMatchObject({
    source: ['aws.states'],
    'detail-type': ['Step Functions Execution Status Change'],
    detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
  });
});

describe('the training machine', () => {
  const machine = machineOf(churn, 'Training');

  test('is logged, traced and standard: an execution may wait for days', () => {
    expect(machine.LoggingConfiguration).toMatchObject({ IncludeExecutionData: true, Level: 'ALL' });
    expect(machine.TracingConfiguration).toEqual({ Enabled: true });
    expect(machine.StateMachineType).toBeUndefined();
  });

  test('waits for a person as long as the configuration says, and has time for its work besides', () => {
    const patient = template(
      'Sluice-dev-churn',
      sluice({
        models: { churn: { problem: { kind: 'binary', target: 'y' }, approval: 'manual', approvalTimeout: '2 days' } },
      }),
    );
    const definition = JSON.parse(machineOf(patient, 'Training').DefinitionString);
    expect(definition.States['Ask for approval'].TimeoutSeconds).toBe(2 * 86_400);
    expect(definition.TimeoutSeconds).toBe(3 * 86_400);
  });

  test('is given every function that it names', () => {
    const named = new Set([...machine.DefinitionString.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    expect([...named].sort()).toEqual(Object.keys(machine.DefinitionSubstitutions).sort());
  });
});

describe('the rollout machine', () => {
  const rolled = (rollout: object) =>
    JSON.parse(
      machineOf(
        template(
          'Sluice-dev-churn',
          sluice({ models: { churn: { problem: { kind: 'binary', target: 'y' }, rollout } } as never }),
        ),
        'Rollouts',
      ).DefinitionString,
    );

  test('has time for its limit, for the rollout before it, and where configured for a person', () => {
    const canary = { kind: 'canary', steps: [10], bake: '1 hour', limit: { time: '2 days' } };
    expect(rolled(canary).TimeoutSeconds).toBe(4 * 86_400 + 6 * 3_600);
    expect(rolled({ ...canary, limit: { time: '2 days', end: 'ask' } }).TimeoutSeconds).toBe(34 * 86_400 + 6 * 3_600);
  });

  test('ends in a visible outcome wherever it fails', () => {
    const { States } = rolled({ kind: 'all-at-once' });
    const tasks = Object.entries(States as Record<string, { Type: string; Catch?: { Next: string }[] }>).filter(
      ([, { Type }]) => Type === 'Task',
    );
    for (const [name, { Catch = [] }] of tasks) {
      const last = ['Roll back', 'Roll back after failure', 'Release'].includes(name);
      expect(
        Catch.map(({ Next }) => Next),
        name,
      ).toEqual([last ? 'Traffic not settled' : 'Roll back after failure']);
    }
    expect(tasks).toHaveLength(10);
  });
});

test('alarms say what broke and what to do, tell the topic, and know what silence means', () => {
  const alarms = ofType(churn, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
  const silence = new Map<string, string>();
  for (const alarm of alarms) {
    expect(alarm.AlarmActions).toHaveLength(1);
    expect(alarm.OKActions).toEqual(alarm.AlarmActions);
    const description = JSON.stringify(alarm.AlarmDescription);
    expect(description).toMatch(/\[(critical|warning)\] /);
    const [, heading = ''] = /docs\/runbook\.md#([a-z-]+)/.exec(description) ?? [];
    expect(runbook).toContain(`### ${heading}\n`);
    silence.set(heading, alarm.TreatMissingData);
  }
  // What counts events is quiet without them; what windows find stays as it was until the next window.
  expect(Object.fromEntries(silence)).toMatchInlineSnapshot(`
    {
      "capture-stopped": "ignore",
      "input-drift": "ignore",
      "intake-dead-letters": "notBreaching",
      "pipeline-failed": "notBreaching",
      "predict-errors": "notBreaching",
      "predict-latency": "notBreaching",
      "predict-throttles": "notBreaching",
      "prediction-drift": "ignore",
      "quality-loss": "ignore",
      "undelivered-messages": "notBreaching",
    }
  `);
});

test('a model has at most ten alarms, and they look at no more than twelve metrics', () => {
  const metrics = new Set<string>();
  const alarms = ofType(churn, 'AWS::CloudWatch::Alarm');
  for (const [, { Properties }] of alarms) {
    const { Namespace, MetricName, Dimensions, Metrics = [] } = Properties;
    if (MetricName) metrics.add(JSON.stringify([Namespace, MetricName, Dimensions]));
    for (const { MetricStat } of Metrics) if (MetricStat) metrics.add(JSON.stringify(MetricStat.Metric));
  }
  expect(alarms.length).toBeLessThanOrEqual(10);
  expect(metrics.size).toBeLessThanOrEqual(12);
});

test('log groups are kept for as long as the environment says', () => {
  const kept = template('Sluice-dev-churn', sluice({ environments: { dev: { logRetentionDays: 7 } } }));
  const retentions = ofType(kept, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties.RetentionInDays);
  const machines = ofType(kept, 'AWS::StepFunctions::StateMachine').length;
  expect(retentions.length).toBeGreaterThanOrEqual(ofType(kept, 'AWS::Lambda::Function').length + machines);
  expect(new Set(retentions)).toEqual(new Set([7]));
});

test('in a customer-managed environment queues and logs use the key', () => {
  const secret = template('Sluice-prod-churn', sluice({ environments: { prod: { encryption: 'customer-managed' } } }));
  for (const [id, { Properties }] of ofType(secret, 'AWS::SQS::Queue'))
    expect(Properties.KmsMasterKeyId, id).toBeDefined();
  for (const [id, { Properties }] of ofType(secret, 'AWS::Logs::LogGroup'))
    expect(Properties.KmsKeyId, id).toBeDefined();
});

test('outputs have the names that people and scripts know', () => {
  expect(Object.keys(churn.Outputs)).toEqual([
    'TrainStateMachineArn',
    'RolloutStateMachineArn',
    'MonitorStateMachineArn',
    'ReactStateMachineArn',
    'PredictFunctionName',
    'PredictUrl',
  ]);
});

test('nothing costs money by the hour', () => {
  const paidByUse = new Set([
    'AWS::CloudWatch::Alarm',
    'AWS::CloudWatch::Dashboard',
    'AWS::DynamoDB::Table',
    'AWS::Events::Rule',
    'AWS::IAM::Policy',
    'AWS::IAM::Role',
    'AWS::KinesisFirehose::DeliveryStream',
    'AWS::Lambda::Alias',
    'AWS::Lambda::EventInvokeConfig',
    'AWS::Lambda::EventSourceMapping',
    'AWS::Lambda::Function',
    'AWS::Lambda::LayerVersion',
    'AWS::Lambda::Permission',
    'AWS::Lambda::Url',
    'AWS::Lambda::Version',
    'AWS::Logs::LogGroup',
    'AWS::Logs::LogStream',
    'AWS::Logs::SubscriptionFilter',
    'AWS::S3::Bucket',
    'AWS::S3::BucketPolicy',
    'AWS::SNS::Topic',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::Queue',
    'AWS::SQS::QueuePolicy',
    'AWS::StepFunctions::StateMachine',
  ]);
  const resources = Object.values(templates()).flatMap(({ Resources }) => Object.values(Resources));
  expect(resources.map(({ Type }) => Type).filter((type) => !paidByUse.has(type))).toEqual([]);
  expect(JSON.stringify(resources)).not.toMatch(/Provisioned(Concurrency|Throughput)|SnapStart/);
});

function machineOf(stack: Template, construct: string) {
  const [, machine] = ofType(stack, 'AWS::StepFunctions::StateMachine').find(([id]) => id.startsWith(construct)) ?? [];
  return machine?.Properties ?? {};
}
