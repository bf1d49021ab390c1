import { writeFile } from 'node:fs/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { colours } from '../../cli/colours.ts';
import { modelNamed } from '../../cli/environment.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { LIVE_ALIAS, truthPrefix } from '../../domain/names.ts';
import type { Incident } from '../../domain/react/state.ts';
import { counted, showNumber } from '../../domain/wording.ts';
import { type Customer, customers } from './generator.ts';
import type { MonthChapter } from './month.ts';
import { tellRollout, underTraffic } from './rollout-scene.ts';
import { MODEL, type Stage } from './stage.ts';

const REQUESTS_A_DAY = 4;
/** As many as are captured of one request. */
const INSTANCES = 100;
const DAY_MS = 86_400_000;
const NOON_MS = 12 * 3_600_000;

type Labelled = readonly [inferenceId: string, label: string];

/** Days in which callers ask, labels come, and windows are closed. */
export async function playMonth(stage: Stage, chapter: MonthChapter): Promise<string[]> {
  const { timeline, cloud, registry } = stage;
  timeline.chapter(chapter.title, chapter.about);
  const before = new Map((await registry.incidents()).map((incident) => [incident.id, incident]));
  const told = new Map(before);
  const rollouts = (await registry.rollouts()).length;
  const windows: WindowItem[] = [];
  for (const [day, world] of chapter.days.entries()) {
    timeline.busy(`day ${day + 1} of ${chapter.days.length}`);
    await toNoon(stage);
    const labels = await ask(stage, { day, world, chapter });
    await cloud.clock.advance(DAY_MS);
    await upload(stage, labels);
    await cloud.clock.idle();
    const [window] = await registry.windows(1);
    if (window) windows.push(window);
    await tellIncidents(stage, told, window);
    if ((await registry.slot()).running !== null) await followRetraining(stage, rollouts);
  }
  tellWindows(stage, windows);
  await tellMail(stage);
  timeline.endOfChapter();
  return mistakes(chapter, await registry.incidents(), before, (await registry.rollouts()).slice(rollouts));
}

/** The next noon of the cloud's time. */
async function toNoon({ cloud }: Stage): Promise<void> {
  const now = cloud.clock.now();
  const noon = Math.floor(now / DAY_MS) * DAY_MS + NOON_MS;
  await cloud.clock.advance((noon >= now ? noon : noon + DAY_MS) - now);
}

async function ask(
  { lambda, environment }: Stage,
  { day, world, chapter }: { day: number; world: MonthChapter['days'][number]; chapter: MonthChapter },
): Promise<Labelled[]> {
  const { predictFunctionName: FunctionName } = modelNamed(environment, MODEL);
  const people = customers({
    rows: REQUESTS_A_DAY * INSTANCES,
    seed: 1_000 + day + ([...chapter.title].reduce((sum, char) => 31 * sum + char.charCodeAt(0), 7) % 100_000),
    ...world,
  });
  const labelled: Labelled[] = [];
  for (let request = 0; request < REQUESTS_A_DAY; request += 1) {
    const asked = people.slice(request * INSTANCES, (request + 1) * INSTANCES);
    const Payload = Buffer.from(JSON.stringify({ instances: asked.map(withoutTruth) }));
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier: LIVE_ALIAS, Payload }));
    const { inference_ids: ids } = JSON.parse(Buffer.from(answer.Payload ?? []).toString('utf8')) as {
      inference_ids: string[];
    };
    labelled.push(...asked.map(({ churned }, index) => [ids[index] ?? '', churned] as const));
  }
  return labelled;
}

const withoutTruth = ({ churned: _hidden, ...instance }: Customer) => instance;

async function upload({ s3, environment, cloud }: Stage, labels: readonly Labelled[]): Promise<void> {
  const Body = `inference_id,label\n${labels.map((row) => row.join(',')).join('\n')}\n`;
  const day = new Date(cloud.clock.now()).toISOString().slice(0, 10);
  await s3.send(new PutObjectCommand({ Bucket: environment.dataBucket, Key: `${truthPrefix(MODEL)}${day}.csv`, Body }));
}

/** What is new of incidents since they were told last. */
async function tellIncidents(stage: Stage, told: Map<string, Incident>, window: WindowItem | undefined): Promise<void> {
  const { timeline, registry } = stage;
  for (const incident of await registry.incidents()) {
    const known = told.get(incident.id);
    told.set(incident.id, incident);
    if (!known) {
      timeline.event('incident', `${colours.yellow(incident.cause)} in window ${window?.id ?? ''}: ${incident.id}`);
      for (const detail of incident.details.slice(0, 3)) timeline.detail('', detail);
      await keepReport(stage, window);
    }
    for (const { what } of incident.story.slice(known?.story.length ?? 0)) timeline.detail('decided', what);
  }
}

async function keepReport({ timeline, s3, environment, keptFile }: Stage, window: WindowItem | undefined) {
  if (!window?.pageKey) return;
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: environment.artifactBucket, Key: window.pageKey }));
  const file = keptFile(`${MODEL}-window-${window.id.slice(0, 10)}.html`);
  await writeFile(file, (await Body?.transformToString()) ?? '');
  timeline.detail('report', file);
}

function tellWindows({ timeline }: Stage, windows: readonly WindowItem[]): void {
  const counts = new Map<string, number>();
  for (const { status } of windows) counts.set(status, (counts.get(status) ?? 0) + 1);
  const largest = Math.max(0, ...windows.flatMap(({ versions }) => versions.map(({ maxPsi }) => maxPsi ?? 0)));
  const statuses = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
  timeline.event('windows', `${statuses}; largest PSI ${showNumber(largest)}`);
}

/** The same mail often is told once. */
async function tellMail({ timeline, mail }: Stage): Promise<void> {
  const counts = new Map<string, number>();
  for (const subject of await mail()) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  for (const [subject, count] of counts)
    timeline.event('mail', `${colours.italic(subject)}${count > 1 ? ` (${count} times)` : ''}`);
}

/** Callers go on while a model that the controller trained is rolled out. */
async function followRetraining(stage: Stage, rollouts: number): Promise<void> {
  const { registry, timeline, cloud } = stage;
  timeline.event('retrain', 'labelled captures and the last dataset, through the same gates as any upload');
  const ended = async () => {
    while ((await registry.slot()).running !== null) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const { rollouts: fresh, answers } = await underTraffic(stage, ended());
  await cloud.clock.idle();
  const [record] = fresh.length > 0 ? fresh : (await registry.rollouts()).slice(rollouts);
  if (record) await tellRollout(stage, record, answers);
}

function mistakes(
  { title, cause, retrains }: MonthChapter,
  incidents: readonly Incident[],
  before: ReadonlyMap<string, Incident>,
  rollouts: readonly { outcome: string | null }[],
): string[] {
  const fresh = incidents.filter(({ id }) => !before.has(id) || before.get(id)?.status === 'OPEN');
  const causes = [...new Set(fresh.map((incident) => incident.cause))];
  const promoted = rollouts.filter(({ outcome }) => outcome === 'PROMOTED').length;
  return [
    ...(cause === null && causes.length > 0 ? [`${title}: a false alarm about ${causes.join(', ')}`] : []),
    ...(cause !== null && !causes.includes(cause) ? [`${title}: nothing was noticed of ${cause}`] : []),
    ...(retrains && promoted === 0 ? [`${title}: no retrained model was promoted`] : []),
    ...(!retrains && rollouts.length > 0 ? [`${title}: ${counted(rollouts.length, 'rollout')} nobody asked for`] : []),
  ];
}
