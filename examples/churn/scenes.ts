import { writeFile } from 'node:fs/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { colours } from '../../cli/colours.ts';
import { modelNamed } from '../../cli/environment.ts';
import { type Followed, follow, historyReader } from '../../cli/follow.ts';
import { coloured } from '../../cli/io.ts';
import { cardSchema } from '../../domain/card.ts';
import { LIVE_ALIAS, RUN_FILES, runPrefix, trainingPrefix } from '../../domain/names.ts';
import type { RunItem, Version } from '../../domain/registry-items.ts';
import { uploadId } from '../../domain/slot.ts';
import { counted, metricLabel, showCount, showInterval, showNumber, showPercent } from '../../domain/wording.ts';
import type { Chapter, UploadChapter } from './chapters.ts';
import { customers } from './generator.ts';
import { playMonth } from './month-scene.ts';
import { playCode, tellRollout, underTraffic } from './rollout-scene.ts';
import { MODEL, type Stage } from './stage.ts';
import { bar, plot } from './timeline.ts';

/** One chapter; what is not as it was to be comes back as sentences. */
export function play(stage: Stage, chapter: Chapter): Promise<string[]> {
  if (chapter.kind === 'code') return playCode(stage, chapter);
  return chapter.kind === 'month' ? playMonth(stage, chapter) : playUpload(stage, chapter);
}

/** One upload, followed to its outcome. */
async function playUpload(stage: Stage, chapter: UploadChapter): Promise<string[]> {
  const { timeline, environment, registry, s3, cloud } = stage;
  timeline.chapter(chapter.title, chapter.about);
  const serving = (await registry.head()).champion !== null;
  const Key = trainingPrefix(MODEL) + chapter.file;
  const { VersionId = '' } = await s3.send(
    new PutObjectCommand({ Bucket: environment.dataBucket, Key, Body: chapter.content }),
  );
  const rows = chapter.content.split('\n').length - 2;
  timeline.event('upload', `${showCount(rows)} rows to s3://…/${Key}`);
  const outcome = follow(uploadId(VersionId), {
    registry,
    statesOf: historyReader(),
    progress: (line) => timeline.busy(line.trim()),
    pause: () => new Promise((resolve) => setTimeout(resolve, 100)),
    now: () => performance.now(),
  });
  const {
    result: followed,
    rollouts,
    answers,
  } = serving ? await underTraffic(stage, outcome) : { result: await outcome, rollouts: [], answers: [] };
  // The run's last words and the mail come after the outcome.
  await cloud.clock.idle();
  if (!followed) return [`nothing became of ${chapter.file}`];
  for (const record of rollouts) await tellRollout(stage, record, answers);
  await tellRun(stage, followed);
  if (followed.status === 'REGISTERED') await predict(stage);
  for (const subject of await stage.mail()) timeline.event('mail', colours.italic(subject));
  timeline.endOfChapter();
  const failed = answers.filter((answer) => answer.failed).length;
  return [
    ...(followed.status === chapter.expected
      ? []
      : [`${chapter.file} ended as ${followed.status}, expected ${chapter.expected}`]),
    ...(failed === 0 ? [] : [`callers met ${failed} failures meanwhile`]),
  ];
}

async function tellRun({ timeline, registry, s3, environment, keptFile }: Stage, { status, run }: Followed) {
  if (!run) return;
  timeline.event('run', await trail(run));
  const version = run.version ? await registry.version(run.version) : null;
  const name = version ? ` as ${MODEL} ${colours.bold(version.semver)}` : '';
  timeline.event(
    'outcome',
    `${coloured(status)}${name}${version?.stage === 'CHAMPION' ? ', which serves from now on' : ''}`,
  );
  for (const reason of run.reasons.slice(0, 3)) timeline.detail('', reason);
  if (!version) {
    timeline.detail('report', `s3://…/${run.reportKey?.replace(/([0-9a-f]{8})[0-9a-f]{56}/, '$1…')}`);
    return;
  }
  tellMetrics(timeline, version);
  const read = async (file: string) => {
    const Key = runPrefix(MODEL, run.runId) + file;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: environment.artifactBucket, Key }));
    return (await Body?.transformToString()) ?? '';
  };
  const { evaluation } = cardSchema.parse(JSON.parse(await read(RUN_FILES.cardJson)));
  const strongest = evaluation.importance.slice(0, 4);
  timeline.detail(
    'looks at',
    strongest.map(({ column, importance }) => `${column} ${Math.round(100 * importance)} %`).join(', '),
  );
  const file = keptFile(`${MODEL}-${version.semver}.html`);
  await writeFile(file, await read(RUN_FILES.cardHtml));
  timeline.detail('card', file);
}

/** The states of a run, with what those took that took a while. */
async function trail({ executionArn }: RunItem): Promise<string> {
  const states = executionArn === null ? [] : await historyReader()(executionArn);
  return states
    .map(({ name, at }, index) => {
      const seconds = ((states[index + 1]?.at ?? at).getTime() - at.getTime()) / 1000;
      return unbroken(seconds >= 0.1 ? `${name} ${colours.dim(`${seconds.toFixed(1)} s`)}` : name);
    })
    .join(colours.dim(' → '));
}

/** Spaces at which no line is broken. */
const unbroken = (text: string) => text.replaceAll(' ', '\u00a0');

function tellMetrics(timeline: Stage['timeline'], { metrics }: Version): void {
  for (const [name, estimate] of Object.entries(metrics).slice(0, 3)) {
    const drawn = name === 'auc' ? `  ${colours.dim('0.5')} ${plot(estimate, [0.5, 1])} ${colours.dim('1')}` : '';
    const text = `${metricLabel(name).padEnd(12)} ${showNumber(estimate.value)}  ${colours.dim(showInterval(estimate))}${drawn}`;
    timeline.detail(name === 'auc' ? 'measured' : '', text);
  }
}

const CROWD = customers({ rows: 300, seed: 99, firstCustomer: 900_000 });

/** Customers that no dataset holds: one who calls a lot and may leave, one of whose calls nobody knows, a loyal one. */
const STRANGERS = [
  CROWD.find(({ contract, support_calls: calls }) => contract === 'month-to-month' && (calls ?? 0) >= 4),
  CROWD.find(({ contract, support_calls: calls }) => contract === 'one year' && calls === null),
  CROWD.find(({ contract, tenure_months: tenure }) => contract === 'two years' && tenure > 24),
].filter((customer) => customer !== undefined);

/** Asks whoever serves. */
async function predict({ environment, lambda, timeline }: Stage): Promise<void> {
  const { predictFunctionName: FunctionName } = modelNamed(environment, MODEL);
  const instances = STRANGERS.map(({ churned: _hidden, ...instance }) => instance);
  const Payload = Buffer.from(JSON.stringify({ instances }));
  const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier: LIVE_ALIAS, Payload }));
  const { predictions, model_version: semver } = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')) as {
    predictions: { label: string; score: number }[];
    model_version: string;
  };
  timeline.event('predict', `three customers, answered by ${MODEL} ${semver}`);
  for (const [index, { label, score }] of predictions.entries()) {
    const { contract, tenure_months: tenure, support_calls: calls } = instances[index] ?? {};
    const who = `${contract}, ${counted(tenure ?? 0, 'month')}, ${calls === null ? 'unknown calls' : counted(calls ?? 0, 'call')}`;
    const verdict = label === 'yes' ? colours.red('leaves') : colours.green('stays');
    timeline.detail('', `${who.padEnd(38)} ${bar(score)} ${showPercent(score).padStart(6)}  ${verdict}`);
  }
}
