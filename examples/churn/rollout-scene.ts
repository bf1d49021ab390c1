import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { colours } from '../../cli/colours.ts';
import { modelNamed } from '../../cli/environment.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { showDuration } from '../../domain/rollout/wording.ts';
import { counted, showCount } from '../../domain/wording.ts';
import type { CodeChapter } from './chapters.ts';
import { customers } from './generator.ts';
import { withPredictCode } from './new-code.ts';
import { MODEL, type Stage } from './stage.ts';
import { type Answered, liveTraffic } from './traffic.ts';

const CALLERS = customers({ rows: 2_000, seed: 77, firstCustomer: 500_000, callsMissing: 0.02 }).map(
  ({ churned: _hidden, ...instance }) => instance,
);
const REQUESTS_PER_MINUTE = 600;

/** Does something while callers ask, telling each change of the weights, until the rollout that came of it has ended. */
export async function underTraffic<T>(
  stage: Stage,
  work: Promise<T>,
): Promise<{ result: T; rollouts: RolloutRecord[]; answers: Answered[] }> {
  const known = (await stage.registry.rollouts()).length;
  let finished = false;
  const result = work.finally(() => {
    finished = true;
  });
  let told = '';
  const traffic = liveTraffic(
    { clock: stage.cloud.clock, lambda: stage.lambda },
    modelNamed(stage.environment, MODEL).predictFunctionName,
    {
      perMinute: REQUESTS_PER_MINUTE,
      instance: (index) => CALLERS[index % CALLERS.length] ?? {},
      async until() {
        told = await tellWeights(stage, told);
        return finished;
      },
    },
  );
  const [value, answers] = await Promise.all([result, traffic]);
  return { result: value, rollouts: (await stage.registry.rollouts()).slice(known), answers };
}

/** What Lambda says of the traffic, when it says something else than before. */
async function tellWeights({ lambda, environment, timeline, registry }: Stage, before: string): Promise<string> {
  const { predictFunctionName: FunctionName } = modelNamed(environment, MODEL);
  const { RoutingConfig } = await lambda.send(new GetAliasCommand({ FunctionName, Name: LIVE_ALIAS }));
  const [weight] = Object.values(RoutingConfig?.AdditionalVersionWeights ?? {});
  if (weight === undefined) return before;
  const record = (await registry.rollouts()).at(-1);
  const text = `${Math.round(100 * weight)} % of the traffic to ${nameOf(record)}`;
  if (text === before || !record) return text;
  if (before === '') timeline.event('rollout', record.estimate[0] ?? record.strategy);
  timeline.event('traffic', text);
  return text;
}

const nameOf = (record: RolloutRecord | undefined) =>
  `${MODEL} ${record?.semver ?? ''}${record?.kind === 'CODE' ? ' on new code' : ''}`;

/** How a rollout ended and why, with what the callers met, and its card. */
export async function tellRollout(
  { timeline, s3, keptFile }: Stage,
  record: RolloutRecord,
  answers: readonly Answered[],
): Promise<void> {
  const { startedAt, endedAt, outcome, why, cardKey, to } = record;
  const lasted = showDuration(Date.parse(endedAt ?? startedAt) - Date.parse(startedAt));
  const word = outcome === 'PROMOTED' ? colours.green('PROMOTED') : colours.red(outcome?.replace('_', ' ') ?? '');
  timeline.event('rollout', `${word} after ${lasted}: ${why}`);
  const failed = answers.filter((answer) => answer.failed);
  const champions = failed.filter(({ functionVersion }) => functionVersion !== to).length;
  const whose = failed.length === 0 ? '' : `, ${champions} of them by the champion`;
  timeline.detail('callers', `${showCount(answers.length)} requests, ${showCount(failed.length)} failed${whose}`);
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(cardKey ?? '') ?? [];
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const file = keptFile(`${MODEL}-${record.semver}-rollout-${record.token}.html`);
  await writeFile(file, (await Body?.transformToString()) ?? '');
  timeline.detail('card', file);
}

/** Deploys other code while callers ask, and puts the old one back afterwards. */
export async function playCode(stage: Stage, chapter: CodeChapter): Promise<string[]> {
  const { timeline, cloud, assembly, registry } = stage;
  timeline.chapter(chapter.title, chapter.about);
  // A month passes; what an earlier challenger did must not keep this one waiting.
  await cloud.clock.advance(30 * 60_000);
  const count = (await registry.rollouts()).length;
  const into = join(stage.scratch, `cdk.out-${count}`);
  const changed = await withPredictCode(assembly, { model: MODEL, wrapper: chapter.code, into });
  await cloud.deploy(changed.directory, changed);
  timeline.event('deploy', 'cdk deploy with new code; the traffic stays where it is until the rollout moves it');
  const { rollouts, answers } = await underTraffic(stage, ended(stage, count));
  const [record] = rollouts;
  if (!record) return [`no rollout of ${chapter.title}`];
  await tellRollout(stage, record, answers);
  for (const subject of await stage.mail()) timeline.event('mail', colours.italic(subject));
  await cloud.deploy(assembly.directory, assembly);
  await cloud.clock.idle();
  timeline.endOfChapter();
  const champions = answers.filter(({ failed, functionVersion }) => failed && functionVersion !== record.to).length;
  return [
    ...(record.outcome === chapter.expected ? [] : [`${chapter.title} ended as ${record.outcome}`]),
    ...(chapter.because.test(record.why ?? '') ? [] : [`${chapter.title} ended because: ${record.why}`]),
    ...(champions === 0 ? [] : [`the champion failed ${counted(champions, 'request')}`]),
  ];
}

/** Waits until the rollout after the first `count` has ended and people were told. */
async function ended({ registry }: Stage, count: number): Promise<void> {
  while (!(await registry.rollouts())[count]?.told) await new Promise((resolve) => setTimeout(resolve, 100));
}
