import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, DescribeAlarmsCommand, GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, ListTargetsByRuleCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { cloudWatchService } from '../../../local/cloudwatch/service.ts';
import { eventsService } from '../../../local/events/service.ts';
import { logsService } from '../../../local/logs/service.ts';
import { snsService } from '../../../local/sns/service.ts';
import { sqsService } from '../../../local/sqs/service.ts';
import { writeAssembly } from '../../support/assembly.ts';

const MINUTE = 60_000;
const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const letIn = (queue: string, service: string) => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [{ Ref: queue }],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: service },
          Action: 'sqs:SendMessage',
          Resource: arn(queue),
          Condition: { ArnEquals: { 'aws:SourceArn': arn('Orders') } },
        },
      ],
    },
  },
});

/** A rule whose queue does not let it in, with everything around it that tells. */
const resources = (period: number) => ({
  Work: { Type: 'AWS::SQS::Queue', Properties: {} },
  Dead: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead' } },
  DeadPolicy: letIn('Dead', 'events.amazonaws.com'),
  Orders: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: 'orders',
      EventPattern: { source: ['shop'] },
      Targets: [{ Id: 'work', Arn: arn('Work'), DeadLetterConfig: { Arn: arn('Dead') } }],
    },
  },
  Alerts: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Sluice' } },
  AlertsPolicy: {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: {
      Topics: [{ Ref: 'Alerts' }],
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: { Ref: 'Alerts' },
            Condition: {
              ArnLike: { 'aws:SourceArn': { 'Fn::Sub': 'arn:aws:cloudwatch:*:${AWS::AccountId}:alarm:*' } },
            },
          },
        ],
      },
    },
  },
  Team: {
    Type: 'AWS::SNS::Subscription',
    Properties: {
      TopicArn: { Ref: 'Alerts' },
      Protocol: 'email',
      Endpoint: 'team@example.com',
      FilterPolicy: { model: ['churn', { exists: false }] },
    },
  },
  Undelivered: {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: 'undelivered',
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': ['Dead', 'QueueName'] } }],
      Statistic: 'Maximum',
      Period: period,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [{ Ref: 'Alerts' }],
      OKActions: [{ Ref: 'Alerts' }],
    },
  },
  Lines: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/sluice', RetentionInDays: 90 } },
  Board: {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: { DashboardName: 'board', DashboardBody: '{"widgets":[]}' },
  },
});

let folder: string;
let cloud: Cloud;
let client: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-undelivered-'));
  const services = [cloudWatchService, eventsService, logsService, snsService, sqsService];
  cloud = await startCloud({ time: 'skip', startAt: Date.UTC(2026, 0, 5), services });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = { endpoint: cloud.endpoint, region: 'us-east-1', credentials };
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const deploy = (Resources: object) =>
  cloud.deploy(writeAssembly(folder, { dev: { App: { template: { Resources } as never } } }));
const mails = async () => {
  const answer = await fetch(`${cloud.endpoint}/_sluice/mail`);
  const body = (await answer.json()) as { mails: { to: string; subject: string }[] };
  return body.mails.map(({ to, subject }) => `${to}: ${subject}`);
};
const pass = async (minutes: number) => {
  await cloud.clock.advance(minutes * MINUTE);
  await cloud.clock.idle();
};

test('an event that its target does not let in ends in a mail that a person can read', async () => {
  await deploy(resources(300));
  await pass(2);
  expect(await mails()).toEqual(['team@example.com: OK: "undelivered" in US East (N. Virginia)']);
  const entry = { Source: 'shop', DetailType: 'Order placed', Detail: '{}' };
  await new EventBridgeClient(client).send(new PutEventsCommand({ Entries: [entry] }));
  await cloud.clock.idle();
  await pass(2);
  expect((await mails()).at(-1)).toBe('team@example.com: ALARM: "undelivered" in US East (N. Virginia)');

  await new SQSClient(client).send(new PurgeQueueCommand({ QueueUrl: `${cloud.endpoint}/000000000000/dead` }));
  await pass(20);
  expect((await mails()).at(-1)).toBe('team@example.com: OK: "undelivered" in US East (N. Virginia)');
  expect(await mails()).toHaveLength(3);
});

test('what a template declares is changed in place, and goes with it', async () => {
  await deploy(resources(300));
  const changed = { ...resources(60), Board: undefined, Lines: resources(60).Lines };
  changed.Lines.Properties.RetentionInDays = 30;
  changed.Orders.Properties.Targets = [{ Id: 'other', Arn: arn('Work'), DeadLetterConfig: { Arn: arn('Dead') } }];
  await deploy(JSON.parse(JSON.stringify(changed)) as object);

  const monitoring = new CloudWatchClient(client);
  const { MetricAlarms } = await monitoring.send(new DescribeAlarmsCommand({}));
  expect(MetricAlarms).toMatchObject([{ AlarmName: 'undelivered', Period: 60 }]);
  await expect(monitoring.send(new GetDashboardCommand({ DashboardName: 'board' }))).rejects.toThrow('does not exist');
  const { Targets } = await new EventBridgeClient(client).send(new ListTargetsByRuleCommand({ Rule: 'orders' }));
  expect(Targets?.map(({ Id }) => Id)).toEqual(['other']);
  const { logGroups } = await new CloudWatchLogsClient(client).send(new DescribeLogGroupsCommand({}));
  expect(logGroups).toMatchObject([{ logGroupName: '/sluice', retentionInDays: 30 }]);
});

test('a topic policy with a condition that nothing here would answer stops the deployment', async () => {
  const changed = resources(300);
  Object.assign(changed.AlertsPolicy.Properties.PolicyDocument.Statement[0] ?? {}, {
    Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
  });
  await expect(deploy(changed)).rejects.toThrow('aws:PrincipalOrgID');
});
