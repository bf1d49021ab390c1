import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { shellExports } from '../../cli/commands/local.ts';
import { type DeployedEnvironment, findEnvironment, modelNamed } from '../../cli/environment.ts';
import { type Followed, follow } from '../../cli/follow.ts';
import { synthesizeInto } from '../../cli/synthesize-into.ts';
import { LIVE_ALIAS, trainingPrefix } from '../../domain/names.ts';
import { uploadId } from '../../domain/slot.ts';
import { dynamoRegistry, type Registry } from '../../lambdas/shared/registry.ts';
import { type Cloud, type CloudOptions, type DeployOptions, startCloud } from '../../local/cloud.ts';

export interface Told {
  readonly subject: string;
  readonly message: string;
}

/** A whole deployment on the local cloud, and a person's hands on it. */
export interface Story {
  readonly cloud: Cloud;
  readonly assembly: string;
  readonly environment: DeployedEnvironment;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  readonly log: string[];
  registry(model: string): Registry;
  put(model: string, name: string, content: string | Uint8Array): Promise<string>;
  /** Waits until an upload has its outcome, or its version waits for a person. */
  outcome(model: string, versionId: string): Promise<Followed>;
  upload(model: string, name: string, content: string | Uint8Array): Promise<Followed>;
  predict(model: string, instances: readonly unknown[]): Promise<Record<string, unknown>>;
  /** Waits until nothing happens any more: outcomes are told, slots are free, the next runs have ended. */
  quiet(): Promise<void>;
  /** The outcomes that SNS has told since it was asked last; what alarms say is left out. */
  told(): Promise<Told[]>;
  stop(): Promise<void>;
}

export const STORIES_CONFIG = fileURLToPath(new URL('../fixtures/stories.config.ts', import.meta.url));

export interface StoryOptions extends Pick<CloudOptions, 'stateDir'>, Pick<DeployOptions, 'transformTemplate'> {
  /** An assembly that was made before. @default synthesized from the stories' configuration */
  readonly assembly?: string;
  readonly config?: string;
}

export async function openStory(options: StoryOptions = {}): Promise<Story> {
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-story-'));
  process.env.SLUICE_CONFIG = options.config ?? STORIES_CONFIG;
  const assembly = options.assembly ?? (await synthesizeInto(join(scratch, 'cdk.out'), {})).directory;
  const log: string[] = [];
  const cloud = await startCloud({
    time: 'skip',
    ...(options.stateDir === undefined ? {} : { stateDir: options.stateDir }),
    log: (line) => void log.push(line),
  });
  const { transformTemplate } = options;
  await cloud.deploy(assembly, transformTemplate ? { transformTemplate } : {});
  Object.assign(process.env, shellExports(cloud.endpoint, cloud.context.region));
  const environment = await findEnvironment(undefined);
  const [s3, lambda, sfn, sqs] = [new S3Client({}), new LambdaClient({}), new SFNClient({}), new SQSClient({})];
  const mailbox = await subscribe(environment.alertsTopicArn, sqs, cloud.context.account);

  const story: Story = {
    cloud,
    assembly,
    environment,
    s3,
    lambda,
    sfn,
    sqs,
    log,
    registry: (model) => dynamoRegistry(environment.registryTable, model),
    async put(model, name, content) {
      const Key = trainingPrefix(model) + name;
      const { VersionId = '' } = await s3.send(
        new PutObjectCommand({ Bucket: environment.dataBucket, Key, Body: content }),
      );
      return VersionId;
    },
    async outcome(model, versionId) {
      const followed = await follow(uploadId(versionId), {
        registry: story.registry(model),
        statesOf: async () => [],
        progress: () => undefined,
        pause: () => new Promise((resolve) => setTimeout(resolve, 50)),
        now: () => performance.now() * 20,
      });
      if (!followed) throw new Error(`nothing became of the upload ${versionId}:\n${log.join('\n')}`);
      return followed;
    },
    upload: async (model, name, content) => story.outcome(model, await story.put(model, name, content)),
    async predict(model, instances) {
      const { Payload } = await lambda.send(
        new InvokeCommand({
          FunctionName: modelNamed(environment, model).predictFunctionName,
          Qualifier: LIVE_ALIAS,
          Payload: Buffer.from(JSON.stringify({ instances })),
        }),
      );
      return JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as Record<string, unknown>;
    },
    quiet: () => cloud.clock.idle(),
    async told() {
      await story.quiet();
      return (await receive(sqs, mailbox)).filter(({ subject }) => !/^(OK|ALARM|INSUFFICIENT_DATA): /.test(subject));
    },
    async stop() {
      await cloud.stop();
      if (options.assembly === undefined) await rm(scratch, { recursive: true, force: true });
    },
  };
  return story;
}

async function subscribe(topicArn: string, sqs: SQSClient, account: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: 'mailbox',
      Attributes: {
        Policy: JSON.stringify({
          Statement: {
            Effect: 'Allow',
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: '*',
            Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
          },
        }),
      },
    }),
  );
  const Endpoint = `arn:aws:sqs:us-east-1:${account}:mailbox`;
  await new SNSClient({}).send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint }));
  return QueueUrl;
}

async function receive(sqs: SQSClient, QueueUrl: string): Promise<Told[]> {
  const told: Told[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return told;
    for (const { Body = '{}', ReceiptHandle } of Messages) {
      const { Subject = '', Message = '' } = JSON.parse(Body) as { Subject?: string; Message?: string };
      told.push({ subject: Subject, message: Message });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
}
