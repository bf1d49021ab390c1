import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStackResourceCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListExportsCommand,
  ListImportsCommand,
  ListStackResourcesCommand,
  ListStacksCommand,
  paginateListStackResources,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { type StackFixture, writeAssembly } from '../../support/assembly.ts';
import { thingService } from '../../support/things.ts';

let folder: string;
let cloud: Cloud;
let client: CloudFormationClient;
let world: ReturnType<typeof thingService>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cfn-'));
  world = thingService();
  cloud = await startCloud({ time: 'skip', startAt: Date.UTC(2026, 0, 5), services: [ssmService, world.service] });
  client = new CloudFormationClient({
    endpoint: cloud.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const data: StackFixture = {
  template: {
    Description: 'What lasts',
    Resources: { A: { Type: 'Test::Thing', Properties: { Name: 'a', Size: 2 } } },
    Outputs: {
      Size: { Value: { 'Fn::GetAtt': ['A', 'Size'] }, Description: 'How big', Export: { Name: 'Data:Size' } },
    },
  },
  terminationProtection: true,
};
const user: StackFixture = {
  template: {
    Resources: {
      B: { Type: 'Test::Thing', Properties: { Name: 'b', Size: { 'Fn::ImportValue': 'Data:Size' } } },
      C: { Type: 'Test::Thing', Properties: { Link: { Ref: 'B' } } },
    },
  },
  dependencies: ['Data'],
};
const deploy = (stacks: Record<string, StackFixture> = { Data: data, User: user }) =>
  cloud.deploy(writeAssembly(folder, { dev: stacks }));

test('DescribeStacks tells outputs, status and protection', async () => {
  await deploy();
  const { Stacks: stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: 'Data' }));
  expect(stacks).toMatchObject([
    {
      StackName: 'Data',
      StackId: expect.stringMatching(/^arn:aws:cloudformation:us-east-1:000000000000:stack\/Data\/[0-9a-f-]{36}$/),
      Description: 'What lasts',
      StackStatus: 'CREATE_COMPLETE',
      EnableTerminationProtection: true,
      Outputs: [{ OutputKey: 'Size', OutputValue: '2', Description: 'How big', ExportName: 'Data:Size' }],
    },
  ]);
  expect(stacks[0]?.CreationTime?.toISOString()).toMatch(/^2026-01-05T00:00/);
  const { Stacks: all = [] } = await client.send(new DescribeStacksCommand({}));
  expect(all.map(({ StackName: name }) => name)).toEqual(['Data', 'User']);
});

test('a stack that does not exist is an error with the words of CloudFormation', async () => {
  await expect(client.send(new DescribeStacksCommand({ StackName: 'Gone' }))).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'Stack with id Gone does not exist',
  });
});

test('resources are told by stack, by logical id and by physical id', async () => {
  await deploy();
  const { StackResources: both = [] } = await client.send(new DescribeStackResourcesCommand({ StackName: 'User' }));
  expect(both.map(({ LogicalResourceId: id }) => id)).toEqual(['B', 'C']);
  const byPhysicalId = await client.send(new DescribeStackResourcesCommand({ PhysicalResourceId: 'a' }));
  expect(byPhysicalId.StackResources).toMatchObject([
    { StackName: 'Data', LogicalResourceId: 'A', ResourceType: 'Test::Thing', ResourceStatus: 'CREATE_COMPLETE' },
  ]);
  const one = await client.send(new DescribeStackResourceCommand({ StackName: 'User', LogicalResourceId: 'B' }));
  expect(one.StackResourceDetail).toMatchObject({ PhysicalResourceId: 'b' });
  await expect(
    client.send(new DescribeStackResourceCommand({ StackName: 'User', LogicalResourceId: 'Z' })),
  ).rejects.toThrow('Resource Z does not exist for stack User');
  const { StackResourceSummaries: listed = [] } = await client.send(
    new ListStackResourcesCommand({ StackName: 'Data' }),
  );
  expect(listed).toHaveLength(1);
});

test('long lists come in pages', async () => {
  const Resources = Object.fromEntries(Array.from({ length: 230 }, (_, n) => [`T${n}`, { Type: 'Test::Thing' }]));
  await deploy({ Big: { template: { Resources } } });
  const sizes: number[] = [];
  for await (const page of paginateListStackResources({ client }, { StackName: 'Big' })) {
    sizes.push(page.StackResourceSummaries?.length ?? 0);
  }
  expect(sizes).toEqual([100, 100, 30]);
});

test('GetTemplate gives what was deployed', async () => {
  await deploy();
  const { TemplateBody: body = '' } = await client.send(new GetTemplateCommand({ StackName: 'Data' }));
  expect(JSON.parse(body)).toEqual(data.template);
});

test('exports and who uses them are told', async () => {
  await deploy();
  const { Exports: exports = [] } = await client.send(new ListExportsCommand({}));
  expect(exports).toMatchObject([{ Name: 'Data:Size', Value: '2' }]);
  const { Imports: imports } = await client.send(new ListImportsCommand({ ExportName: 'Data:Size' }));
  expect(imports).toEqual(['User']);
});

test('events tell the story of a deployment, the latest first', async () => {
  const broken = { Resources: { A: { Type: 'Test::Thing', Properties: { Name: 'a', Size: 13 } } } };
  await expect(deploy({ App: { template: broken } })).rejects.toThrow();
  const { StackEvents: events = [] } = await client.send(new DescribeStackEventsCommand({ StackName: 'App' }));
  expect(events.map((event) => [event.LogicalResourceId, event.ResourceStatus, event.ResourceStatusReason])).toEqual([
    ['App', 'ROLLBACK_COMPLETE', undefined],
    ['App', 'ROLLBACK_IN_PROGRESS', 'resource A: The thing a cannot have the size 13'],
    ['A', 'CREATE_FAILED', 'The thing a cannot have the size 13'],
    ['A', 'CREATE_IN_PROGRESS', undefined],
    ['App', 'CREATE_IN_PROGRESS', 'User Initiated'],
  ]);
});

describe('DeleteStack', () => {
  const remove = async (StackName: string) => {
    await client.send(new DeleteStackCommand({ StackName }));
    await cloud.clock.idle();
  };

  test('refuses a protected stack, and one whose exports are used', async () => {
    await deploy();
    await expect(remove('Data')).rejects.toThrow('cannot be deleted while TerminationProtection is enabled');
    await client.send(
      new UpdateTerminationProtectionCommand({ StackName: 'Data', EnableTerminationProtection: false }),
    );
    await expect(remove('Data')).rejects.toThrow('Export Data:Size cannot be deleted as it is in use by User');
  });

  test('deletes in the opposite order, and the stack is gone by name and known by id', async () => {
    await deploy();
    world.history.length = 0;
    const { Stacks: [before] = [] } = await client.send(new DescribeStacksCommand({ StackName: 'User' }));
    await remove('User');
    expect(world.history).toEqual([expect.stringMatching(/^delete user-c-/), 'delete b']);
    await expect(client.send(new DescribeStacksCommand({ StackName: 'User' }))).rejects.toThrow('does not exist');
    const { Stacks: [after] = [] } = await client.send(new DescribeStacksCommand({ StackName: before?.StackId }));
    expect(after?.StackStatus).toBe('DELETE_COMPLETE');
    const { StackSummaries: deleted } = await client.send(
      new ListStacksCommand({ StackStatusFilter: ['DELETE_COMPLETE'] }),
    );
    expect(deleted).toHaveLength(1);
  });

  test('keeps what is retained', async () => {
    const Resources = { A: { Type: 'Test::Thing', Properties: { Name: 'kept' }, DeletionPolicy: 'Retain' } };
    await deploy({ App: { template: { Resources } } });
    await remove('App');
    expect([...world.things.keys()]).toEqual(['kept']);
  });

  test('of a stack that does not exist is fine', async () => {
    await expect(remove('Gone')).resolves.toBeUndefined();
  });
});
