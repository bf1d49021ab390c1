import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { writeAssembly } from '../../support/assembly.ts';
import { thingService } from '../../support/things.ts';

const world = thingService();
let cloud: Cloud;
let folder: string;
beforeAll(async () => {
  cloud = await startCloud({ time: 'skip', services: [ssmService, world.service] });
});
afterAll(() => cloud.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-cfn-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

const thing = (properties: Record<string, unknown> = {}, more: Record<string, unknown> = {}) => ({
  Resources: { Fine: { Type: 'Test::Thing' }, Bad: { Type: 'Test::Thing', Properties: properties, ...more } },
});

describe('what is not implemented stops the deployment before anything is changed', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'a resource type',
      { Resources: { Fine: { Type: 'Test::Thing' }, Web: { Type: 'AWS::EC2::Instance' } } },
      'resource Web (AWS::EC2::Instance): the resource type is not implemented',
    ],
    ['a property', thing({ Colour: 'red' }), 'resource Bad (Test::Thing): the property Colour is not implemented'],
    ['an attribute', thing({}, { CreationPolicy: {} }), 'Bad (Test::Thing): the attribute CreationPolicy is not'],
    ['a deletion policy', thing({}, { DeletionPolicy: 'Snapshot' }), 'the DeletionPolicy Snapshot is not implemented'],
    ['an intrinsic', thing({ Link: { 'Fn::GetAZs': '' } }), 'Bad (Test::Thing): the intrinsic function Fn::GetAZs is'],
    ['a section', { ...thing(), Transform: 'AWS::Serverless-2016-10-31' }, 'the section Transform is not implemented'],
    ['a dynamic reference', thing({ Link: '{{resolve:secretsmanager:x}}' }), 'Bad (Test::Thing): dynamic references'],
    [
      'a parameter type',
      { ...thing(), Parameters: { Vpc: { Type: 'AWS::EC2::VPC::Id' } } },
      'parameter Vpc: the type AWS::EC2::VPC::Id is not implemented',
    ],
    ['what a resource type itself refuses', thing({ Size: -1 }), 'Bad (Test::Thing): Size must not be negative'],
    ['a reference to nothing', thing({ Link: { Ref: 'Gone' } }), 'Bad (Test::Thing): Ref names Gone, which is neither'],
    ['an attribute of nothing', thing({ Link: { 'Fn::Sub': '${Gone.Arn}' } }), 'Fn::GetAtt names Gone, which is not'],
    ['a dependency on nothing', thing({}, { DependsOn: ['Gone'] }), 'DependsOn names Gone, which is not a resource'],
    ['a condition that does not exist', thing({}, { Condition: 'Gone' }), 'the condition Gone does not exist'],
    [
      'a circle',
      { Resources: { A: thing({ Link: { Ref: 'B' } }).Resources.Bad, B: thing({ Link: { Ref: 'A' } }).Resources.Bad } },
      'Circular dependency between resources: [A, B]',
    ],
  ])('%s', async (_, template, message) => {
    const assembly = writeAssembly(folder, { dev: { First: { template: thing() }, App: { template } } });
    await expect(cloud.deploy(assembly)).rejects.toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^Nothing was deployed:\n {2}stack App, /) }),
    );
    await expect(cloud.deploy(assembly)).rejects.toThrow(message);
    expect(world.history).toEqual([]);
  });

  test('everything that is wrong is said at once', async () => {
    const template = {
      Resources: { A: { Type: 'X::Y::Z' }, B: { Type: 'Test::Thing', Properties: { Colour: 1, Shape: 2 } } },
    };
    await expect(cloud.deploy(writeAssembly(folder, { dev: { App: { template } } }))).rejects.toThrow(
      'Nothing was deployed:\n' +
        '  stack App, resource A (X::Y::Z): the resource type is not implemented\n' +
        '  stack App, resource B (Test::Thing): the property Colour is not implemented\n' +
        '  stack App, resource B (Test::Thing): the property Shape is not implemented',
    );
  });

  test('a condition key of a policy, which would make a role other than on AWS', async () => {
    const Statement = {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceVpc': 'vpc-1' } },
    };
    const Policy = {
      Type: 'AWS::IAM::Policy',
      Properties: { PolicyName: 'p', PolicyDocument: { Statement: [Statement] }, Roles: [] },
    };
    const assembly = writeAssembly(folder, { dev: { App: { template: { Resources: { Policy } } } } });
    await expect(cloud.deploy(assembly)).rejects.toThrow(
      'stack App, resource Policy (AWS::IAM::Policy): the condition key aws:SourceVpc in policies',
    );
  });
});

describe('which stacks are meant', () => {
  test('with several stages one must be named', async () => {
    const assembly = writeAssembly(folder, { dev: { A: { template: thing() } }, prod: { B: { template: thing() } } });
    await expect(cloud.deploy(assembly)).rejects.toThrow('has 2 stages, name one of them: dev, prod');
    await expect(cloud.deploy(assembly, { stage: 'test' })).rejects.toThrow('no stage "test"; it has: dev, prod');
  });

  test('a stack for another account or region is refused', async () => {
    const environment = 'aws://123456789012/eu-west-1';
    const assembly = writeAssembly(folder, { prod: { App: { template: thing(), environment } } });
    await expect(cloud.deploy(assembly)).rejects.toThrow(
      'Stack App is for 123456789012, eu-west-1; this cloud is 000000000000, us-east-1',
    );
  });

  test('a folder that is no cloud assembly is named', async () => {
    await expect(cloud.deploy(folder)).rejects.toThrow(`No cloud assembly in ${folder}`);
  });
});
