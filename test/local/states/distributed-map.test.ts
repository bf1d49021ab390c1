import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  ListMapRunsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import type { PolicyStatement } from '../../../local/iam/principal.ts';
import { s3Service } from '../../../local/s3/service.ts';
import { statesService } from '../../../local/states/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { machine } from './cases/case.ts';

const ROLE = 'arn:aws:iam::000000000000:role/machine';
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:monitor';
const allow = (Action: string, Resource: string): PolicyStatement => ({ Effect: 'Allow', Action, Resource });
const START = allow('states:StartExecution', MACHINE);
const READ = allow('s3:GetObject', 'arn:aws:s3:::data/plan/*');
const LIST = allow('s3:ListBucket', 'arn:aws:s3:::data');
const WRITE = allow('s3:PutObject', 'arn:aws:s3:::data/results/*');

const TRUST = {
  Statement: { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' },
} as const;

const authorizer = createAuthorizer({ clock: { now: () => 0 } });
let cloud: TestKernel;
let states: SFNClient;
let s3: S3Client;
beforeEach(async () => {
  cloud = await startKernel({ services: [statesService, s3Service], authorize: authorizer.authorize });
  states = new SFNClient(cloud.client);
  s3 = new S3Client({ ...cloud.client, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'data' }));
});
afterEach(() => cloud.stop());

const grant = (...Statement: PolicyStatement[]) =>
  authorizer.setRole({ roleArn: ROLE, trust: TRUST, policies: new Map([['own', { Statement }]]) });
const put = (Key: string, value: unknown) =>
  s3.send(new PutObjectCommand({ Bucket: 'data', Key, Body: JSON.stringify(value) }));
const read = async (Key: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key }));
  return JSON.parse((await Body?.transformToString()) ?? 'null');
};

const map = (fields: object, state: object = { Type: 'Pass', End: true }) =>
  machine({
    Each: {
      Type: 'Map',
      Label: 'Objects',
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Profile',
        States: { Profile: state },
      },
      End: true,
      ...fields,
    },
  });
const start = async (definition: object) => {
  const input = { name: 'monitor', roleArn: ROLE, definition: JSON.stringify(definition) };
  const { stateMachineArn } = await states.send(new CreateStateMachineCommand(input));
  const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn }));
  return executionArn;
};
const run = async (definition: object) => {
  const executionArn = await start(definition);
  await cloud.clock.idle();
  const ended = await states.send(new DescribeExecutionCommand({ executionArn }));
  return { ...ended, value: ended.output === undefined ? undefined : JSON.parse(ended.output) };
};
const mapRun = async (executionArn: string | undefined) => {
  const { mapRuns = [] } = await states.send(new ListMapRunsCommand({ executionArn }));
  return states.send(new DescribeMapRunCommand({ mapRunArn: mapRuns[0]?.mapRunArn }));
};

const fromPlan = { Resource: 'arn:aws:states:::s3:getObject', Arguments: { Bucket: 'data', Key: 'plan/objects.json' } };
const fromList = {
  Resource: 'arn:aws:states:::s3:listObjectsV2',
  Arguments: { Bucket: 'data', Prefix: 'captures/', MaxKeys: 2 },
};
const toResults = { Resource: 'arn:aws:states:::s3:putObject', Arguments: { Bucket: 'data', Prefix: 'results' } };

describe('a distributed Map', () => {
  test('reads a list from S3 and writes what came out there', async () => {
    grant(START, READ, WRITE);
    await put('plan/objects.json', ['a', 'b', 'c']);
    const { value, executionArn } = await run(map({ ItemReader: fromPlan, ResultWriter: toResults }));
    const { mapRunArn } = await mapRun(executionArn);
    const folder = `results/${mapRunArn?.split(':').at(-1)}`;
    expect(value).toEqual({
      MapRunArn: mapRunArn,
      ResultWriterDetails: { Bucket: 'data', Key: `${folder}/manifest.json` },
    });
    const manifest = await read(`${folder}/manifest.json`);
    expect(manifest.ResultFiles).toMatchObject({ SUCCEEDED: [{ Key: `${folder}/SUCCEEDED_0.json` }], FAILED: [] });
    const results = await read(`${folder}/SUCCEEDED_0.json`);
    expect(results.map(({ Output }: { Output: string }) => JSON.parse(Output))).toEqual(['a', 'b', 'c']);
  });

  test('writes only the outputs, when it is told to', async () => {
    grant(START, WRITE);
    const WriterConfig = { Transformation: 'COMPACT', OutputType: 'JSON' };
    await run(map({ Items: ['a', 'b'], ResultWriter: { ...toResults, WriterConfig } }));
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'data', Prefix: 'results/' }));
    const file = Contents.find(({ Key = '' }) => Key.endsWith('SUCCEEDED_0.json'));
    expect(await read(String(file?.Key))).toEqual(['a', 'b']);
  });

  test('goes through the objects of a bucket, page by page', async () => {
    grant(START, LIST);
    await Promise.all(Array.from({ length: 5 }, (_, index) => put(`captures/${index}`, index)));
    const { value, status } = await run(
      map(
        { ItemReader: fromList, ItemBatcher: { MaxItemsPerBatch: 3 } },
        {
          Type: 'Pass',
          Output: '{% $count($states.input.Items.Key) %}',
          End: true,
        },
      ),
    );
    expect(status).toBe('SUCCEEDED');
    expect(value).toEqual([3, 2]);
  });

  test('counts items and executions apart', async () => {
    grant(START);
    const failing = {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.Items[0] = 1 %}', Next: 'No' }],
      Default: 'Yes',
    };
    const definition = map(
      { Items: '{% [1..3] %}', ItemBatcher: { MaxItemsPerBatch: 2 }, ToleratedFailureCount: 2 },
      failing,
    );
    const processor = definition.States.Each as { ItemProcessor: { States: Record<string, unknown> } };
    Object.assign(processor.ItemProcessor.States, { No: { Type: 'Fail', Error: 'No' }, Yes: { Type: 'Succeed' } });
    const { executionArn, status } = await run(definition);
    expect(status).toBe('SUCCEEDED');
    expect(await mapRun(executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      toleratedFailureCount: 2,
      itemCounts: { total: 3, succeeded: 1, failed: 2, pending: 0 },
      executionCounts: { total: 2, succeeded: 1, failed: 1, pending: 0 },
    });
  });

  test('gives up its children when it is stopped', async () => {
    grant(START);
    const waiting = map({ Items: [1, 2], MaxConcurrency: 1 }, { Type: 'Wait', Seconds: 3_600, End: true });
    // Time stands still between the start and the stop.
    const executionArn = await cloud.clock.run('test', async () => {
      const started = await start(waiting);
      await vi.waitFor(async () => expect((await mapRun(started)).status).toBe('RUNNING'));
      await states.send(new StopExecutionCommand({ executionArn: started }));
      return started;
    });
    await cloud.clock.idle();
    expect(await mapRun(executionArn)).toMatchObject({
      status: 'ABORTED',
      executionCounts: { total: 2, aborted: 1, pending: 1 },
    });
  });
});

describe('its role', () => {
  test.each([
    [
      'must be allowed to start executions of its own machine',
      [READ, WRITE],
      'States.Permissions',
      'states:StartExecution',
    ],
    ['must be allowed to read the list', [START, WRITE], 'States.ItemReaderFailed', 's3:GetObject'],
    ['must be allowed to write the results', [START, READ], 'States.ResultWriterFailed', 's3:PutObject'],
  ])('%s', async (_what, statements, error, action) => {
    grant(...statements);
    await put('plan/objects.json', [1]);
    const ended = await run(map({ ItemReader: fromPlan, ResultWriter: toResults }));
    expect(ended).toMatchObject({ status: 'FAILED', error });
    expect(ended.cause).toContain(action);
  });

  test('must be allowed to list the bucket', async () => {
    grant(START);
    const ended = await run(map({ ItemReader: fromList }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.ItemReaderFailed' });
    expect(ended.cause).toContain('s3:ListBucket');
  });
});
