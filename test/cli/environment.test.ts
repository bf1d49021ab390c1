import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, test } from 'vitest';
import { findEnvironment, modelNamed, parseReference } from '../../cli/environment.ts';

/** How the CLI finds what is deployed: by stack names and outputs, page by page. */

const cloudFormation = mockClient(CloudFormationClient);
afterEach(() => cloudFormation.reset());

const stack = (StackName: string, outputs: Record<string, string>): Stack => ({
  StackName,
  CreationTime: new Date(0),
  StackStatus: 'CREATE_COMPLETE',
  Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
});
const data = (stage: string) =>
  stack(`Sluice-${stage}-Data`, {
    DataBucketName: `${stage}-data`,
    ArtifactBucketName: `${stage}-artifacts`,
    RegistryTableName: `${stage}-registry`,
    AlertsTopicArn: `arn:aws:sns:us-east-1:000000000000:${stage}`,
  });
const model = (stage: string, name: string) =>
  stack(`Sluice-${stage}-${name}`, {
    TrainStateMachineArn: `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`,
    RolloutStateMachineArn: `arn:aws:states:us-east-1:000000000000:stateMachine:${name}-rollout`,
    ReactStateMachineArn: `arn:aws:states:us-east-1:000000000000:stateMachine:${name}-react`,
    PredictFunctionName: `${stage}-${name}-predict`,
    PredictUrl: `https://${name}.example.com/`,
  });
const deployed = (...stacks: Stack[]) => cloudFormation.on(DescribeStacksCommand).resolves({ Stacks: stacks });

describe('findEnvironment()', () => {
  test('reads every page, and leaves other stacks of the account alone', async () => {
    cloudFormation
      .on(DescribeStacksCommand)
      .resolvesOnce({ Stacks: [stack('CDKToolkit', {}), data('dev')], NextToken: 'more' })
      .resolvesOnce({ Stacks: [model('dev', 'churn'), model('dev', 'fraud')] });
    const environment = await findEnvironment(undefined);
    expect(environment).toMatchObject({ stage: 'dev', dataBucket: 'dev-data', registryTable: 'dev-registry' });
    expect([...environment.models.keys()]).toEqual(['churn', 'fraud']);
    expect(cloudFormation.commandCalls(DescribeStacksCommand).map(({ args }) => args[0].input.NextToken)).toEqual([
      undefined,
      'more',
    ]);
  });

  test('asks which one, where there are several, and takes the one that is named', async () => {
    deployed(data('dev'), data('prod'), model('prod', 'churn'));
    await expect(findEnvironment(undefined)).rejects.toMatchObject({
      exitCode: 2,
      message: 'No environment is chosen: found dev, prod',
      hint: 'Name one with --stage or SLUICE_STAGE.',
    });
    expect([...(await findEnvironment('prod')).models.keys()]).toEqual(['churn']);
    await expect(findEnvironment('moon')).rejects.toMatchObject({
      exitCode: 2,
      message: 'No environment moon: found dev, prod',
    });
  });

  test('says how to deploy, where there is nothing', async () => {
    deployed();
    await expect(findEnvironment(undefined)).rejects.toMatchObject({
      exitCode: 1,
      hint: expect.stringContaining('npx cdk deploy'),
    });
  });

  test('names the output that an unfinished deployment lacks', async () => {
    deployed(data('dev'), stack('Sluice-dev-churn', {}));
    await expect(findEnvironment('dev')).rejects.toThrow('The stacks have no output TrainStateMachineArn');
  });
});

test('modelNamed() lists the models there are', async () => {
  deployed(data('dev'), model('dev', 'churn'), model('dev', 'fraud'));
  const environment = await findEnvironment('dev');
  expect(modelNamed(environment, 'fraud').predictFunctionName).toBe('dev-fraud-predict');
  expect(() => modelNamed(environment, 'frod')).toThrow(
    'No model "frod" in the environment "dev"; it has churn, fraud',
  );
});

test.each([
  ['churn', { model: 'churn', version: undefined }],
  ['churn@3', { model: 'churn', version: '3' }],
  ['churn@1.2.0', { model: 'churn', version: '1.2.0' }],
])('parseReference(%j)', (reference, expected) => {
  expect(parseReference(reference)).toEqual(expected);
});

test.each(['', '@3', 'churn@', 'churn@1@2'])('parseReference(%j) says what it expects', (reference) => {
  expect(() => parseReference(reference)).toThrow('expected MODEL or MODEL@VERSION');
});
