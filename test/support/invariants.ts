import { createHash } from 'node:crypto';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { modelNamed } from '../../cli/environment.ts';
import { verifyChain } from '../../domain/decisions.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { Story } from './story.ts';

/** What must hold after every story, whatever happened in it; each broken invariant is a sentence. */
export async function brokenInvariants(story: Story): Promise<string[]> {
  await story.quiet();
  const found: string[] = [];
  for (const model of story.environment.models.keys()) found.push(...(await brokenOf(story, model)));
  found.push(...(await leftInQueues(story)));
  for (const { principal, action, resource } of story.cloud.iam.report().denied) {
    found.push(`AccessDenied: ${principal} was denied ${action} on ${resource}`);
  }
  return found;
}

async function brokenOf(story: Story, name: string): Promise<string[]> {
  const found: string[] = [];
  const registry = story.registry(name);
  const model = modelNamed(story.environment, name);
  const [head, versions, decisions, uploads, runs, slot] = await Promise.all([
    registry.head(),
    registry.versions(),
    registry.decisions(),
    registry.uploads(),
    registry.runs(),
    registry.slot(),
  ]);

  const chain = verifyChain(decisions, head.decisions);
  if (!chain.ok) found.push(`${name}: decision ${chain.at}: ${chain.reason}`);
  const champions = versions.filter(({ stage }) => stage === 'CHAMPION').map(({ version }) => version);
  if (champions.join() !== String(head.champion ?? '')) {
    found.push(`${name}: versions in stage CHAMPION are [${champions}], the head says ${head.champion}`);
  }

  const alias = await story.lambda.send(
    new GetAliasCommand({ FunctionName: model.predictFunctionName, Name: LIVE_ALIAS }),
  );
  const weights = Object.values(alias.RoutingConfig?.AdditionalVersionWeights ?? {});
  const champion = versions.find(({ version }) => version === head.champion);
  const expected = champion?.functionVersion ?? '1';
  if (head.rollout === null && (alias.FunctionVersion !== expected || weights.length > 0)) {
    found.push(`${name}: the alias points to ${alias.FunctionVersion} (+${weights}), the registry to ${expected}`);
  }

  for (const { version, artifact, files, gates, stage } of versions) {
    for (const Key of [artifact.key, ...Object.values(files)]) {
      const { Body } = await story.s3.send(new GetObjectCommand({ Bucket: artifact.bucket, Key }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      if (bytes.length === 0) found.push(`${name}: ${Key} of version ${version} is empty`);
      if (Key === artifact.key && sha256 !== artifact.sha256)
        found.push(`${name}: artifact of version ${version} was altered`);
    }
    if (!gates.passed && stage !== 'REJECTED') found.push(`${name}: version ${version} failed a gate and is ${stage}`);
  }

  for (const { key, status, settledAt } of uploads) {
    if (settledAt === null) found.push(`${name}: the upload ${key} has no outcome, it is ${status}`);
  }
  const runningNow = runs.filter(({ endedAt }) => endedAt === null).map(({ runId }) => runId);
  const held = [slot.running, slot.pending].flatMap((entry) => (entry ? [entry.run.runId] : []));
  if (runningNow.sort().join() !== held.sort().join())
    found.push(`${name}: runs [${runningNow}] without an end, slot holds [${held}]`);
  const untold = runs.filter(({ endedAt, announced }) => endedAt !== null && !announced);
  if (untold.length > 0) found.push(`${name}: nobody was told of ${untold.map(({ runId }) => runId)}`);

  const { executions = [] } = await story.sfn.send(
    new ListExecutionsCommand({ stateMachineArn: model.trainStateMachineArn, maxResults: 1000 }),
  );
  const open = executions.filter(({ status }) => status === 'RUNNING');
  if (open.length > 1) found.push(`${name}: ${open.length} executions run at once`);
  return found;
}

async function leftInQueues({ sqs }: Story): Promise<string[]> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const counted = await Promise.all(
    QueueUrls.filter((url) => !url.endsWith('/mailbox')).map(async (QueueUrl) => {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return { QueueUrl, left: Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0) };
    }),
  );
  return counted.filter(({ left }) => left > 0).map(({ QueueUrl, left }) => `${left} messages are left in ${QueueUrl}`);
}
