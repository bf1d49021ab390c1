import { emptyMonitorState } from '../../domain/drift/state.ts';
import { ageOf, firstOpenDay, labelsSince, missedCohorts } from '../../domain/monitor/cohorts.ts';
import type { LabelledItem } from '../../domain/monitor/flow.ts';
import { mergeLabelled } from '../../domain/monitor/merge.ts';
import { qualityReport, summarizeQuality } from '../../domain/monitor/quality-report.ts';
import { type CohortItem, cohortId, type MonitorItem } from '../../domain/monitor/record.ts';
import type { QualityReport } from '../../domain/monitor/report.ts';
import { dayOf, type QualitySummary, type WindowItem } from '../../domain/monitor/window.ts';
import { maturity, mergeDelays, noDelays } from '../../domain/quality/maturity.ts';
import { qualityReference } from '../../domain/quality/reference.ts';
import { scoreCohort } from '../../domain/quality/score.ts';
import { qualitySettings } from '../../domain/quality/settings.ts';
import { emptyQualityState } from '../../domain/quality/state.ts';
import type { FoundInWindow } from './found.ts';
import type { JudgedVersion } from './judge-version.ts';
import type { MonitorPorts } from './ports.ts';
import { versionFiles } from './version-files.ts';

/** What labels say, and all that has to be kept of a window beside itself. */
export interface JudgedQuality {
  readonly champion: QualitySummary | null;
  readonly reports: ReadonlyMap<number, QualityReport>;
  readonly monitors: readonly MonitorItem[];
  readonly cohorts: readonly CohortItem[];
}

interface Facts {
  readonly window: WindowItem;
  readonly champion: number | null;
  readonly found: FoundInWindow | null;
  readonly judged: readonly JudgedVersion[];
}

/**
 * Scores the days whose labels were matched in this window, each once and each for its own version, and opens those that
 * the captures of this window belong to.
 */
export async function judgeQuality(facts: Facts, ports: MonitorPorts): Promise<JudgedQuality> {
  const { window, champion, found, judged } = facts;
  const known = await ports.registry.cohorts(firstOpenDay(window.to));
  const changed = new Map(opened(facts, known).map((cohort) => [cohort.id, cohort]));
  const monitors = new Map(judged.flatMap(({ monitor }) => (monitor ? [[monitor.version, monitor] as const] : [])));
  const scored = new Map<number, string[]>();
  for (const { cohort, items } of matched(found, known)) {
    const outcome = await score(cohort, items, { facts, known, monitors }, ports);
    changed.set(cohort.id, outcome.cohort);
    if (!outcome.monitor) continue;
    monitors.set(cohort.version, outcome.monitor);
    scored.set(cohort.version, [...(scored.get(cohort.version) ?? []), cohort.day]);
  }
  for (const cohort of missedCohorts(known, window.to).slice(0, MOST_MISSED))
    if (!changed.has(cohort.id)) changed.set(cohort.id, { ...cohort, status: 'MISSED', revision: cohort.revision + 1 });

  const cohorts = [...known.filter(({ id }) => !changed.has(id)), ...changed.values()];
  const reports = new Map<number, QualityReport>();
  for (const version of new Set([...judged.map((one) => one.version), ...(champion === null ? [] : [champion])])) {
    const monitor = monitors.get(version) ?? (await ports.registry.monitor(version));
    const own = cohorts.filter((cohort) => cohort.version === version);
    reports.set(version, qualityReport({ version, monitor, cohorts: own, scored: scored.get(version) ?? [] }));
  }
  return {
    champion: champion === null ? null : summarizeQuality(reports.get(champion) ?? null),
    reports,
    monitors: [...monitors.values()],
    cohorts: [...changed.values()],
  };
}

/** A write holds a hundred items. What is missed waits for the next window; an outage of weeks opens its last days. */
const MOST_MISSED = 30;
const MOST_OPENED = 40;

/** Days that all children have come back from, oldest first. */
function matched(found: FoundInWindow | null, known: readonly CohortItem[]) {
  const wanted = (found?.plan.items ?? []).filter(({ cohort }) => cohort !== null);
  return known
    .map((cohort) => {
      const of = ({ cohort: day, version }: { cohort: string | null; version: number }) =>
        day === cohort.day && version === cohort.version;
      return { cohort, items: (found?.labelled ?? []).filter(of), expected: wanted.filter(of).length };
    })
    .filter(({ cohort, items, expected }) => cohort.status === 'OPEN' && expected > 0 && items.length === expected)
    .sort((a, b) => (a.cohort.id < b.cohort.id ? -1 : 1));
}

async function score(
  cohort: CohortItem,
  items: readonly LabelledItem[],
  { facts, known, monitors }: { facts: Facts; known: readonly CohortItem[]; monitors: Map<number, MonitorItem> },
  ports: MonitorPorts,
): Promise<{ cohort: CohortItem; monitor: MonitorItem | null }> {
  const { window, found } = facts;
  const { rows, labelled, losses, slices, delays } = mergeLabelled(items);
  const looked: CohortItem = {
    ...cohort,
    rows,
    labelled,
    loss: labelled === 0 ? null : losses / labelled,
    delays,
    labelObjects: labelsSince(found?.plan.labelKeys ?? [], cohort.day),
    lookedOn: dayOf(window.to),
    revision: cohort.revision + 1,
  };
  const { scores } = await versionFiles(cohort.version, ports);
  if (!scores || items.some(({ unjudged }) => unjudged !== null)) return { cohort: looked, monitor: null };
  const before = await monitorOf(cohort.version, { window, monitors }, ports);
  const settings = qualitySettings(ports.config.monitoring);
  const seen = [...known.filter(({ id }) => id !== cohort.id), looked].flatMap((one) => one.delays ?? []);
  const { verdict, state } = scoreCohort({
    cohort: { id: cohort.day, rows, labelled, losses, slices, ageMs: ageOf(cohort, window.to) },
    reference: qualityReference(scores, ports.config.monitoring.slices),
    maturityMs: maturity(seen.reduce(mergeDelays, noDelays), settings.maturityMs),
    state: before.quality ?? emptyQualityState,
    settings,
  });
  if (verdict.status !== 'SCORED') return { cohort: looked, monitor: null };
  return {
    cohort: { ...looked, status: 'SCORED', signal: verdict.signal, window: window.id },
    monitor: { ...before, quality: state, lastCohort: verdict },
  };
}

/** What is held against a version, with its revision moved on once in a window. */
async function monitorOf(
  version: number,
  { window, monitors }: { window: WindowItem; monitors: Map<number, MonitorItem> },
  { registry }: MonitorPorts,
): Promise<MonitorItem> {
  const changed = monitors.get(version);
  if (changed) return changed;
  const before = await registry.monitor(version);
  if (before) return { ...before, revision: before.revision + 1 };
  const nothing = { drift: emptyMonitorState, quality: null, lastCohort: null };
  return { model: window.model, version, window: window.id, ...nothing, revision: 1 };
}

/** The days that the captures of a window belong to, version by version. */
function opened({ window, found }: Facts, known: readonly CohortItem[]): CohortItem[] {
  const cohorts = new Map<string, CohortItem>();
  for (const { version, cohort, objects } of found?.plan.items ?? []) {
    if (cohort !== null) continue;
    for (const { key } of objects) {
      const day = /\/hour=(\d{4}-\d\d-\d\d)T/.exec(key)?.[1];
      if (day !== undefined) cohorts.set(cohortId(day, version), newCohort(window.model, day, version));
    }
  }
  const unknown = [...cohorts.values()].filter(({ id }) => !known.some((cohort) => cohort.id === id));
  return unknown.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(-MOST_OPENED);
}

const newCohort = (model: string, day: string, version: number): CohortItem => ({
  model,
  id: cohortId(day, version),
  version,
  day,
  status: 'OPEN',
  rows: 0,
  labelled: 0,
  loss: null,
  signal: 'NONE',
  delays: null,
  labelObjects: 0,
  lookedOn: null,
  window: null,
  revision: 1,
});
