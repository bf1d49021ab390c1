import { writeFile } from 'node:fs/promises';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { colours } from '../../cli/colours.ts';
import { modelNamed } from '../../cli/environment.ts';
import type { Decision } from '../../domain/decisions.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { LIVE_ALIAS, truthPrefix } from '../../domain/names.ts';
import type { Incident } from '../../domain/react/state.ts';
import { showNumber } from '../../domain/wording.ts';
import { type Customer, customers } from './generator.ts';
import type { MonthChapter } from './month.ts';
import { tellRollout, underTraffic } from './rollout-scene.ts';
import { MODEL, type Stage } from './stage.ts';

const REQUESTS_A_DAY = 3;
/** As many as are captured of one request. */
const INSTANCES = 100;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Customers of January and February, and callers of rollouts, have smaller numbers. */
const FIRST_CUSTOMER = 1_000_000;
const FIRST_SEED = 20_780;

type Labelled = readonly [inferenceId: string, label: string];

/** Days in which callers ask, windows are closed, and labels come; what is not as it was to be comes back as sentences. */
export async function playMonth(stage: Stage, chapter: MonthChapter): Promise<string[]> {
  const { timeline, cloud, registry } = stage;
  timeline.chapter(chapter.title, chapter.about);
  const before = new Map((await registry.incidents()).map((incident) => [incident.id, incident]));
  const decisions = (await registry.decisions()).length;
  const told = new Map(before);
  const windows: WindowItem[] = [];
  for (const [day, world] of chapter.days.entries()) {
    timeline.busy(`day ${day + 1} of ${chapter.days.length}`);
    await cloud.clock.advance(untilNoon(cloud.clock.now()));
    const labels = await ask(stage, world, chapter.from + day);
    // A little after midnight the window of this day is closed, and what came of it is known.
    const rollout = await toNight(stage, chapter.decides.includes('RETRAIN'));
    const [window] = await registry.windows(1);
    if (window) windows.push(window);
    await tellIncidents(stage, told, window);
    if (rollout) {
      await followRollout(stage);
      break;
    }
    await upload(stage, labels);
  }
  await cloud.clock.idle();
  tellWindows(stage, windows);
  await tellMail(stage);
  timeline.endOfChapter();
  const fresh = (await registry.incidents()).filter(({ id, status }) => status === 'OPEN' || !before.has(id));
  return mistakes(chapter, fresh, (await registry.decisions()).slice(decisions));
}

/**
 * Until one o'clock at night, or until a rollout wants callers: with nobody about, its waits would be skipped to its limit.
 */
async function toNight({ cloud, registry }: Stage, expectsRollout: boolean): Promise<boolean> {
  const night = cloud.clock.now() + 13 * HOUR_MS;
  if (!expectsRollout) {
    await cloud.clock.advance(13 * HOUR_MS);
    return false;
  }
  let found = false;
  await cloud.clock.run('a day', async (work) => {
    while (!found && cloud.clock.now() < night) {
      await work.sleep(Math.min(HOUR_MS / 4, night - cloud.clock.now()));
      found = (await registry.head()).rollout !== null;
    }
  });
  return found;
}

/** Milliseconds until the next noon. */
const untilNoon = (now: number) => DAY_MS - ((now + DAY_MS / 2) % DAY_MS);

async function ask(
  { lambda, environment }: Stage,
  world: MonthChapter['days'][number],
  day: number,
): Promise<Labelled[]> {
  const { predictFunctionName: FunctionName } = modelNamed(environment, MODEL);
  const rows = REQUESTS_A_DAY * INSTANCES;
  const people = customers({
    rows,
    seed: FIRST_SEED + day,
    firstCustomer: FIRST_CUSTOMER + day * rows,
    callsMissing: 0.02,
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
    // That it was opened has been told.
    for (const { what } of incident.story.slice(known?.story.length ?? 1))
      timeline.detail('decided', `${incident.cause}: ${what}`);
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

/** Callers go on while what the controller trained is rolled out. */
async function followRollout(stage: Stage): Promise<void> {
  const { registry, cloud } = stage;
  const ended = async () => {
    while ((await registry.slot()).running !== null) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  const { answers } = await underTraffic(stage, ended());
  await cloud.clock.idle();
  const record = (await registry.rollouts()).at(-1);
  if (record) await tellRollout(stage, record, answers);
}

/** The same mail often is told once. */
async function tellMail({ timeline, mail }: Stage): Promise<void> {
  const counts = new Map<string, number>();
  for (const subject of await mail()) counts.set(subject, (counts.get(subject) ?? 0) + 1);
  for (const [subject, count] of counts)
    timeline.event('mail', `${colours.italic(subject)}${count > 1 ? ` (${count} times)` : ''}`);
}

function mistakes(
  { title, cause, decides }: MonthChapter,
  incidents: readonly Incident[],
  decisions: readonly Decision[],
): string[] {
  const causes = [...new Set(incidents.map((incident) => incident.cause))];
  const reactions = decisions.filter(({ kind }) => kind === 'REACTED').map(({ after }) => JSON.stringify(after));
  return [
    ...(cause === null && causes.length > 0 ? [`${title}: a false alarm about ${causes.join(', ')}`] : []),
    ...(cause !== null && !causes.includes(cause) ? [`${title}: nothing was noticed of ${cause}`] : []),
    ...decides
      .filter((reaction) => !reactions.some((text) => text.includes(`"${reaction.toLowerCase()}:`)))
      .map((reaction) => `${title}: no ${reaction} was decided`),
  ];
}
