import * as z from 'zod';
import { chainEndSchema, EMPTY_CHAIN } from './decisions.ts';
import { artifactRefSchema, datasetRefSchema, estimateSchema, OUTCOMES } from './flow.ts';
import { LEARNERS } from './model-config.ts';

/** The items of the registry table, without their keys; keys are in domain/names.ts, the slot is in domain/slot.ts. */

/** Where a version stands. */
export const STAGES = ['REGISTERED', 'REJECTED', 'AWAITING_APPROVAL', 'CHAMPION', 'RETIRED'] as const;
export type Stage = (typeof STAGES)[number];

/** `HEAD`: the one place that says which version serves. Written only together with a decision. */
export const headSchema = z.object({
  model: z.string(),
  champion: z.int().nullable(),
  previousChampion: z.int().nullable(),
  /** Number of the version registered last; numbers are never used twice. */
  lastVersion: z.int().min(0),
  /** The rollout that owns the model's traffic now. */
  rollout: z.object({ token: z.int(), version: z.int(), runId: z.string() }).nullable(),
  /** The fencing token handed out last; an owner with a smaller one has been superseded. */
  fencing: z.int().min(0),
  /** Optimistic lock: one more with every write. */
  revision: z.int().min(0),
  decisions: chainEndSchema,
});
export type Head = z.infer<typeof headSchema>;

/** The head of a model that has no version yet; `revision` 0 means "not stored". */
export const emptyHead = (model: string): Head => ({
  model,
  champion: null,
  previousChampion: null,
  lastVersion: 0,
  rollout: null,
  fencing: 0,
  revision: 0,
  decisions: EMPTY_CHAIN,
});

/** Everything a version came from, enough to make it again. */
export const lineageSchema = z.object({
  dataset: datasetRefSchema,
  trainRows: z.int(),
  testRows: z.int(),
  /** The commit that the stack was synthesized from. */
  codeCommit: z.string(),
  /** Fingerprints that the semantic version is derived from. */
  contract: z.string(),
  code: z.string(),
  config: z.string(),
  learner: z.enum(LEARNERS),
});

/** `VERSION#…`: what a run registered. Everything but stage, approvals and functionVersion is written once. */
export const versionSchema = z.object({
  model: z.string(),
  version: z.int().min(1),
  semver: z.string(),
  stage: z.enum(STAGES),
  runId: z.string(),
  createdAt: z.string(),
  artifact: artifactRefSchema,
  lineage: lineageSchema,
  metrics: z.record(z.string(), estimateSchema),
  /** What the gates said, and the hash of the judgement file. */
  gates: z.object({ passed: z.boolean(), failed: z.array(z.string()) }),
  evidenceSha256: z.string(),
  /** The champion at registration: the version that this one may replace, and no other. */
  challenged: z.int().nullable(),
  /** Keys of the run's files in the artifact bucket. */
  files: z.object({
    schema: z.string(),
    profile: z.string(),
    evaluation: z.string(),
    scores: z.string(),
    golden: z.string(),
    judgement: z.string(),
    card: z.string(),
  }),
  approvals: z.array(z.object({ by: z.string(), approved: z.boolean(), reason: z.string(), time: z.string() })),
  /** The published Lambda version that serves it; null before its first rollout. */
  functionVersion: z.string().nullable(),
});
export type Version = z.infer<typeof versionSchema>;

/** What becomes of an upload or a run: on its way, or one terminal outcome. */
export const RUN_STATUSES = ['PENDING', 'RUNNING', ...OUTCOMES] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** `RUN#…`: one execution of the training state machine. */
export const runItemSchema = z.object({
  model: z.string(),
  runId: z.string(),
  attempt: z.int().min(1),
  status: z.enum(RUN_STATUSES),
  dataset: datasetRefSchema,
  executionArn: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  version: z.int().nullable(),
  semver: z.string().nullable(),
  reasons: z.array(z.string()),
  reportKey: z.string().nullable(),
  /** Whether people were told of the outcome; a settled run that is not announced yet will be. */
  announced: z.boolean(),
});
export type RunItem = z.infer<typeof runItemSchema>;

/** `UPLOAD#…`: one object version that somebody put; ends in exactly one outcome. */
export const uploadSchema = z.object({
  model: z.string(),
  /** Identifies the object version, see `uploadId` in domain/slot.ts. */
  id: z.string(),
  bucket: z.string(),
  key: z.string(),
  versionId: z.string(),
  sequencer: z.string(),
  sha256: z.string().nullable(),
  bytes: z.number(),
  status: z.enum(RUN_STATUSES),
  /** The run that it started, waits for or repeats. */
  runId: z.string().nullable(),
  reasons: z.array(z.string()),
  receivedAt: z.string(),
  settledAt: z.string().nullable(),
  /** Whether people were told of the outcome; absent where the run tells it. */
  announced: z.boolean().optional(),
});
export type Upload = z.infer<typeof uploadSchema>;

/** `DATASET#<sha256>`: what has been tried with one content, whatever names it came under. */
export const datasetItemSchema = z.object({
  model: z.string(),
  sha256: z.string(),
  attempts: z.array(
    z.object({
      runId: z.string(),
      uploadId: z.string(),
      status: z.enum(RUN_STATUSES),
      /** What the run was made with, see `trainingRecipe` in domain/slot.ts. */
      recipe: z.string(),
    }),
  ),
});
export type DatasetItem = z.infer<typeof datasetItemSchema>;

/** `LABELS#<sha256>`: one content of late labels, and the upload that it came with first. */
export const labelsItemSchema = z.object({
  model: z.string(),
  sha256: z.string(),
  uploadId: z.string(),
  /** Key of that upload. */
  source: z.string(),
  /** Where the labels stand in the artifact bucket, see `lambdas/truth`. */
  key: z.string(),
  /** Predictions that have a label in it. */
  labels: z.int().min(0),
  receivedAt: z.string(),
});
export type LabelsItem = z.infer<typeof labelsItemSchema>;

/** The item with the status of one attempt changed. */
export function withStatus(item: DatasetItem, runId: string, status: RunStatus): DatasetItem {
  const attempts = item.attempts.map((attempt) => (attempt.runId === runId ? { ...attempt, status } : attempt));
  return { ...item, attempts };
}

/** `APPROVAL#…`: a version that waits, or waited, for a person; bound to the artifact that was shown to them. */
export const approvalSchema = z.object({
  model: z.string(),
  version: z.int(),
  runId: z.string(),
  artifactSha256: z.string(),
  status: z.enum(['WAITING', 'APPROVED', 'REFUSED', 'EXPIRED']),
  /** Task token of the waiting state machine; never leaves the backend. */
  token: z.string(),
  requestedAt: z.string(),
  expiresAt: z.string(),
  by: z.string().nullable(),
  reason: z.string().nullable(),
  decidedAt: z.string().nullable(),
});
export type Approval = z.infer<typeof approvalSchema>;

/** `SCHEMA`: the data contract that the first dataset pinned; its content belongs to data validation. */
export const pinnedSchemaSchema = z.object({
  model: z.string(),
  fingerprint: z.string(),
  schema: z.unknown(),
  runId: z.string(),
  pinnedAt: z.string(),
});
export type PinnedSchema = z.infer<typeof pinnedSchemaSchema>;
