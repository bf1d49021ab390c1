import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { writeAssembly } from '../../support/assembly.ts';
import { arnOf, role } from '../../support/template-parts.ts';

const MINUTE = 60_000;
const GROUP = '/aws/lambda/predict';

/** Opens the envelopes of CloudWatch Logs and gives their messages as lines, by version. */
const CODE = `
const { gunzipSync } = require('node:zlib');
exports.handler = async ({ records }) => ({
  records: records.map(({ recordId, data }) => {
    const { messageType, logEvents } = JSON.parse(gunzipSync(Buffer.from(data, 'base64')));
    if (messageType !== 'DATA_MESSAGE') return { recordId, result: 'Dropped' };
    const lines = logEvents.map(({ message }) => message + '\\n').join('');
    const { version } = JSON.parse(logEvents[0].message);
    const metadata = { partitionKeys: { version: String(version) } };
    return { recordId, result: 'Ok', data: Buffer.from(lines).toString('base64'), metadata };
  }),
});
`;

const RESOURCES = {
  Data: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'data' } },
  Lines: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: GROUP } },
  Errors: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: '/firehose' } },
  ErrorStream: {
    Type: 'AWS::Logs::LogStream',
    Properties: { LogGroupName: { Ref: 'Errors' }, LogStreamName: 's3' },
  },
  ReadRole: role('lambda.amazonaws.com', {
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: '*',
  }),
  Read: {
    Type: 'AWS::Lambda::Function',
    Properties: { Role: arnOf('ReadRole'), Runtime: 'nodejs24.x', Handler: 'index.handler', Code: { ZipFile: CODE } },
  },
  CaptureRole: role(
    'firehose.amazonaws.com',
    { Action: 's3:PutObject', Resource: { 'Fn::Sub': '${Data.Arn}/*' } },
    { Action: 'lambda:InvokeFunction', Resource: arnOf('Read') },
    { Action: 'logs:PutLogEvents', Resource: arnOf('Errors') },
  ),
  Capture: {
    Type: 'AWS::KinesisFirehose::DeliveryStream',
    Properties: {
      DeliveryStreamType: 'DirectPut',
      ExtendedS3DestinationConfiguration: {
        BucketARN: arnOf('Data'),
        RoleARN: arnOf('CaptureRole'),
        CompressionFormat: 'GZIP',
        Prefix: 'captures/version=!{partitionKeyFromLambda:version}/',
        ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 300 },
        DynamicPartitioningConfiguration: { Enabled: true },
        CloudWatchLoggingOptions: {
          Enabled: true,
          LogGroupName: { Ref: 'Errors' },
          LogStreamName: { Ref: 'ErrorStream' },
        },
        ProcessingConfiguration: {
          Enabled: true,
          Processors: [{ Type: 'Lambda', Parameters: [{ ParameterName: 'LambdaArn', ParameterValue: arnOf('Read') }] }],
        },
      },
    },
  },
  SubscriptionRole: role('logs.amazonaws.com', { Action: 'firehose:PutRecord*', Resource: arnOf('Capture') }),
  Subscription: {
    Type: 'AWS::Logs::SubscriptionFilter',
    Properties: {
      LogGroupName: { Ref: 'Lines' },
      FilterPattern: '{ $.message = "capture" }',
      DestinationArn: arnOf('Capture'),
      RoleArn: arnOf('SubscriptionRole'),
    },
  },
};

let folder: string;
let cloud: Cloud;
let s3: S3Client;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-capture-'));
  cloud = await startCloud({ time: 'skip', startAt: Date.UTC(2026, 0, 5) });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  s3 = new S3Client({ endpoint: cloud.endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const deploy = (resources: object) =>
  cloud.deploy(writeAssembly(folder, { dev: { App: { template: { Resources: resources } as never } } }));

test('lines of a log become objects by partition', async () => {
  await deploy(RESOURCES);
  const line = (version: number, n: number) => JSON.stringify({ message: 'capture', version, n });
  cloud.context.putLogEvents(GROUP, 'a', [line(1, 1), '{"message":"prediction"}', line(1, 2)]);
  cloud.context.putLogEvents(GROUP, 'b', [line(2, 3)]);
  await cloud.clock.advance(7 * MINUTE);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'data' }));
  const objects = Contents.map(async ({ Key = '' }) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key }));
    const text = gunzipSync((await Body?.transformToByteArray()) ?? new Uint8Array()).toString();
    return [Key.slice(0, Key.lastIndexOf('/')), text] as const;
  });
  expect(Object.fromEntries(await Promise.all(objects))).toEqual({
    'captures/version=1': `${line(1, 1)}\n${line(1, 2)}\n`,
    'captures/version=2': `${line(2, 3)}\n`,
  });
});

test('a changed stream is the same one in its next version, with what it had gathered', async () => {
  await deploy(RESOURCES);
  cloud.context.putLogEvents(GROUP, 'a', [JSON.stringify({ message: 'capture', version: 1 })]);
  await cloud.clock.advance(30_000);
  const { Properties } = RESOURCES.Capture;
  const { ExtendedS3DestinationConfiguration: configuration } = Properties;
  const changed = { ...configuration, Prefix: 'v2/!{partitionKeyFromLambda:version}/' };
  const Capture = { ...RESOURCES.Capture, Properties: { ...Properties, ExtendedS3DestinationConfiguration: changed } };
  const { stacks } = await deploy({ ...RESOURCES, Capture });
  expect(stacks[0]).toMatchObject({ updated: [{ logicalId: 'Capture' }], replaced: [] });
  await cloud.clock.advance(7 * MINUTE);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'data' }));
  expect(Contents.map(({ Key }) => Key)).toEqual([expect.stringMatching(/^v2\/1\/App-Capture-[^/]+-2-2026-01-05-/)]);
});

test('a template whose subscription cannot deliver is not deployed', async () => {
  const SubscriptionRole = role('logs.amazonaws.com', {
    Action: 'firehose:PutRecord',
    Resource: 'arn:aws:firehose:::x',
  });
  await expect(deploy({ ...RESOURCES, SubscriptionRole })).rejects.toThrow(
    'Could not deliver test message to specified Firehose stream',
  );
});

test('a template that asks a stream for what is not there stops with its name', async () => {
  const { Properties } = RESOURCES.Capture;
  const { ExtendedS3DestinationConfiguration: configuration } = Properties;
  const changed = { ...configuration, S3BackupConfiguration: {} };
  const Capture = { ...RESOURCES.Capture, Properties: { ...Properties, ExtendedS3DestinationConfiguration: changed } };
  await expect(deploy({ ...RESOURCES, Capture })).rejects.toThrow(
    'ExtendedS3DestinationConfiguration.S3BackupConfiguration is not implemented',
  );
});
