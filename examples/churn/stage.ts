import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { shellExports } from '../../cli/commands/local.ts';
import { type DeployedEnvironment, findEnvironment } from '../../cli/environment.ts';
import { type Assembly, synthesizeInto } from '../../cli/synthesize-into.ts';
import { dynamoRegistry, type Registry } from '../../lambdas/shared/registry.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import type { Timeline } from './timeline.ts';

export const MODEL = 'churn';
const ENVIRONMENT = 'dev';
const READER = 'team@example.com';

const CONFIG = fileURLToPath(new URL('churn.config.ts', import.meta.url));

/** Where the cards go; nothing else of the story stays. */
const CARDS = fileURLToPath(new URL('../../.sluice/story', import.meta.url));

/** Where a story plays: a local cloud in skipped time with everything deployed, and the clients to use it. */
export interface Stage {
  readonly cloud: Cloud;
  readonly timeline: Timeline;
  readonly environment: DeployedEnvironment;
  /** What was deployed. */
  readonly assembly: Assembly;
  /** A folder of the story's own, which goes with it. */
  readonly scratch: string;
  readonly registry: Registry;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  /** A path to show and to write to, for a file that stays. */
  keptFile(name: string): string;
  /** Subjects of the mails that came since it was asked last. */
  mail(): Promise<string[]>;
}

/** Synthesizes and deploys, and tells of it. */
export async function deploy(
  cloud: Cloud,
  timeline: Timeline,
  { scratch, signal }: { scratch: string; signal: AbortSignal },
): Promise<Stage> {
  timeline.chapter('Deploy', 'the very templates that cdk deploy deploys');
  const { endpoint, context } = cloud;
  timeline.event('cloud', `a local one, at ${endpoint}`);
  timeline.busy('synthesizing the templates');
  process.env.SLUICE_CONFIG = CONFIG;
  const assembly = await synthesizeInto(join(scratch, 'cdk.out'), { environment: ENVIRONMENT, signal });
  timeline.event('synth', 'templates, handlers and state machines, checked by cdk-nag');
  timeline.busy('deploying');
  const { stacks } = await cloud.deploy(assembly.directory, assembly);
  for (const { stack, created } of stacks) timeline.event('deploy', `${stack}: ${created.length} resources`);
  Object.assign(process.env, shellExports(endpoint, context.region));
  const environment = await findEnvironment(ENVIRONMENT);
  await new SNSClient({}).send(
    new SubscribeCommand({ TopicArn: environment.alertsTopicArn, Protocol: 'email', Endpoint: READER }),
  );
  await mkdir(CARDS, { recursive: true });
  let read = 0;
  return {
    cloud,
    timeline,
    environment,
    assembly,
    scratch,
    registry: dynamoRegistry(environment.registryTable, MODEL),
    s3: new S3Client({}),
    lambda: new LambdaClient({}),
    keptFile: (name) => relative('', join(CARDS, name)),
    async mail() {
      const answer = await fetch(`${endpoint}/_sluice/mail`);
      const { mails } = (await answer.json()) as { mails: { subject: string }[] };
      // CloudWatch tells of each new alarm that it is in order.
      const fresh = mails
        .slice(read)
        .map(({ subject }) => subject)
        .filter((subject) => !subject.startsWith('OK: '));
      read = mails.length;
      return fresh;
    },
  };
}

/** A cloud for a story. */
export const openCloud = (): Promise<Cloud> => startCloud({ time: 'skip' });
