import type { FeatureVerdict, WindowVerdict } from '../../domain/drift/verdict.ts';
import { conclude, type Judged } from '../../domain/monitor/conclude.ts';
import type { QualityReport, Shape, TrendPoint, VersionReport, WindowReport } from '../../domain/monitor/report.ts';

/** A feature of which a window has nothing to say. */
export function featureVerdict(overrides: Partial<FeatureVerdict> = {}): FeatureVerdict {
  return {
    name: 'age',
    kind: 'numeric',
    signal: 'NONE',
    unwatched: null,
    n: 4_810,
    needs: 200,
    windows: 1,
    psi: 0.003,
    atLeast: 0,
    p: 0.94,
    delta: 0.02,
    overdispersion: 1,
    evidence: 0.4,
    needed: 65_700,
    factor: 0.8,
    fresh: false,
    since: null,
    sides: [],
    broken: false,
    importance: 0.1,
    weight: null,
    direction: null,
    sentence: null,
    ...overrides,
  };
}

/** A window in which all is as in training. */
export function windowVerdict(overrides: Partial<WindowVerdict> = {}): WindowVerdict {
  return {
    format: 1,
    window: '2026-11-23T10:00Z',
    rows: 4_810,
    signal: 'NONE',
    features: [featureVerdict(), featureVerdict({ name: 'contract', kind: 'categorical', psi: 0.001 })],
    prediction: featureVerdict({ name: 'prediction', psi: 0.004, importance: null }),
    expectedLoss: null,
    data: { signal: 'NONE', findings: [] },
    alerts: [],
    suspects: [],
    budget: { windows: 2_190, features: 2 },
    ...overrides,
  };
}

export const NORMAL = [0.01, 0.04, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.04, 0.01];

export const numericShape = (current: readonly number[], overrides: Partial<Shape> = {}): Shape =>
  ({
    kind: 'numeric',
    edges: [19, 24, 28, 33, 37, 40, 43, 46, 49, 53, 58, 62, 69],
    low: 18,
    high: 76,
    now: { min: 18, max: 81 },
    training: NORMAL,
    current: [...current],
    ...overrides,
  }) as Shape;

export function versionReport(overrides: Partial<VersionReport> = {}): VersionReport {
  return {
    version: 7,
    semver: '1.2.0',
    champion: true,
    rows: 4_810,
    trainRows: 24_000,
    unjudged: null,
    verdict: windowVerdict(),
    shapes: [],
    predictionShape: numericShape(NORMAL),
    quality: null,
    ...overrides,
  };
}

export function qualityReport(overrides: Partial<QualityReport> = {}): QualityReport {
  return {
    version: 7,
    signal: 'NONE',
    loss: 0.104,
    limit: 0.121,
    coverage: 0.93,
    details: [],
    scored: [],
    sentence: '10.4 % of the labelled predictions of 2026-11-21 are wrong; up to 12.1 % is tolerated.',
    measure: 'Share of wrong predictions',
    atEvaluation: 0.1,
    interval: { lower: 0.092, upper: 0.117 },
    evidence: 0.7,
    needed: 730,
    cohorts: [],
    slices: [],
    ...overrides,
  };
}

/** A report as it is written, from what was found about its versions. */
export function windowReport(
  versions: readonly VersionReport[],
  overrides: Partial<WindowReport> & { trend?: TrendPoint[] } = {},
): WindowReport {
  const judged = versions.map((version): Judged => version);
  const quality = versions.find(({ champion }) => champion)?.quality ?? null;
  const rows = versions.reduce((sum, version) => sum + version.rows, 0);
  const { status, sentence, fired } = conclude({ brokenObjects: 0, captureStopped: false, versions: judged, quality });
  return {
    format: 1,
    model: 'churn',
    window: { id: '2026-11-23T10:00Z', from: '2026-11-23T10:00:00.000Z', to: '2026-11-23T11:00:00.000Z' },
    status,
    writtenAt: '2026-11-23T11:16:02.000Z',
    sentence,
    fired,
    captured: { rows, objects: 12, lateObjects: 0, brokenLines: 0, brokenObjects: 0, leftOut: 0 },
    captureStopped: false,
    settings: { delta: 0.02, falseAlarmWindows: 2_184 },
    versions: [...versions],
    trend: [],
    ...overrides,
  };
}
