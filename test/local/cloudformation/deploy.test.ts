import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import type { StackSummary } from '../../../local/cloudformation/summary.ts';
import type { ResourceDeclaration } from '../../../local/cloudformation/template.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { type StackFixture, writeAssembly } from '../../support/assembly.ts';
import { thingService } from '../../support/things.ts';

let folder: string;
let cloud: Cloud;
let world: ReturnType<typeof thingService>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cfn-'));
  world = thingService();
  cloud = await startCloud({ time: 'skip', services: [ssmService, world.service] });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const thing = (Properties: Record<string, unknown> = {}, more: Partial<ResourceDeclaration> = {}) => ({
  Type: 'Test::Thing',
  Properties,
  ...more,
});
type Resources = Record<string, ResourceDeclaration>;

async function deployAll(stacks: Record<string, StackFixture>): Promise<readonly StackSummary[]> {
  return (await cloud.deploy(writeAssembly(folder, { dev: stacks }))).stacks;
}

/** Deploys the one stack "App" and says what was done to which logical id. */
async function deploy(Resources: Resources, more: Record<string, unknown> = {}) {
  const [summary] = await deployAll({ App: { template: { Resources, ...more } } });
  if (!summary) throw new Error('no summary');
  const { created, updated, replaced, deleted, unchanged } = summary;
  const ids = (changes: StackSummary['created']) => changes.map(({ logicalId }) => logicalId);
  return { created: ids(created), updated: ids(updated), replaced: ids(replaced), deleted: ids(deleted), unchanged };
}

const nothing = { created: [], updated: [], replaced: [], deleted: [] };
const ref = (name: string) => ({ Ref: name });
const att = (name: string, attribute: string) => ({ 'Fn::GetAtt': [name, attribute] });

describe('a new stack', () => {
  test('is created in the order of its references and gives its outputs', async () => {
    const Resources = {
      Last: thing({ Link: { 'Fn::Sub': '${Middle.Arn}/x' } }),
      Middle: thing({ Link: ref('First') }),
      First: thing({ Name: 'first', Size: 3 }),
      Aside: thing({}, { DependsOn: 'Last' }),
    };
    const Outputs = { Size: { Value: att('First', 'Size') }, Name: { Value: ref('First') } };
    expect(await deploy(Resources, { Outputs })).toEqual({
      ...nothing,
      created: ['First', 'Middle', 'Last', 'Aside'],
      unchanged: 0,
    });
    expect(cloud.outputs()).toEqual({ App: { Size: '3', Name: 'first' } });
  });

  test('names what the template leaves open as CloudFormation does', async () => {
    await deploy({ AVeryLongLogicalIdForOneThing: thing() });
    const [name = ''] = world.things.keys();
    expect(name).toMatch(/^app-averylonglogicalidf\w*-[a-z0-9]{12}$/);
    expect(name.length).toBeLessThanOrEqual(40);
  });

  test('that fails is taken back whole, and the next deployment creates it again', async () => {
    const broken = { First: thing({ Name: 'first' }), Second: thing({ Size: 13, Link: ref('First') }) };
    await expect(deploy(broken)).rejects.toMatchObject({
      name: 'DeploymentFailed',
      message: expect.stringContaining('Stack App, resource Second: The thing app-second-'),
      stackName: 'App',
      logicalId: 'Second',
      status: 'ROLLBACK_COMPLETE',
    });
    expect([...world.things.keys()]).toEqual([]);
    const fixed = { First: thing({ Name: 'first' }), Second: thing({ Size: 12, Link: ref('First') }) };
    expect(await deploy(fixed)).toMatchObject({ created: ['First', 'Second'] });
  });

  test('finds the assets of its assembly', async () => {
    const bucket = { 'Fn::Sub': 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}' };
    const Resources = { Coded: thing({ Code: { S3Bucket: bucket, S3Key: 'code-of-App.zip' } }) };
    await deploy(Resources, { Outputs: { Path: { Value: att('Coded', 'CodePath') } } });
    expect(cloud.outputs().App?.Path).toBe(join(folder, 'asset.App'));
  });
});

describe('a second deployment', () => {
  test('of the same template changes nothing', async () => {
    const Resources = { A: thing({ Size: 2 }), B: thing({ Link: ref('A') }) };
    await deploy(Resources);
    world.history.length = 0;
    expect(await deploy(Resources)).toEqual({ ...nothing, unchanged: 2 });
    expect(world.history).toEqual([]);
  });

  test('changes in place what changed, and what depends on its attributes', async () => {
    const resources = (size: number) => ({
      A: thing({ Size: size }),
      B: thing({ Size: att('A', 'Size') }),
      C: thing({ Link: ref('A') }),
    });
    await deploy(resources(2));
    expect(await deploy(resources(5))).toEqual({ ...nothing, updated: ['A', 'B'], unchanged: 1 });
    expect([...world.things.values()].map(({ size }) => size)).toEqual([5, 5, 1]);
  });

  test('replaces what cannot change in place: the new one first, then those that refer to it, then the old one goes', async () => {
    const resources = (name: string) => ({ A: thing({ Name: name }), B: thing({ Link: ref('A') }) });
    await deploy(resources('old'));
    world.history.length = 0;
    const [summary] = await deployAll({ App: { template: { Resources: resources('new') } } });
    expect(world.history).toEqual(['create A', 'update B', 'delete old']);
    expect(summary?.replaced).toEqual([
      { logicalId: 'A', type: 'Test::Thing', physicalId: 'new', properties: ['Name'] },
    ]);
  });

  test('gives what it replaces another name each time', async () => {
    const names: string[] = [];
    for (const kind of ['a', 'b', 'a']) {
      await deploy({ A: thing({ Kind: kind }) });
      names.push(...world.things.keys());
    }
    expect(new Set(names).size).toBe(3);
    expect(world.things.size).toBe(1);
  });

  test('keeps what was replaced or dropped where the template says so', async () => {
    const keep = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    await deploy({ A: thing({ Name: 'a1' }, keep), B: thing({ Name: 'b' }, keep), C: thing({ Name: 'c' }) });
    expect(await deploy({ A: thing({ Name: 'a2' }, keep) })).toMatchObject({ replaced: ['A'], deleted: ['C', 'B'] });
    expect([...world.things.keys()].sort()).toEqual(['a1', 'a2', 'b']);
  });

  test('leaves alone what somebody moved by hand, as long as the template does not change it', async () => {
    await deploy({ A: thing({ Name: 'a', Size: 2 }), B: thing({ Size: 1 }) });
    world.things.set('a', { name: 'a', size: 99 });
    await deploy({ A: thing({ Name: 'a', Size: 2 }), B: thing({ Size: 4 }) });
    expect(world.things.get('a')?.size).toBe(99);
  });

  test('that fails goes back to what was there', async () => {
    const before = { A: thing({ Name: 'a', Size: 2 }), B: thing({ Name: 'b1' }), C: thing({ Name: 'c' }) };
    await deploy(before);
    const after = {
      A: thing({ Name: 'a', Size: 7 }),
      B: thing({ Name: 'b2' }),
      New: thing({ Name: 'new' }),
      Unlucky: thing({ Size: 13 }),
    };
    await expect(deploy(after)).rejects.toMatchObject({ status: 'UPDATE_ROLLBACK_COMPLETE' });
    expect([...world.things.values()].sort((x, y) => x.name.localeCompare(y.name))).toEqual([
      { name: 'a', size: 2 },
      { name: 'b1', size: 1 },
      { name: 'c', size: 1 },
    ]);
    expect(await deploy(before)).toEqual({ ...nothing, unchanged: 3 });
  });

  test('refuses another type under the same logical id', async () => {
    await deploy({ A: thing() });
    const other = { A: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 'x' } } };
    await expect(deploy(other)).rejects.toThrow('Update of resource type is not permitted');
  });
});

describe('exports', () => {
  const data = (size: number): StackFixture => ({
    template: {
      Resources: { A: thing({ Name: 'a', Size: size }) },
      Outputs: { Size: { Value: att('A', 'Size'), Export: { Name: 'Data:Size' } } },
    },
  });
  const user: StackFixture = {
    template: { Resources: { B: thing({ Name: 'b', Size: { 'Fn::ImportValue': 'Data:Size' } }) } },
    dependencies: ['Data'],
  };

  test('carry values to the stacks that are deployed after', async () => {
    await deployAll({ User: user, Data: data(6) });
    expect(world.history).toEqual(['create A', 'create B']);
    expect(world.things.get('b')?.size).toBe(6);
  });

  test('cannot change or go while they are used', async () => {
    await deployAll({ Data: data(6), User: user });
    await expect(deployAll({ Data: data(7) })).rejects.toThrow(
      'Export Data:Size cannot be updated as it is in use by User',
    );
    expect(world.things.get('a')?.size).toBe(6);
    const without: StackFixture = { template: { Resources: { A: thing({ Name: 'a', Size: 6 }) } } };
    await expect(deployAll({ Data: without })).rejects.toThrow('cannot be deleted as it is in use by User');
  });

  test('that do not exist stop the stack that wants them', async () => {
    await expect(deployAll({ User: { template: user.template } })).rejects.toThrow('No export named Data:Size found.');
  });
});

describe('parameters, conditions and rules', () => {
  const Parameters = {
    BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/hnb659fds/version' },
    Mode: { Type: 'String', Default: 'small', AllowedValues: ['small', 'large'] },
  };
  const Conditions = { IsLarge: { 'Fn::Equals': [ref('Mode'), 'large'] } };
  const Rules = {
    CheckBootstrapVersion: {
      Assertions: [
        {
          Assert: { 'Fn::Not': [{ 'Fn::Contains': [['1', '2', '3', '4', '5'], ref('BootstrapVersion')] }] },
          AssertDescription: "CDK bootstrap stack version 6 required. Please run 'cdk bootstrap'",
        },
      ],
    },
  };
  const Resources = {
    A: thing({ Size: { 'Fn::If': ['IsLarge', 100, ref('AWS::NoValue')] } }),
    OnlyLarge: thing({}, { Condition: 'IsLarge' }),
  };
  const template = { Parameters, Conditions, Rules, Resources };

  test('defaults hold, and what a condition rules out is left out', async () => {
    expect(await deploy(Resources, { Parameters, Conditions, Rules })).toMatchObject({ created: ['A'] });
    expect([...world.things.values()].map(({ size }) => size)).toEqual([1]);
  });

  test('the parameters of the assembly win', async () => {
    await deployAll({ App: { template, parameters: { Mode: 'large' } } });
    expect([...world.things.values()].map(({ size }) => size)).toEqual([100, 1]);
  });

  test.each<[string, Record<string, string>, string]>([
    ['a value that is not allowed', { Mode: 'huge' }, "Parameter 'Mode' must be one of AllowedValues"],
    ['a parameter that does not exist', { Size: '1' }, 'Parameters: [Size] do not exist in the template'],
  ])('%s is refused', async (_, parameters, message) => {
    await expect(deployAll({ App: { template, parameters } })).rejects.toThrow(message);
  });

  test('a rule that does not hold stops the stack with its own words', async () => {
    const { context } = cloud;
    const old = { Name: '/cdk-bootstrap/hnb659fds/version', Value: '4', Overwrite: true };
    await context.clock.run('test', (work) => context.call({ kind: 'cloud' }, 'ssm', 'PutParameter', old, work));
    await expect(deployAll({ App: { template } })).rejects.toThrow('CDK bootstrap stack version 6 required');
  });
});

test('a template may be changed on its way, stack by stack', async () => {
  const assembly = writeAssembly(folder, {
    dev: { One: { template: { Resources: { A: thing() } } }, Two: { template: { Resources: { A: thing() } } } },
  });
  await cloud.deploy(assembly, {
    transformTemplate: (stackName, template) =>
      stackName === 'One' ? { ...template, Resources: { B: thing() } } : template,
  });
  expect(world.history).toEqual(['create B', 'create A']);
});
