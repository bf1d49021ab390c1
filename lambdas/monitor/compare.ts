import { InvalidArtifact, Superseded } from '../../domain/errors.ts';
import { conclude, summarize } from '../../domain/monitor/conclude.ts';
import type { Compared, ProfiledItem } from '../../domain/monitor/flow.ts';
import { mergeItems } from '../../domain/monitor/merge.ts';
import { toleratedShare } from '../../domain/monitor/plan.ts';
import { executionName, type WindowItem } from '../../domain/monitor/window.ts';
import { metricsOf } from '../../domain/monitor/window-metrics.ts';
import { captureStopped } from './capture-stopped.ts';
import { type FoundInWindow, foundInWindow } from './found.ts';
import { judgeQuality } from './judge-quality.ts';
import { judgeVersion } from './judge-version.ts';
import type { MonitorPorts } from './ports.ts';
import { publishReport } from './publish-report.ts';

/**
 * Closes a window: what its captures and the labels that have come say of each version, the report, and all that has to be
 * kept, in one write on the revisions that were read. Repeated after it was closed, it gives the same answer.
 */
export async function compare(
  { window: id, owner, work }: { window: string; owner: string; work: boolean },
  ports: MonitorPorts,
): Promise<Compared> {
  const window = await ports.registry.window(id);
  if (!window || window.owner !== owner) throw new Superseded(`Window ${id} is not watched by ${owner} any more`);
  if (window.status === 'FAILED') throw new Superseded(`Window ${id} has been given up`);
  const closed = window.status === 'RUNNING' ? await close(window, work, ports) : window;
  ports.publish(metricsOf(closed));
  return { status: closed.status, wake: isNews(closed), name: executionName(id) };
}

/** An idle window says nothing that the controller does not know. */
const isNews = ({ captured, captureStopped: stopped, quality }: WindowItem) =>
  captured.rows > 0 || captured.brokenObjects > 0 || stopped || (quality?.scored.length ?? 0) > 0;

async function close(window: WindowItem, work: boolean, ports: MonitorPorts): Promise<WindowItem> {
  const found = work ? await foundInWindow(window, ports) : null;
  if (found && found.lostObjects > toleratedShare(window.attempt) * found.plan.objects)
    throw new InvalidArtifact(
      `${found.lostObjects} of ${found.plan.objects} objects of captures were not looked at; the window is done again`,
    );
  const { champion } = await ports.registry.head();
  const versions = [];
  for (const [version, items] of byVersion(found?.profiled ?? []))
    versions.push(await judgeVersion(mergeItems(version, items), { window, champion }, ports));
  versions.sort((a, b) => Number(b.champion) - Number(a.champion) || a.version - b.version);

  const quality = await judgeQuality({ window, champion, found, judged: versions }, ports);
  const captured = capturedIn(found);
  const { rows, brokenObjects } = captured;
  const stopped = rows === 0 && brokenObjects === 0 && (await captureStopped(window, ports));
  const conclusion = conclude({ brokenObjects, captureStopped: stopped, versions, quality: quality.champion });
  const closed: WindowItem = {
    ...window,
    status: conclusion.status,
    sentence: conclusion.sentence,
    champion,
    captured,
    captureStopped: stopped,
    versions: versions.map(summarize),
    quality: quality.champion,
    planKey: found?.planKey ?? window.planKey,
    endedAt: ports.now(),
    revision: window.revision + 1,
  };
  const reported =
    closed.status === 'EMPTY' ? closed : await publishReport({ closed, conclusion, versions, quality }, ports);
  await ports.registry.write({ window: reported, monitors: quality.monitors, cohorts: quality.cohorts });
  return reported;
}

function byVersion(items: readonly ProfiledItem[]): Map<number, ProfiledItem[]> {
  const versions = new Map<number, ProfiledItem[]>();
  for (const item of items) versions.set(item.version, [...(versions.get(item.version) ?? []), item]);
  return versions;
}

function capturedIn(found: FoundInWindow | null): WindowItem['captured'] {
  const sum = (pick: (item: ProfiledItem) => number) =>
    (found?.profiled ?? []).reduce((total, item) => total + pick(item), 0);
  return {
    rows: sum(({ rows }) => rows),
    objects: found?.plan.objects ?? 0,
    lateObjects: found?.plan.late ?? 0,
    brokenLines: sum(({ brokenLines }) => brokenLines),
    brokenObjects: sum(({ brokenObjects }) => brokenObjects.length) + (found?.lostObjects ?? 0),
    leftOut: sum(({ leftOut }) => leftOut),
  };
}
