import {
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, invoke, zip } from '../../support/lambda.ts';

const FunctionName = 'predict';
const source = `exports.handler = async (event, context) => ({ model: process.env.MODEL, version: context.functionVersion, arn: context.invokedFunctionArn });`;

let cloud: TestKernel;
let lambda: LambdaClient;
beforeEach(async () => {
  cloud = await startKernel({ services: [lambdaService] });
  lambda = new LambdaClient(cloud.client);
  await createFunction(lambda, FunctionName, source, { Environment: { Variables: { MODEL: 'none' } } });
});
afterEach(() => cloud.stop());

const publish = (more: { CodeSha256?: string; RevisionId?: string; Description?: string } = {}) =>
  lambda.send(new PublishVersionCommand({ FunctionName, ...more }));

async function publishModel(MODEL: string): Promise<string> {
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { MODEL } } }));
  await cloud.clock.idle();
  return (await publish()).Version ?? '';
}

describe('a published version', () => {
  test('keeps its code and configuration', async () => {
    expect(await publishModel('first')).toBe('1');
    await lambda.send(
      new UpdateFunctionCodeCommand({
        FunctionName,
        ZipFile: await zip({ 'index.js': `exports.handler = async () => 'new';` }),
      }),
    );
    await cloud.clock.idle();
    expect((await invoke(lambda, FunctionName)).value).toBe('new');
    expect((await invoke(lambda, FunctionName, {}, '1')).value).toMatchObject({ model: 'first', version: '1' });
    const { Versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    expect(Versions.map(({ Version }) => Version)).toEqual(['$LATEST', '1']);
    expect(Versions[0]?.CodeSha256).not.toBe(Versions[1]?.CodeSha256);
  });

  test('is given back instead of another one when nothing changed', async () => {
    expect((await publish()).Version).toBe('1');
    expect((await publish({ Description: 'again' })).Version).toBe('1');
    expect(await publishModel('second')).toBe('2');
  });

  test('is refused for other code or another revision than the caller knows', async () => {
    const { CodeSha256, RevisionId } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await expect(publish({ CodeSha256: 'other' })).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await expect(publish({ RevisionId: 'other' })).rejects.toMatchObject({ name: 'PreconditionFailedException' });
    expect((await publish({ CodeSha256, RevisionId })).Version).toBe('1');
  });

  test('is refused while an update is in progress', async () => {
    // As a handler that calls: time does not jump while it runs.
    const caller = cloud.clock.begin('caller');
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 5 }));
    await expect(publish()).rejects.toMatchObject({ name: 'ResourceConflictException' });
    caller.end();
    await cloud.clock.idle();
    expect((await publish()).Timeout).toBe(5);
  });

  test('cannot be deleted while an alias needs it; its number is not used again', async () => {
    await publishModel('first');
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
    const remove = new DeleteFunctionCommand({ FunctionName, Qualifier: '1' });
    await expect(lambda.send(remove)).rejects.toMatchObject({ name: 'ResourceConflictException' });
    await lambda.send(new DeleteAliasCommand({ FunctionName, Name: 'live' }));
    await lambda.send(remove);
    await expect(invoke(lambda, FunctionName, {}, '1')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect((await publish()).Version).toBe('2');
  });
});

describe('an alias', () => {
  beforeEach(async () => {
    await publishModel('first');
    await publishModel('second');
    await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
  });
  const update = (more: object) => lambda.send(new UpdateAliasCommand({ FunctionName, Name: 'live', ...more }));
  const weights = (AdditionalVersionWeights: Record<string, number>) => ({
    RoutingConfig: { AdditionalVersionWeights },
  });

  test('splits calls by weight, the same way on every run', async () => {
    await update(weights({ 2: 0.25 }));
    const ran = [];
    for (let call = 0; call < 80; call++) ran.push(await invoke(lambda, FunctionName, {}, 'live'));
    expect(ran.every(({ version, value }) => version === value.version)).toBe(true);
    expect(ran.filter(({ version }) => version === '2')).toHaveLength(20);
    expect(ran[0]?.value.arn).toBe('arn:aws:lambda:us-east-1:000000000000:function:predict:live');
  });

  test.each([
    [0, '1'],
    [1, '2'],
  ])('with weight %d never calls the other version', async (weight, version) => {
    await update(weights({ 2: weight }));
    for (let call = 0; call < 5; call++) {
      expect((await invoke(lambda, FunctionName, {}, 'live')).version).toBe(version);
    }
  });

  test('changes only for who knows its revision', async () => {
    const { RevisionId } = await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
    const changed = await update({ FunctionVersion: '2', RevisionId });
    expect(changed).toMatchObject({ FunctionVersion: '2' });
    await expect(update({ FunctionVersion: '1', RevisionId })).rejects.toMatchObject({
      name: 'PreconditionFailedException',
    });
    expect((await invoke(lambda, FunctionName, {}, 'live')).value.model).toBe('second');
  });

  test('keeps what a change does not name, and loses its weights only when told', async () => {
    await update({ ...weights({ 2: 0.1 }), Description: 'canary' });
    expect(await update({ Description: 'still' })).toMatchObject({
      FunctionVersion: '1',
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.1 } },
    });
    expect((await update(weights({}))).RoutingConfig).toBeUndefined();
    const { Aliases } = await lambda.send(new ListAliasesCommand({ FunctionName }));
    expect(Aliases).toMatchObject([{ Name: 'live', FunctionVersion: '1', Description: 'still' }]);
  });

  test.each([
    ['more than two versions', { 2: 0.1, 3: 0.1 }, 'InvalidParameterValueException'],
    ['a weight above 1', { 2: 1.1 }, 'ValidationException'],
    ['a negative weight', { 2: -0.1 }, 'ValidationException'],
    ['$LATEST', { $LATEST: 0.1 }, 'InvalidParameterValueException'],
    ['itself', { 1: 0.1 }, 'InvalidParameterValueException'],
    ['a version that does not exist', { 9: 0.1 }, 'ResourceNotFoundException'],
  ])('cannot send calls to %s', async (_, additional, name) => {
    await expect(update(weights(additional as Record<string, number>))).rejects.toMatchObject({ name });
  });

  test('that does not exist is told by its ARN', async () => {
    await expect(lambda.send(new GetAliasCommand({ FunctionName, Name: 'gone' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Cannot find alias arn: arn:aws:lambda:us-east-1:000000000000:function:predict:gone',
    });
  });
});

test('reserved concurrency throttles', async () => {
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
  await expect(invoke(lambda, FunctionName)).rejects.toMatchObject({
    name: 'TooManyRequestsException',
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  });
});

describe('a function is refused', () => {
  const variables = (Variables: Record<string, string>) => ({ Environment: { Variables } });
  test.each([
    ['with another runtime', { Runtime: 'python3.13' as const }, 'python3.13'],
    ['with a timeout above 15 minutes', { Timeout: 901 }, 'timeout'],
    ['with variables that belong to Lambda', variables({ AWS_REGION: 'x' }), 'AWS_REGION'],
    ['with more than 4 KB of variables', variables({ BIG: 'x'.repeat(4096) }), '4KB limit'],
    [
      'with a layer that does not exist',
      { Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:none:1'] },
      'layer:none:1',
    ],
    ['with a setting that is not implemented', { VpcConfig: { SubnetIds: ['subnet-1'] } }, 'VpcConfig'],
  ])('%s', async (_, settings, message) => {
    await expect(createFunction(lambda, 'refused', source, settings)).rejects.toThrow(message);
  });

  test('under a name that is taken', async () => {
    await expect(createFunction(lambda, FunctionName, source)).rejects.toMatchObject({
      name: 'ResourceConflictException',
    });
  });
});
