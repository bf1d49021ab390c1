import { describe, expect, test } from 'vitest';
import { reportPage } from '../../../domain/monitor/page.ts';
import { predictionReference } from '../../../domain/monitor/predictions.ts';
import { windowReportSchema } from '../../../domain/monitor/report.ts';
import { shapeOf } from '../../../domain/monitor/shape.ts';
import { countCategories, emptyColumn, type NumericProfile } from '../../../domain/profile.ts';
import { binaryScores } from '../../support/domain-builders.ts';
import {
  featureVerdict,
  NORMAL,
  numericShape,
  qualityReport,
  versionReport,
  windowReport,
  windowVerdict,
} from '../../support/window-reports.ts';

const HOSTILE = `<script>alert("x")</script>'&\u202e`;
const moved = (name: string) =>
  windowVerdict({
    signal: 'ALERT',
    alerts: [name],
    features: [
      featureVerdict({
        name,
        signal: 'ALERT',
        psi: 0.4,
        importance: 0.31,
        since: '2026-11-23T08:00Z',
        sentence: `${name} is higher: mean 52 instead of 44`,
        sides: [
          {
            side: 'missing',
            signal: 'ALERT',
            reference: 0,
            tolerated: 0.005,
            now: 0.3,
            p: 0,
            since: null,
            sentence: `${name}: 30 % is missing`,
          },
        ],
      }),
    ],
  });
const shapes = (feature: string) => [{ feature, shape: numericShape([...NORMAL].reverse()) }];

describe('the page of a window', () => {
  test('says what was decided and why, with now against training for what moved', () => {
    const page = reportPage(windowReport([versionReport({ verdict: moved('tenure'), shapes: shapes('tenure') })]));
    expect(page).toContain(
      '&#34;tenure&#34; moved away from training, which is confirmed; the predictions stayed as they were.',
    );
    expect(page).toContain('tenure is higher: mean 52 instead of 44.');
    expect(page).toContain('31.0\u00a0% of the importance');
    expect(page).toMatch(/<path class="then" d="M[^"]+"\/>/);
    expect(page).toMatch(/<path class="now-line" d="M[^"]+"\/>/);
    expect(page).toContain('30 % is missing'.replace(' %', '\u00a0%'));
  });

  test('loads nothing, runs nothing, and lets no text of the data become markup', () => {
    const shape = { kind: 'categorical' as const, labels: [HOSTILE, 'b'], training: [0.5, 0.5], current: [0.9, 0.1] };
    const quality = qualityReport({
      slices: [{ column: HOSTILE, value: HOSTILE, n: 10, loss: 0.1, signal: 'NONE' }],
      cohorts: [{ day: '2026-11-20', status: 'SCORED', rows: 10, labelled: 9, loss: 0.1, signal: 'NONE' }],
    });
    const page = reportPage(
      windowReport([
        versionReport({ semver: HOSTILE, verdict: moved(HOSTILE), shapes: [{ feature: HOSTILE, shape }], quality }),
      ]),
    );
    expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'`);
    expect(page).not.toMatch(/<script|javascript:|<link|<img|@import|url\(|https?:/i);
    expect(page).not.toContain('\u202e');
    expect(page).not.toMatch(/ on[a-z]+=/i);
    expect(page).toContain('&#60;script&#62;');
    expect(page).toContain('prefers-color-scheme:dark');
    expect(page).toContain('width=device-width');
  });

  test('of a quiet window says so in a sentence', () => {
    const report = windowReport([versionReport()]);
    expect(report).toMatchObject({
      status: 'OK',
      fired: [],
      sentence: 'All 2 features and the predictions look as they did in training.',
    });
    expect(reportPage(report)).toContain('<p>Nothing.</p>');
  });

  test('during a rollout has a part for each version, also for one that cannot be judged', () => {
    const page = reportPage(
      windowReport([
        versionReport(),
        versionReport({ version: 8, semver: '1.3.0', champion: false, rows: 480 }),
        versionReport({
          version: 3,
          semver: null,
          champion: false,
          rows: 12,
          verdict: null,
          unjudged: 'its training profile cannot be read',
        }),
      ]),
    );
    expect(page).toContain('Version 1.3.0');
    expect(page).toContain('12 predictions cannot be compared: its training profile cannot be read.');
  });

  test('is data first: the report comes back from its file as it was', () => {
    const report = windowReport([
      versionReport({ verdict: moved('tenure'), shapes: shapes('tenure'), quality: qualityReport() }),
    ]);
    expect(windowReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  test('shows an alarm of labels before everything else', () => {
    const quality = qualityReport({
      signal: 'ALERT',
      scored: ['2026-11-20'],
      sentence: '15.0 % of the predictions are wrong.',
    });
    const report = windowReport([versionReport({ verdict: moved('tenure'), quality })]);
    expect(report).toMatchObject({ status: 'LOSS', sentence: '15.0 % of the predictions are wrong.' });
    expect(report.fired.map(({ what }) => what)[0]).toBe('15.0 % of the predictions are wrong.');
  });
});

describe('shapes', () => {
  const numeric = predictionReference(binaryScores({ rows: 1_000 })) as NumericProfile;

  test('of numbers keep their bins; what reaches beyond training is drawn, but not endlessly', () => {
    const now: NumericProfile = {
      ...numeric,
      counts: numeric.counts.map((_, bin) => (bin === numeric.counts.length - 1 ? 1_000 : 0)),
      max: 1e9,
    };
    const shape = shapeOf(numeric, now);
    const width = numeric.frame.high - numeric.frame.low;
    expect(shape).toMatchObject({ kind: 'numeric', edges: numeric.frame.edges });
    expect(shape?.kind === 'numeric' && shape.high).toBeLessThanOrEqual(numeric.frame.high + width);
    expect(shape?.current.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
  });

  test('of categories name those that training never had', () => {
    const frame = { levels: ['a', 'b'], rare: [], closed: true };
    const count = (levels: Record<string, number>) =>
      countCategories('plan', frame, {
        levels: Object.entries(levels).map(([value, n]) => ({ value, count: n })),
        missing: 0,
      });
    expect(shapeOf(count({ a: 3, b: 1 }), count({ a: 1, z: 3 }))).toEqual({
      kind: 'categorical',
      labels: ['a', 'b', 'never seen'],
      training: [0.75, 0.25, 0],
      current: [0.25, 0, 0.75],
    });
  });

  test('need values on both sides', () => {
    expect(shapeOf(numeric, emptyColumn(numeric))).toBeNull();
  });
});
