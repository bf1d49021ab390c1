import { describe, expect, test } from 'vitest';
import { driftText, featureStates } from '../../cli/drift-text.ts';
import type { FeatureVerdict, SideVerdict } from '../../domain/drift/verdict.ts';
import type { VersionReport, WindowReport } from '../../domain/monitor/report.ts';

const feature = (name: string, overrides: Partial<FeatureVerdict> = {}): FeatureVerdict => ({
  name,
  kind: 'numeric',
  signal: 'NONE',
  unwatched: null,
  n: 900,
  needs: 200,
  windows: 1,
  psi: 0.001,
  atLeast: 0,
  p: 0.6,
  delta: 0.02,
  overdispersion: 1,
  evidence: 0,
  needed: 1000,
  factor: 1,
  fresh: false,
  since: null,
  sides: [],
  broken: false,
  importance: null,
  weight: null,
  direction: null,
  sentence: null,
  ...overrides,
});

const side: SideVerdict = {
  side: 'missing',
  signal: 'ALERT',
  reference: 0,
  tolerated: 0.005,
  now: 0.4,
  p: 0,
  since: '2026-11-23T09:00Z',
  sentence: '40 % are missing, at most 0.5 % is fine',
};

function version(features: FeatureVerdict[], overrides: Partial<VersionReport> = {}): VersionReport {
  return {
    version: 3,
    semver: '1.0.2',
    champion: true,
    rows: 900,
    trainRows: 5000,
    unjudged: null,
    verdict: {
      format: 1,
      window: '2026-11-23T10:00Z',
      rows: 900,
      signal: 'ALERT',
      features,
      prediction: feature('(prediction)', { psi: 0.012, evidence: 250 }),
      expectedLoss: null,
      data: { signal: 'NONE', findings: [] },
      alerts: [],
      suspects: [],
      budget: { windows: 2190, features: features.length },
    },
    shapes: [],
    predictionShape: null,
    quality: null,
    ...overrides,
  };
}

const report = {
  model: 'churn',
  window: { id: '2026-11-23T10:00Z', from: '', to: '' },
  sentence: 'tenure moved',
} as WindowReport;

describe('how things stand', () => {
  const features = [
    feature('age'),
    feature('calls', { signal: 'SUSPECT', psi: 0.06, evidence: 400 }),
    feature('tenure', {
      signal: 'ALERT',
      psi: 0.31,
      atLeast: 0.22,
      evidence: 9000,
      since: '2026-11-23T08:00Z',
      sentence: 'higher: median 31, in training 12',
    }),
    feature('plan', { psi: 0.4, sides: [side] }),
    feature('email', { unwatched: 'redacted' }),
  ];

  test('begins with what needs a reader, and leaves out what is not watched', () => {
    const states = featureStates(version(features));
    expect(states.map(({ name, signal, evidence }) => [name, signal, evidence])).toEqual([
      ['plan', 'ALERT', 0],
      ['tenure', 'ALERT', 9],
      ['calls', 'SUSPECT', 0.4],
      ['age', 'NONE', 0],
    ]);
    expect(states[0]).toMatchObject({ since: side.since, how: side.sentence });
  });

  test('is a table for people', () => {
    expect(driftText(report, version(features))).toMatchInlineSnapshot(`
      "churn 1.0.2, window 2026-11-23T10:00Z: tenure moved

      FEATURE        SIGNAL   PSI     AT LEAST  EVIDENCE  SINCE              HOW
      plan           ALERT    0.4000  0.0000    0 %       2026-11-23T09:00Z  40 % are missing, at most 0.5 % is fine
      tenure         ALERT    0.3100  0.2200    100 %     2026-11-23T08:00Z  higher: median 31, in training 12
      calls          SUSPECT  0.0600  0.0000    40 %
      age            NONE     0.0010  0.0000    0 %
      (predictions)  NONE     0.0120  0.0000    25 %"
    `);
  });

  test('says why a version could not be judged', () => {
    const unjudged = version([], { verdict: null, unjudged: 'its training profile is gone' });
    expect(driftText(report, unjudged)).toContain('its training profile is gone');
  });
});
