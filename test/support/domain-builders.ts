import type { DataSchema } from '../../domain/data-schema.ts';
import type { Evaluation } from '../../domain/evaluation.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import { measure } from '../../domain/metrics/measure.ts';
import { measureSlices } from '../../domain/metrics/slices.ts';
import { isConstant } from '../../domain/metrics/suspicion.ts';
import type { NewVersion } from '../../domain/registry.ts';
import type { BinaryScores, RegressionScores, Scores } from '../../domain/scores.ts';
import { type Random, random } from '../../domain/statistics/random.ts';

/** Builders of domain values with overrides; everything random in them is seeded. */

export const logistic = (x: number) => 1 / (1 + Math.exp(-x));

export interface BinaryOptions {
  readonly rows?: number;
  readonly source?: Random;
  /** Noise on each side's view of the truth: more is a worse model. */
  readonly noise?: { challenger: number; champion: number | null };
  readonly attributes?: (row: number, source: Random) => Record<string, string | null>;
}

/** Rows whose chance of being positive is a logistic of a hidden number, and models that see that number with noise. */
export function binaryScores(options: BinaryOptions = {}): BinaryScores {
  const { rows = 1000, source = random(1), noise = { challenger: 0.6, champion: 0.6 }, attributes } = options;
  const truth: (0 | 1)[] = [];
  const challenger: number[] = [];
  const champion: number[] = [];
  const columns: Record<string, (string | null)[]> = {};
  for (let row = 0; row < rows; row += 1) {
    const hidden = 1.3 * source.normal() - 1;
    truth.push(source.uniform() < logistic(hidden) ? 1 : 0);
    challenger.push(logistic(hidden + noise.challenger * source.normal()));
    champion.push(logistic(hidden + (noise.champion ?? 0) * source.normal()));
    for (const [name, value] of Object.entries(attributes?.(row, source) ?? {})) {
      columns[name] = [...(columns[name] ?? []), value];
    }
  }
  return {
    kind: 'binary',
    positive: 'yes',
    truth,
    challenger,
    champion: noise.champion === null ? null : champion,
    attributes: columns,
  };
}

/** A straight line with noise of one, and models that miss it by `error` standard deviations. */
export function regressionScores(
  options: { rows?: number; source?: Random; error?: { challenger: number; champion: number | null } } = {},
): RegressionScores {
  const { rows = 400, source = random(1), error = { challenger: 0.4, champion: 0.4 } } = options;
  const hidden = Array.from({ length: rows }, () => 2 * source.normal());
  const off = (by: number) => hidden.map((value) => value + by * source.normal());
  return {
    kind: 'regression',
    truth: hidden.map((value) => value + source.normal()),
    challenger: off(error.challenger),
    champion: error.champion === null ? null : off(error.champion),
    attributes: {},
  };
}

/** What an evaluation says about the scores, as the evaluate step would write it. */
export function evaluationOf(scores: Scores, overrides: Partial<Evaluation> = {}): Evaluation {
  const draws = { replicates: 1000, units: 300 };
  const { challenger, champion, unmeasured } = measure(scores, draws);
  return {
    model: 'churn',
    runId: 'churn-0123456789abcdef01234567',
    kind: scores.kind,
    rows: scores.truth.length,
    metrics: { challenger, champion },
    unmeasured,
    slices: measureSlices(scores, Object.keys(scores.attributes), draws),
    latencyMs: { samples: 500, p50: 0.2, p95: 0.41, p99: 0.9 },
    artifactBytes: 182_340,
    goldenRows: [],
    leakage: [{ column: 'tenure', measure: scores.kind === 'regression' ? 'r2' : 'auc', value: 0.71 }],
    constantPrediction: isConstant(scores),
    importance: [
      { column: 'tenure', importance: 214 },
      { column: 'monthly_charges', importance: 131 },
      { column: 'contract', importance: 98 },
      { column: 'payment_method', importance: 22 },
    ],
    championVersion: scores.champion ? 3 : null,
    incomparable: null,
    ...overrides,
  };
}

export function datasetRef(overrides: Partial<DatasetRef> = {}): DatasetRef {
  return {
    bucket: 'data',
    key: 'churn/training/march.csv',
    versionId: 'v1',
    sha256: '0123456789abcdef'.repeat(4),
    bytes: 412_345,
    format: 'csv',
    parts: [{ key: 'churn/training/march.csv', versionId: 'v1', bytes: 412_345 }],
    uploadedAt: '2026-03-01T09:30:00.000Z',
    ...overrides,
  };
}

export function newVersion(overrides: Partial<NewVersion> = {}): NewVersion {
  const prefix = 'churn/runs/churn-0123456789abcdef01234567/';
  return {
    semver: '1.0.0',
    runId: 'churn-0123456789abcdef01234567',
    artifact: {
      bucket: 'artifacts',
      key: `${prefix}candidates/gbt/artifact.zip`,
      sha256: 'a'.repeat(64),
      bytes: 182_340,
    },
    lineage: {
      dataset: datasetRef(),
      trainRows: 4000,
      testRows: 1000,
      codeCommit: '4f1c0de',
      contract: 'contract-1',
      code: 'code-1',
      config: 'config-1',
      learner: 'gradient-boosted-trees',
    },
    metrics: { auc: { value: 0.842, lower: 0.821, upper: 0.863 } },
    gates: { passed: true, failed: [] },
    evidenceSha256: 'e'.repeat(64),
    files: {
      schema: `${prefix}schema.json`,
      profile: `${prefix}profile.json`,
      evaluation: `${prefix}evaluation.json`,
      scores: `${prefix}scores.json`,
      golden: `${prefix}golden.json`,
      judgement: `${prefix}judgement.json`,
      card: `${prefix}card.json`,
    },
    ...overrides,
  };
}

export function dataSchemaOf(target: DataSchema['target'], features: readonly string[]): DataSchema {
  return {
    format: 1,
    target,
    columns: [
      { name: 'customer_id', role: 'id', type: 'categorical', required: true, missingShare: 0 },
      ...features.map((name, index) => ({
        name,
        role: 'feature' as const,
        type: index % 2 === 0 ? ('numeric' as const) : ('categorical' as const),
        required: true,
        missingShare: index === 1 ? 0.031 : 0,
      })),
      { name: target.name, role: 'target', type: 'categorical', required: true, missingShare: 0 },
    ],
  };
}
