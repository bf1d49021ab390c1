import * as z from 'zod';
import { LEARNERS } from './model-config.ts';

/** What the steps of the training state machine hand to each other: references and small facts, never data. */

export const datasetPartSchema = z.object({ key: z.string(), versionId: z.string(), bytes: z.number() });

/** One immutable upload. `parts` holds the objects to read, in order; a plain file is its own single part. */
export const datasetRefSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number(),
  format: z.enum(['csv', 'parquet']),
  parts: z.array(datasetPartSchema).min(1),
  uploadedAt: z.string(),
});
export type DatasetRef = z.infer<typeof datasetRefSchema>;

export const runSchema = z.object({ model: z.string(), runId: z.string(), dataset: datasetRefSchema });
export type Run = z.infer<typeof runSchema>;

export const artifactRefSchema = z.object({
  bucket: z.string(),
  key: z.string(),
  sha256: z.string(),
  bytes: z.number(),
});
export type ArtifactRef = z.infer<typeof artifactRefSchema>;

export const admitInput = z.object({ run: runSchema, executionArn: z.string() });
export const admitOutput = z.object({
  approval: z.enum(['automatic', 'manual']),
  approvalTimeoutSeconds: z.int().positive(),
  learners: z.array(z.enum(LEARNERS)),
});

export const validateInput = z.object({ run: runSchema });
export const validateOutput = z.object({
  valid: z.boolean(),
  rows: z.number(),
  columns: z.number(),
  schemaKey: z.string(),
  reportKey: z.string(),
  reasons: z.array(z.string()),
});

export const quarantineInput = z.object({ run: runSchema, reportKey: z.string(), reasons: z.array(z.string()) });
export const quarantineOutput = z.object({ quarantineKey: z.string(), reportKey: z.string() });

export const splitInput = z.object({ run: runSchema, schemaKey: z.string() });
export const splitOutput = z.object({
  trainKey: z.string(),
  trainRows: z.number(),
  testKey: z.string(),
  testRows: z.number(),
  /** Rows of the test side beyond what an evaluation reads. */
  unusedTestRows: z.number().optional(),
  profileKey: z.string(),
  features: z.number(),
});
export type Split = z.infer<typeof splitOutput>;

export const trainInput = z.object({
  run: runSchema,
  learner: z.enum(LEARNERS),
  schemaKey: z.string(),
  split: splitOutput,
});
export const candidateSchema = z.object({
  learner: z.enum(LEARNERS),
  artifact: artifactRefSchema,
  /** Fingerprint of its input and output contract, see `contractFingerprint` in domain/contract.ts. */
  contract: z.string(),
  seconds: z.number(),
  /** Loss on the rows that the learner held out itself; candidates are chosen by it, never by the test split. */
  validationLoss: z.number().nullable(),
});
export type Candidate = z.infer<typeof candidateSchema>;

export const evaluateInput = z.object({
  run: runSchema,
  schemaKey: z.string(),
  split: splitOutput,
  candidates: z.array(candidateSchema).min(1),
});
/** A metric with its 95 % confidence interval. */
export const estimateSchema = z.object({ value: z.number(), lower: z.number(), upper: z.number() });
export type Estimate = z.infer<typeof estimateSchema>;
export const evaluateOutput = z.object({
  challenger: candidateSchema,
  /** Version number of the champion that was scored on the same rows, or null. */
  champion: z.number().nullable(),
  evaluationKey: z.string(),
  scoresKey: z.string(),
  goldenKey: z.string(),
  metrics: z.record(z.string(), estimateSchema),
});

export const judgeInput = z.object({ run: runSchema, evaluation: evaluateOutput });
export const judgeOutput = z.object({
  passed: z.boolean(),
  failed: z.array(z.string()),
  judgementKey: z.string(),
  evidenceSha256: z.string(),
});

export const registerInput = z.object({
  run: runSchema,
  schemaKey: z.string(),
  split: splitOutput,
  evaluation: evaluateOutput,
  judgement: judgeOutput,
});
export const registerOutput = z.object({
  version: z.int(),
  semver: z.string(),
  stage: z.string(),
  cardKey: z.string(),
});

export const requestApprovalInput = z.object({ run: runSchema, version: z.int(), token: z.string() });
export const approvalResult = z.object({ approved: z.boolean(), by: z.string(), reason: z.string() });

/** What becomes of an upload; `LABELLED` is the good end of late labels, the others are those of a dataset. */
export const OUTCOMES = [
  'REGISTERED',
  'REJECTED',
  'QUARANTINED',
  'SUPERSEDED',
  'DUPLICATE',
  'FAILED',
  'LABELLED',
] as const;
export type OutcomeStatus = (typeof OUTCOMES)[number];
export const settleInput = z.object({
  run: runSchema,
  outcome: z.object({
    status: z.enum(OUTCOMES),
    version: z.int().optional(),
    semver: z.string().optional(),
    reasons: z.array(z.string()).default([]),
    reportKey: z.string().optional(),
    failure: z.object({ Error: z.string().optional(), Cause: z.string().optional() }).optional(),
  }),
});
export const settleOutput = z.object({ status: z.enum(OUTCOMES) });
