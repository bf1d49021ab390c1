import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { dataStackName, modelStackName, OUTPUTS } from '../domain/names.ts';
import { CliError } from './io.ts';

/** One deployed environment of Sluice, found by the stable names of its stacks and outputs. */
export interface DeployedEnvironment {
  readonly stage: string;
  readonly dataBucket: string;
  readonly artifactBucket: string;
  readonly registryTable: string;
  readonly alertsTopicArn: string;
  readonly models: ReadonlyMap<string, DeployedModel>;
}

export interface DeployedModel {
  readonly name: string;
  readonly trainStateMachineArn: string;
  readonly rolloutStateMachineArn: string;
  readonly reactStateMachineArn: string;
  readonly predictFunctionName: string;
  readonly predictUrl: string;
}

/** 3 s to connect, 15 s to answer: a person waits at the other end, and three attempts ride out a throttle. */
export const CLIENT_DEFAULTS = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
} as const;

/** Finds what is deployed, at whatever endpoint and account the AWS environment names. */
export async function findEnvironment(stage: string | undefined): Promise<DeployedEnvironment> {
  const stacks = await sluiceStacks();
  const stages = [...new Set(stacks.map(({ StackName = '' }) => /^Sluice-(.+)-Data$/.exec(StackName)?.[1]))].filter(
    (name) => name !== undefined,
  );
  const chosen = stage ?? (stages.length === 1 ? stages[0] : undefined);
  if (chosen === undefined || !stages.includes(chosen)) {
    const found = stages.length > 0 ? `found ${stages.join(', ')}` : 'found none';
    throw new CliError(stages.length > 0 ? 2 : 1, `No environment ${chosen ?? 'is chosen'}: ${found}`, {
      hint:
        stages.length > 0
          ? 'Name one with --stage or SLUICE_STAGE.'
          : 'Deploy first (npx cdk deploy), or start the local cloud (npx sluice local) and set the exports it prints.',
    });
  }
  const data = outputsOf(stacks.find(({ StackName }) => StackName === dataStackName(chosen)));
  const models = new Map<string, DeployedModel>();
  for (const stack of stacks) {
    const name = modelOf(stack, chosen);
    if (name === undefined) continue;
    const outputs = outputsOf(stack);
    models.set(name, {
      name,
      trainStateMachineArn: required(outputs, OUTPUTS.trainStateMachine),
      rolloutStateMachineArn: required(outputs, OUTPUTS.rolloutStateMachine),
      reactStateMachineArn: required(outputs, OUTPUTS.reactStateMachine),
      predictFunctionName: required(outputs, OUTPUTS.predictFunction),
      predictUrl: required(outputs, OUTPUTS.predictUrl),
    });
  }
  return {
    stage: chosen,
    dataBucket: required(data, OUTPUTS.dataBucket),
    artifactBucket: required(data, OUTPUTS.artifactBucket),
    registryTable: required(data, OUTPUTS.registryTable),
    alertsTopicArn: required(data, OUTPUTS.alertsTopic),
    models,
  };
}

/** The model of that name, or a usage error that lists those there are. */
export function modelNamed(environment: DeployedEnvironment, name: string): DeployedModel {
  const model = environment.models.get(name);
  if (model) return model;
  const known = [...environment.models.keys()].join(', ') || 'none';
  throw new CliError(2, `No model "${name}" in the environment "${environment.stage}"; it has ${known}`);
}

/** `churn@3`, `churn@1.2.0`, `churn@champion` or `churn`. */
export function parseReference(reference: string): { model: string; version: string | undefined } {
  const [model = '', version, ...rest] = reference.split('@');
  if (model === '' || rest.length > 0 || version === '') {
    throw new CliError(
      2,
      `Cannot read "${reference}": expected MODEL or MODEL@VERSION, such as churn, churn@3 or churn@1.2.0`,
    );
  }
  return { model, version };
}

async function sluiceStacks(): Promise<Stack[]> {
  const client = new CloudFormationClient(CLIENT_DEFAULTS);
  const stacks: Stack[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new DescribeStacksCommand({ NextToken }));
    stacks.push(...(page.Stacks ?? []).filter(({ StackName = '' }) => StackName.startsWith('Sluice-')));
    NextToken = page.NextToken;
  } while (NextToken);
  return stacks;
}

function modelOf({ StackName = '' }: Stack, stage: string): string | undefined {
  const prefix = modelStackName(stage, '');
  const name = StackName.startsWith(prefix) ? StackName.slice(prefix.length) : undefined;
  return StackName === dataStackName(stage) ? undefined : name;
}

const outputsOf = (stack: Stack | undefined): ReadonlyMap<string, string> =>
  new Map((stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));

function required(outputs: ReadonlyMap<string, string>, name: string): string {
  const value = outputs.get(name);
  if (value) return value;
  throw new CliError(1, `The stacks have no output ${name}: was the deployment finished?`);
}
