import type * as z from 'zod';
import { type Evaluation, evaluationSchema } from '../../domain/evaluation.ts';
import type { judgeInput, judgeOutput } from '../../domain/flow.ts';
import { judge as decide, defaultGates } from '../../domain/gates/judge.ts';
import type { JudgementFile } from '../../domain/judgement.ts';
import type { ModelConfig } from '../../domain/model-config.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import { type Scores, scoresSchema } from '../../domain/scores.ts';
import { type ObjectLocation, type ObjectStore, parseJson, sha256Hex } from '../shared/objects.ts';

export type JudgeInput = z.infer<typeof judgeInput>;
export type JudgeOutput = z.infer<typeof judgeOutput>;

export interface JudgePorts {
  readonly objects: Pick<ObjectStore, 'getBytes' | 'putJson'>;
  readonly artifactBucket: string;
  readonly config: Pick<ModelConfig, 'problem' | 'gates'>;
}

/** Runs the model's gates over what the evaluation wrote, and keeps the verdicts with the hashes of what they rest on. */
export async function judge({ run, evaluation }: JudgeInput, ports: JudgePorts): Promise<JudgeOutput> {
  const { objects, artifactBucket: bucket, config } = ports;
  const gates = config.gates ?? defaultGates(config.problem);
  const evaluated = await read<Evaluation>({ bucket, key: evaluation.evaluationKey }, evaluationSchema, objects);
  const scored = await read<Scores>({ bucket, key: evaluation.scoresKey }, scoresSchema, objects);
  const { passed, verdicts } = decide(evaluated.content, scored.content, gates);
  const judgement: JudgementFile = {
    model: run.model,
    runId: run.runId,
    passed,
    verdicts,
    evidence: {
      evaluation: { key: evaluation.evaluationKey, sha256: evaluated.sha256 },
      scores: { key: evaluation.scoresKey, sha256: scored.sha256 },
      artifactSha256: evaluation.challenger.artifact.sha256,
      gates,
    },
  };
  const judgementKey = runPrefix(run.model, run.runId) + RUN_FILES.judgement;
  const { sha256 } = await objects.putJson({ bucket, key: judgementKey }, judgement);
  const failed = verdicts.filter(({ status }) => status === 'FAIL').map(({ sentence }) => sentence);
  return { passed, failed, judgementKey, evidenceSha256: sha256 };
}

/** The content and the hash of the very bytes that it was read from. */
async function read<T>(at: ObjectLocation, schema: z.ZodType<T>, objects: JudgePorts['objects']) {
  const bytes = await objects.getBytes(at);
  return { content: parseJson(at, bytes, schema), sha256: sha256Hex(bytes) };
}
