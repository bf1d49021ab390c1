import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import pc from 'picocolors';
import { shellExports } from '../../cli/commands/local.ts';
import { type DeployedEnvironment, findEnvironment, modelNamed } from '../../cli/environment.ts';
import { type Followed, follow, historyReader } from '../../cli/follow.ts';
import { coloured } from '../../cli/io.ts';
import { synthesizeInto } from '../../cli/synthesize-into.ts';
import { verifyChain } from '../../domain/decisions.ts';
import { LIVE_ALIAS, RUN_FILES, runPrefix, trainingPrefix } from '../../domain/names.ts';
import { uploadId } from '../../domain/slot.ts';
import { dynamoRegistry, type Registry } from '../../lambdas/shared/registry.ts';
import { type Cloud, startCloud } from '../../local/cloud.ts';
import { customers, toCsv } from './generator.ts';
import { Timeline } from './timeline.ts';

/** What `npm start` plays: the main job of Sluice, on the local cloud, in skipped time. */

const MODEL = 'churn';
const STAGE = 'dev';
const KEEP = process.argv.includes('--keep');

interface Stage {
  readonly cloud: Cloud;
  readonly environment: DeployedEnvironment;
  readonly registry: Registry;
  readonly s3: S3Client;
  readonly lambda: LambdaClient;
  readonly timeline: Timeline;
}

interface Chapter {
  readonly title: string;
  readonly file: string;
  readonly content: string;
  readonly expected: Followed['status'];
}

const CHAPTERS: readonly Chapter[] = [
  {
    title: 'The first dataset: 5 000 customers, mixed types, missing values',
    file: 'january.csv',
    content: toCsv(customers({ rows: 5_000, seed: 1, callsMissing: 0.5 })),
    expected: 'REGISTERED',
  },
  {
    title: 'A better one: twice the customers, and support calls that somebody wrote down',
    file: 'february.csv',
    content: toCsv(customers({ rows: 10_000, seed: 2, callsMissing: 0.02 })),
    expected: 'REGISTERED',
  },
  {
    title: 'A corrupt one: an export that broke in row 3 000',
    file: 'march-broken.csv',
    content: corrupt(toCsv(customers({ rows: 4_000, seed: 3 })), 3_000),
    expected: 'QUARANTINED',
  },
  {
    title: 'A worse one: a third of the labels say the opposite of what happened',
    file: 'april.csv',
    content: toCsv(customers({ rows: 4_000, seed: 4, labelNoise: 0.33 })),
    expected: 'REJECTED',
  },
];

/** From one row on, the fee is a text: what a spreadsheet makes of a column when nobody looks. */
function corrupt(csv: string, row: number): string {
  return csv
    .split('\n')
    .map((line, index) => (index > row && line !== '' ? line.replace(/,(\d+\.\d+),/, ',"EUR $1",') : line))
    .join('\n');
}

async function play(): Promise<number> {
  const started = performance.now();
  const timeline = new Timeline((line) => process.stdout.write(`${line}\n`));
  timeline.heading('Sluice', 'a story on the local cloud: no AWS account, no Docker, no network; waits are skipped');
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-story-'));
  const cloud = await startCloud({ time: 'skip' });
  try {
    const stage = await deploy(cloud, scratch, timeline);
    const failures: string[] = [];
    for (const chapter of CHAPTERS) {
      const followed = await upload(stage, chapter, scratch);
      if (followed?.status !== chapter.expected) {
        failures.push(`${chapter.file} ended as ${followed?.status ?? 'nothing'}, expected ${chapter.expected}`);
      }
      if (followed?.status === 'REGISTERED') await predict(stage);
    }
    failures.push(...(await summary(stage, scratch)));
    timeline.end((performance.now() - started) / 1000, failures);
    if (KEEP) await stay(cloud, timeline);
    return failures.length === 0 ? 0 : 1;
  } finally {
    await cloud.stop();
    if (!KEEP) await rm(join(scratch, 'cdk.out'), { recursive: true, force: true });
  }
}

async function deploy(cloud: Cloud, scratch: string, timeline: Timeline): Promise<Stage> {
  timeline.chapter('Deploy: the templates that cdk deploy would deploy');
  const assembly = await synthesizeInto(join(scratch, 'cdk.out'), { environment: STAGE });
  timeline.event('synth', 'cloud assembly written');
  const { stacks } = await cloud.deploy(assembly.directory, { stage: assembly.stage });
  for (const { stack, created } of stacks) timeline.event('deploy', `${stack}: ${created.length} resources`);
  Object.assign(process.env, shellExports(cloud.endpoint, cloud.context.region));
  const environment = await findEnvironment(STAGE);
  return {
    cloud,
    environment,
    registry: dynamoRegistry(environment.registryTable, MODEL),
    s3: new S3Client({}),
    lambda: new LambdaClient({}),
    timeline,
  };
}

async function upload(stage: Stage, chapter: Chapter, scratch: string): Promise<Followed | null> {
  const { environment, registry, s3, timeline, cloud } = stage;
  timeline.chapter(chapter.title);
  const Key = trainingPrefix(MODEL) + chapter.file;
  const { VersionId = '' } = await s3.send(
    new PutObjectCommand({ Bucket: environment.dataBucket, Key, Body: chapter.content }),
  );
  const rows = chapter.content.split('\n').length - 2;
  timeline.event('upload', `s3://…/${Key}  ${rows.toLocaleString('en')} rows`);
  const followed = await follow(uploadId(VersionId), {
    registry,
    statesOf: historyReader(),
    progress: (line) => timeline.progress(line.trim()),
    pause: () => new Promise((resolve) => setTimeout(resolve, 100)),
    now: () => cloud.clock.now(),
  });
  timeline.flush();
  if (followed) await tellOutcome(stage, followed, scratch);
  return followed;
}

async function tellOutcome({ environment, registry, s3, timeline }: Stage, { status, run }: Followed, scratch: string) {
  const version = run?.version ? await registry.version(run.version) : null;
  const name = version ? ` as ${MODEL} ${version.semver}` : '';
  timeline.event('outcome', `${coloured(status)}${name}${version?.stage === 'CHAMPION' ? ', serving' : ''}`);
  for (const reason of run?.reasons ?? []) timeline.detail(reason);
  for (const [metric, { value, lower, upper }] of Object.entries(version?.metrics ?? {}).slice(0, 3)) {
    timeline.detail(
      `${metric.padEnd(9)} ${value.toFixed(3)}  (95 % interval ${lower.toFixed(3)} to ${upper.toFixed(3)})`,
    );
  }
  if (!version || !run) return;
  const Key = runPrefix(MODEL, run.runId) + RUN_FILES.cardHtml;
  const page = await s3.send(new GetObjectCommand({ Bucket: environment.artifactBucket, Key }));
  const file = join(scratch, `card-${version.semver}.html`);
  await writeFile(file, (await page.Body?.transformToString()) ?? '');
  timeline.event('card', file);
}

/** Three customers that no dataset held, asked of whoever serves. */
async function predict({ environment, lambda, timeline }: Stage): Promise<void> {
  const { predictFunctionName } = modelNamed(environment, MODEL);
  const rows = customers({ rows: 3, seed: 99, firstCustomer: 900_000 });
  const instances = rows.map(({ churned: _hidden, ...instance }) => instance);
  const { Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: predictFunctionName,
      Qualifier: LIVE_ALIAS,
      Payload: Buffer.from(JSON.stringify({ instances })),
    }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as {
    predictions?: { label: string; score: number }[];
    model_version?: string;
  };
  for (const [index, prediction] of (answer.predictions ?? []).entries()) {
    const { contract, tenure_months: tenure, support_calls: calls } = instances[index] ?? {};
    const who = `${contract}, ${tenure} months, ${calls ?? '?'} calls`;
    timeline.event(
      index === 0 ? 'predict' : '',
      `${who.padEnd(38)} churns: ${prediction.label.padEnd(3)} (${prediction.score.toFixed(2)})`,
    );
  }
  timeline.detail(`answered by ${MODEL} ${answer.model_version}`);
}

async function summary({ environment, registry, cloud, timeline }: Stage, scratch: string): Promise<string[]> {
  timeline.chapter('What stands in the end');
  const [head, versions, decisions, uploads] = await Promise.all([
    registry.head(),
    registry.versions(),
    registry.decisions(),
    registry.uploads(),
  ]);
  for (const { version, semver, stage, gates } of versions) {
    timeline.event(
      'version',
      `${version}  ${semver}  ${coloured(stage)}  ${gates.passed ? '' : (gates.failed[0] ?? '')}`,
    );
  }
  for (const { key, status } of uploads.sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1))) {
    timeline.event('upload', `${key.padEnd(32)} ${coloured(status)}`);
  }
  const chain = verifyChain(decisions, head.decisions);
  timeline.event(
    'audit',
    chain.ok ? `${chain.decisions} decisions in an unbroken hash chain` : `BROKEN: ${chain.reason}`,
  );
  const denied = cloud.iam.report().denied.length;
  timeline.event('iam', `every call checked against the roles' policies, ${denied} denied`);
  timeline.event('look', `${modelNamed(environment, MODEL).predictUrl}  cards in ${scratch}`);
  return [
    ...(chain.ok ? [] : [`the decision chain is broken: ${chain.reason}`]),
    ...(denied === 0 ? [] : [`${denied} calls were denied`]),
  ];
}

async function stay(cloud: Cloud, timeline: Timeline): Promise<void> {
  timeline.chapter('The cloud stays until Ctrl+C');
  for (const [name, value] of Object.entries(shellExports(cloud.endpoint, cloud.context.region))) {
    process.stdout.write(`export ${name}=${value}\n`);
  }
  process.stdout.write(pc.dim(`\ntry: npx sluice models; npx sluice card ${MODEL}; npx sluice verify ${MODEL}\n`));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

process.exitCode = await play();
