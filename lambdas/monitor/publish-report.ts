import { driftSettings } from '../../domain/drift/settings.ts';
import type { Conclusion } from '../../domain/monitor/conclude.ts';
import { reportPage } from '../../domain/monitor/page.ts';
import type { TrendPoint, VersionReport, WindowReport } from '../../domain/monitor/report.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { WINDOW_FILES, windowPrefix } from '../../domain/names.ts';
import type { JudgedQuality } from './judge-quality.ts';
import type { JudgedVersion } from './judge-version.ts';
import type { MonitorPorts } from './ports.ts';

/** Windows that a trend goes back: a week of hours. */
const TREND = 168;

/** Writes the report as data and as a page; gives the window with the places of both. */
export async function publishReport(
  facts: {
    closed: WindowItem;
    conclusion: Conclusion;
    versions: readonly JudgedVersion[];
    quality: JudgedQuality;
  },
  ports: MonitorPorts,
): Promise<WindowItem> {
  const { closed, conclusion, versions, quality } = facts;
  const { objects, artifactBucket: bucket, config, registry } = ports;
  const { delta, falseAlarmWindows } = driftSettings(config.monitoring);
  const earlier = (await registry.windows(TREND)).filter(({ id, status }) => id < closed.id && status !== 'FAILED');
  const report: WindowReport = {
    format: 1,
    model: closed.model,
    window: { id: closed.id, from: closed.from, to: closed.to },
    status: closed.status,
    writtenAt: ports.now(),
    sentence: closed.sentence,
    fired: conclusion.fired,
    captured: closed.captured,
    captureStopped: closed.captureStopped,
    settings: { delta, falseAlarmWindows },
    versions: [...(await unasked(closed, versions, ports)), ...versions].map(
      ({ monitor: _kept, ...told }): VersionReport => ({
        ...told,
        quality: quality.reports.get(told.version) ?? null,
      }),
    ),
    trend: [closed, ...earlier].reverse().map(trendPoint),
  };
  const key = (file: string) => `${windowPrefix(closed.model, closed.id)}${file}`;
  const [reportKey, pageKey] = [key(WINDOW_FILES.report), key(WINDOW_FILES.page)];
  await objects.putJson({ bucket, key: reportKey }, report);
  const page = Buffer.from(reportPage(report));
  await objects.putBytes({ bucket, key: pageKey }, page, { contentType: 'text/html; charset=utf-8' });
  return { ...closed, reportKey, pageKey };
}

/** The champion, where nobody asked it in this window: labels may speak of what it said before. */
async function unasked(
  { champion }: WindowItem,
  versions: readonly JudgedVersion[],
  { registry }: MonitorPorts,
): Promise<JudgedVersion[]> {
  if (champion === null || versions.some(({ version }) => version === champion)) return [];
  const semver = (await registry.version(champion))?.semver ?? null;
  const nothing = { rows: 0, trainRows: null, unjudged: null, verdict: null, shapes: [], predictionShape: null };
  return [{ version: champion, semver, champion: true, ...nothing, monitor: null }];
}

function trendPoint({ id, status, captured, versions, quality }: WindowItem): TrendPoint {
  const champion = versions.find((version) => version.champion);
  return {
    id,
    status,
    rows: captured.rows,
    maxPsi: champion?.maxPsi ?? null,
    predictionPsi: champion?.predictionPsi ?? null,
    alerts: champion?.alerts.length ?? 0,
    loss: quality?.loss ?? null,
  };
}
