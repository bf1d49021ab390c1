import * as z from 'zod';
import { type CardCharts, cardCharts, chartsOf } from './card-charts.ts';
import type { DataSchema } from './data-schema.ts';
import { type Decision, decisionSchema } from './decisions.ts';
import { type Evaluation, evaluationSchema } from './evaluation.ts';
import { verdictSchema } from './gates/verdict.ts';
import type { JudgementFile } from './judgement.ts';
import { STAGES, type Version, versionSchema } from './registry-items.ts';
import type { Scores } from './scores.ts';

/** The model card of a version: everything a reader needs to trust it or not, as data. `card-html.ts` makes the page. */
export const cardSchema = z.object({
  format: z.literal(1),
  model: z.string(),
  version: z.int(),
  semver: z.string(),
  /** Where the version stood when the card was written. */
  stage: z.enum(STAGES),
  createdAt: z.string(),
  problem: z.object({
    kind: z.enum(['binary', 'multiclass', 'regression']),
    target: z.string(),
    /** The label that counts as positive. */
    positive: z.string().nullable(),
  }),
  passed: z.boolean(),
  verdicts: z.array(verdictSchema),
  evaluation: evaluationSchema.omit({ goldenRows: true, leakage: true }),
  charts: cardCharts,
  data: z.object({
    trainRows: z.int(),
    testRows: z.int(),
    columns: z.array(z.object({ name: z.string(), role: z.string(), type: z.string(), missingShare: z.number() })),
  }),
  lineage: versionSchema.shape.lineage.extend({
    runId: z.string(),
    artifactSha256: z.string(),
    artifactBytes: z.number(),
    evidenceSha256: z.string(),
  }),
  decisions: z.array(
    decisionSchema.pick({ sequence: true, time: true, kind: true, version: true, who: true, why: true }),
  ),
});
export type Card = z.infer<typeof cardSchema>;

/** What a card is made from: the files of the run, the version as it is registered, the decisions that are known. */
export interface CardSources {
  readonly version: Version;
  readonly evaluation: Evaluation;
  readonly scores: Scores;
  readonly judgement: JudgementFile;
  readonly schema: DataSchema;
  readonly decisions: readonly Decision[];
}

/** Puts the card of a version together. */
export function buildCard({ version, evaluation, scores, judgement, schema, decisions }: CardSources): Card {
  const { goldenRows: _rows, leakage: _leakage, ...told } = evaluation;
  const { target } = schema;
  return {
    format: 1,
    model: version.model,
    version: version.version,
    semver: version.semver,
    stage: version.stage,
    createdAt: version.createdAt,
    problem: { kind: target.kind, target: target.name, positive: target.kind === 'binary' ? target.positive : null },
    passed: judgement.passed,
    verdicts: judgement.verdicts,
    evaluation: told,
    charts: chartsOf(scores) satisfies CardCharts,
    data: {
      trainRows: version.lineage.trainRows,
      testRows: version.lineage.testRows,
      columns: schema.columns.map(({ name, role, type, missingShare }) => ({ name, role, type, missingShare })),
    },
    lineage: {
      ...version.lineage,
      runId: version.runId,
      artifactSha256: version.artifact.sha256,
      artifactBytes: version.artifact.bytes,
      evidenceSha256: version.evidenceSha256,
    },
    decisions: decisions.map(({ sequence, time, kind, version: about, who, why }) => ({
      sequence,
      time,
      kind,
      version: about,
      who,
      why,
    })),
  };
}
