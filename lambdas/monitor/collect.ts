import * as z from 'zod';
import { dueCohorts, firstOpenDay } from '../../domain/monitor/cohorts.ts';
import type { Collected, WorkItem } from '../../domain/monitor/flow.ts';
import { divide, hoursOf, select, type WindowPlan } from '../../domain/monitor/plan.ts';
import { dueWindow, type WindowItem } from '../../domain/monitor/window.ts';
import { labelsPrefix, WINDOW_FILES, windowPrefix } from '../../domain/names.ts';
import { maturity, mergeDelays, noDelays } from '../../domain/quality/maturity.ts';
import { listCaptures } from '../shared/captures.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { captureStopped } from './capture-stopped.ts';
import { compare } from './compare.ts';
import type { MonitorPorts } from './ports.ts';

const NOT_DUE: Collected = { status: 'NOT_DUE', window: null, objects: null };

/**
 * Claims the window that is due for one execution and lists what belongs to it; repeated by the same one, lists it anew.
 * A window that another execution works on, or has closed, is not due any more.
 */
export async function collect(
  { owner, time }: { owner: string; time: string },
  ports: MonitorPorts,
): Promise<Collected> {
  const window = await onConflictRetry(() => claim({ owner, time }, ports));
  if (!window) return NOT_DUE;
  const { objects, artifactBucket: bucket } = ports;
  const selection = select(window, await capturesOf(hoursOf(window), ports), await takenBefore(window, ports));
  const { items: labelled, labelKeys } = await labelWork(window, ports);
  const items = [...divide(selection.objects, { attempt: window.attempt }), ...labelled];
  if (items.length === 0) return closeIdle(window, ports);
  const key = (file: string) => `${windowPrefix(window.model, window.id)}${file}`;
  const plan: WindowPlan = {
    format: 1,
    attempt: window.attempt,
    objects: selection.objects.length,
    late: selection.late,
    taken: [...selection.taken],
    labelKeys,
    items,
  };
  await objects.putJson({ bucket, key: key(WINDOW_FILES.plan) }, plan);
  await objects.putJson({ bucket, key: key(WINDOW_FILES.objects) }, items);
  return { status: 'WORK', window: window.id, objects: { bucket, key: key(WINDOW_FILES.objects) } };
}

/** Nothing is there to look at: closed at once, which is all that an hour without traffic costs, unless something is wrong. */
async function closeIdle(window: WindowItem, ports: MonitorPorts): Promise<Collected> {
  if (await captureStopped(window, ports)) return { status: 'IDLE', window: window.id, objects: null };
  await compare({ window: window.id, owner: window.owner, work: false }, ports);
  return { ...NOT_DUE, window: window.id };
}

/** The window that this execution works on now; null when none is due. */
async function claim(
  { owner, time }: { owner: string; time: string },
  { registry, executions, config, now }: MonitorPorts,
): Promise<WindowItem | null> {
  const [last] = await registry.windows(1);
  if (last?.owner === owner) return last.status === 'RUNNING' ? last : null;
  if (last?.status === 'RUNNING' && (await executions.isRunning(last.owner))) return null;
  // What failed, or ended without a word, is done again, together with what has become due since.
  const again = last && (last.status === 'RUNNING' || last.status === 'FAILED') ? last : null;
  const due = dueWindow(time, config.monitoring.every, again?.from ?? last?.to ?? null);
  if (!due) return null;
  const window: WindowItem = {
    model: config.name,
    ...due,
    status: 'RUNNING',
    owner,
    attempt: (again?.attempt ?? 0) + 1,
    revision: (again?.revision ?? 0) + 1,
    startedAt: now(),
    endedAt: null,
    champion: null,
    captured: { rows: 0, objects: 0, lateObjects: 0, brokenLines: 0, brokenObjects: 0, leftOut: 0 },
    captureStopped: false,
    versions: [],
    quality: null,
    sentence: '',
    planKey: last?.planKey ?? null,
    reportKey: null,
    pageKey: null,
    failure: null,
  };
  await registry.write({ window });
  return window;
}

const takenSchema = z.object({ taken: z.array(z.string()) });

/** What earlier windows have looked at, as the last one that looked at anything has written it down. */
async function takenBefore({ planKey }: WindowItem, { objects, artifactBucket: bucket }: MonitorPorts) {
  if (planKey === null) return new Set<string>();
  return new Set((await objects.getJson({ bucket, key: planKey }, takenSchema)).taken);
}

const capturesOf = (hours: { from: string; to: string }, { listing, dataBucket: bucket, config }: MonitorPorts) =>
  listCaptures(listing, { bucket, model: config.name, hours });

/** Captures of earlier days whose labels may be enough by now. */
async function labelWork(window: WindowItem, ports: MonitorPorts): Promise<{ items: WorkItem[]; labelKeys: string[] }> {
  const { registry, listing, config, artifactBucket: bucket } = ports;
  const since = firstOpenDay(window.to);
  const known = await registry.cohorts(since);
  const open = known.filter(({ status }) => status === 'OPEN');
  const [first] = open;
  if (!first) return { items: [], labelKeys: [] };
  const prefix = labelsPrefix(config.name);
  const labelKeys: string[] = [];
  const after = `${prefix}day=${open.reduce((least, { day }) => (day < least ? day : least), first.day)}`;
  for await (const { key } of listing.objects({ bucket, prefix, after })) labelKeys.push(key);
  const delays = known.flatMap((cohort) => cohort.delays ?? []).reduce(mergeDelays, noDelays);
  const maturityMs = maturity(delays, config.monitoring.quality.maturity ?? null);
  const items: WorkItem[] = [];
  for (const { day, version } of dueCohorts(open, { now: window.to, maturityMs, labelKeys })) {
    const found = await capturesOf({ from: `${day}T00`, to: `${day}T23` }, ports);
    const own = found.filter((object) => object.version === version);
    items.push(...divide(own, { attempt: window.attempt, cohort: day }));
  }
  return { items, labelKeys: items.length > 0 ? labelKeys : [] };
}
