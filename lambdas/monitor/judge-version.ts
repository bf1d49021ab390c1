import { compareWindow } from '../../domain/drift/compare.ts';
import { driftSettings } from '../../domain/drift/settings.ts';
import { emptyMonitorState } from '../../domain/drift/state.ts';
import type { Judged } from '../../domain/monitor/conclude.ts';
import type { VersionCaptures } from '../../domain/monitor/merge.ts';
import { expectedReference, predictionReference } from '../../domain/monitor/predictions.ts';
import type { MonitorItem } from '../../domain/monitor/record.ts';
import type { Shape } from '../../domain/monitor/report.ts';
import { drawnFeatures, shapeOf } from '../../domain/monitor/shape.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import type { MonitorPorts } from './ports.ts';
import { type VersionFiles, versionFiles } from './version-files.ts';

/** A version beside its own training profile: what is told, and what is kept for the next window. */
export interface JudgedVersion extends Judged {
  readonly trainRows: number | null;
  readonly shapes: { feature: string; shape: Shape }[];
  readonly predictionShape: Shape | null;
  /** Null where it could not be judged: then nothing has changed. */
  readonly monitor: MonitorItem | null;
}

/** Judges a version by its own captures, and by nobody else's. */
export async function judgeVersion(
  captures: VersionCaptures,
  { window, champion }: { window: WindowItem; champion: number | null },
  ports: MonitorPorts,
): Promise<JudgedVersion> {
  const { version, rows } = captures;
  const files = await versionFiles(version, ports);
  const known = {
    version,
    semver: files.version?.semver ?? null,
    champion: version === champion,
    rows,
    trainRows: files.profile?.rows ?? null,
  };
  const unjudged =
    files.unjudged ?? captures.unjudged ?? (captures.profile === null ? 'none of its captures could be read' : null);
  const { profile, scores } = files;
  if (unjudged !== null || !profile || !scores || !captures.profile)
    return { ...known, unjudged, verdict: null, shapes: [], predictionShape: null, monitor: null };
  const before = await ports.registry.monitor(version);
  const predictions = captures.predictions && { reference: predictionReference(scores), window: captures.predictions };
  const { verdict, state } = compareWindow({
    id: window.id,
    reference: profile,
    window: captures.profile,
    predictions,
    ...expectations(captures, files),
    data: captures,
    importance: files.evaluation?.importance ?? [],
    state: before?.drift ?? emptyMonitorState,
    settings: driftSettings(ports.config.monitoring),
  });
  const column = (name: string, { features }: Pick<typeof profile, 'features'>) =>
    features.find((feature) => feature.name === name);
  const shapes = drawnFeatures(verdict).flatMap((feature) => {
    const [then, now] = [column(feature, profile), captures.profile && column(feature, captures.profile)];
    const shape = then && now ? shapeOf(then, now) : null;
    return shape ? [{ feature, shape }] : [];
  });
  const monitor: MonitorItem = {
    model: window.model,
    version,
    window: window.id,
    drift: state,
    quality: before?.quality ?? null,
    lastCohort: before?.lastCohort ?? null,
    revision: (before?.revision ?? 0) + 1,
  };
  const predictionShape = predictions ? shapeOf(predictions.reference, predictions.window) : null;
  return { ...known, unjudged: null, verdict, shapes, predictionShape, monitor };
}

function expectations({ expected }: VersionCaptures, { scores }: VersionFiles) {
  const reference = scores ? expectedReference(scores) : null;
  return expected && reference ? { expectedLoss: { reference, window: expected } } : {};
}
