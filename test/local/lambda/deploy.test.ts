import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetAliasCommand,
  GetFunctionCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { writeAssembly } from '../../support/assembly.ts';
import { invoke } from '../../support/lambda.ts';

let folder: string;
let cloud: Cloud;
let lambda: LambdaClient;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lambda-'));
  cloud = await startCloud({ time: 'skip', stateDir: join(folder, 'state') });
  lambda = new LambdaClient(client(cloud));
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const client = ({ endpoint }: Cloud) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

const asset = {
  S3Bucket: { 'Fn::Sub': 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}' },
  S3Key: 'code-of-App.zip',
};
const ref = (name: string) => ({ Ref: name });
const att = (name: string, attribute: string) => ({ 'Fn::GetAtt': [name, attribute] });

const role = (...statements: object[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    Policies:
      statements.length === 0
        ? []
        : [{ PolicyName: 'own', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
  },
});

const fn = (more: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: { Code: asset, Handler: 'index.handler', Runtime: 'nodejs24.x', Role: att('Role', 'Arn'), ...more },
});

const serving = (more: object = {}) => ({
  Role: role(),
  Predict: fn(more),
  First: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('Predict') } },
  Live: {
    Type: 'AWS::Lambda::Alias',
    Properties: { Name: 'live', FunctionName: ref('Predict'), FunctionVersion: att('First', 'Version') },
  },
  Url: {
    Type: 'AWS::Lambda::Url',
    Properties: { AuthType: 'AWS_IAM', TargetFunctionArn: ref('Predict'), Qualifier: 'live' },
    DependsOn: 'Live',
  },
});

/** Writes the code of the stack, then deploys it. */
async function deploy(Resources: Record<string, object>, source: string, Outputs: object = {}) {
  const code = join(folder, 'out', 'asset.App');
  mkdirSync(join(code, 'nodejs/node_modules/shared'), { recursive: true });
  writeFileSync(join(code, 'index.js'), source);
  writeFileSync(join(code, 'nodejs/node_modules/shared/index.js'), `module.exports = 'from the layer';`);
  const stack = { template: { Resources, Outputs } };
  const { stacks, outputs } = await cloud.deploy(writeAssembly(join(folder, 'out'), { dev: { App: stack } }));
  return { summary: stacks[0], outputs: outputs.App ?? {} };
}

const OUTPUTS = {
  Name: { Value: ref('Predict') },
  Arn: { Value: att('Predict', 'Arn') },
  Alias: { Value: ref('Live') },
  Url: { Value: att('Url', 'FunctionUrl') },
};
const ids = (changes: readonly { logicalId: string }[] = []) => changes.map(({ logicalId }) => logicalId);

describe('a deployed function', () => {
  test('runs the code of its asset, behind its alias and its URL', async () => {
    const { outputs } = await deploy(
      serving(),
      `exports.handler = async (event, context) => context.functionVersion;`,
      OUTPUTS,
    );
    const { Name = '', Arn, Alias, Url } = outputs;
    expect(Name).toMatch(/^App-Predict/);
    expect(Arn).toBe(`arn:aws:lambda:us-east-1:000000000000:function:${Name}`);
    expect(Alias).toBe(`${Arn}:live`);
    expect(Url).toMatch(new RegExp(`^${cloud.endpoint}/lambda-url/[a-z0-9]{32}/$`));
    expect((await invoke(lambda, Name, {}, 'live')).value).toBe('1');
  });

  test('finds what its layers hold', async () => {
    const Layer = {
      Type: 'AWS::Lambda::LayerVersion',
      Properties: { Content: asset, CompatibleRuntimes: ['nodejs24.x'] },
    };
    const resources = { Role: role(), Layer, Predict: fn({ Layers: [ref('Layer')] }) };
    const { outputs } = await deploy(resources, `exports.handler = async () => require('shared');`, {
      Name: OUTPUTS.Name,
    });
    expect((await invoke(lambda, outputs.Name ?? '')).value).toBe('from the layer');
  });

  test('does not see the project around it: what it has installed, or that its files are modules', async () => {
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    mkdirSync(join(folder, 'node_modules/leak'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/leak/index.js'), '');
    const source = `exports.handler = async () => require('leak');`;
    const { outputs } = await deploy({ Role: role(), Predict: fn() }, source, { Name: OUTPUTS.Name });
    expect((await invoke(lambda, outputs.Name ?? '')).value.errorMessage).toContain(`Cannot find module 'leak'`);
  });

  test('keeps its published versions when its code is edited in place', async () => {
    const source = (answer: string) => `exports.handler = async () => '${answer}';`;
    const { outputs } = await deploy(serving(), source('old'), OUTPUTS);
    const { Name = '' } = outputs;
    const { summary } = await deploy(serving(), source('new'), OUTPUTS);
    expect((await invoke(lambda, Name, {}, 'live')).value).toBe('old');
    expect(ids(summary?.replaced)).toEqual([]);
  });
});

describe('a second deployment', () => {
  const source = `exports.handler = async () => process.env.MODEL ?? 'none';`;

  /** Publishes a version as a rollout does and gives it a tenth of the traffic. */
  async function shift(FunctionName: string): Promise<void> {
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { MODEL: 'champion' } } }),
    );
    await cloud.clock.idle();
    const { Version = '' } = await lambda.send(new PublishVersionCommand({ FunctionName }));
    const RoutingConfig = { AdditionalVersionWeights: { [Version]: 0.1 } };
    await lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', RoutingConfig }));
  }

  test('leaves weights that were shifted as they are, also when the function changes', async () => {
    const { outputs } = await deploy(serving(), source, OUTPUTS);
    const FunctionName = outputs.Name ?? '';
    await shift(FunctionName);
    const before = await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
    const { summary } = await deploy(serving({ Timeout: 30 }), source, OUTPUTS);
    expect(ids(summary?.updated)).toEqual(['Predict']);

    const after = await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
    expect(after.RoutingConfig).toEqual({ AdditionalVersionWeights: { 2: 0.1 } });
    expect(after.RevisionId).toBe(before.RevisionId);
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName }));
    expect(Configuration?.Timeout).toBe(30);
  });

  test('resets weights of an alias that it changes itself, as CloudFormation does', async () => {
    const resources = serving();
    const { outputs } = await deploy(resources, source, OUTPUTS);
    const FunctionName = outputs.Name ?? '';
    await shift(FunctionName);
    Object.assign(resources.Live.Properties, { Description: 'changed' });
    await deploy(resources, source, OUTPUTS);
    const alias = await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
    expect(alias.RoutingConfig).toBeUndefined();
  });

  test('finds functions after a restart', async () => {
    const { outputs } = await deploy(serving(), source, OUTPUTS);
    await shift(outputs.Name ?? '');
    await cloud.stop();
    cloud = await startCloud({ time: 'skip', stateDir: join(folder, 'state') });
    lambda = new LambdaClient(client(cloud));
    expect((await invoke(lambda, outputs.Name ?? '', {}, '2')).value).toBe('champion');
    expect((await invoke(lambda, outputs.Name ?? '', {}, '1')).value).toBe('none');
  });
});

test.each([
  ['a property', { Predict: fn({ VpcConfig: { SubnetIds: ['subnet-1'] } }) }, /Predict.*VpcConfig/s],
  ['a runtime', { Predict: fn({ Runtime: 'python3.13' }) }, /python3\.13/],
  ['an image', { Predict: fn({ PackageType: 'Image' }) }, /Image/],
])('%s that is not implemented stops the deployment', async (_, resources, message) => {
  await expect(deploy({ Role: role(), ...resources }, '')).rejects.toThrow(message);
});
