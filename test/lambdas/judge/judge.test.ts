import { describe, expect, test } from 'vitest';
import { InvalidArtifact } from '../../../domain/errors.ts';
import { judgeOutput } from '../../../domain/flow.ts';
import { judgementSchema } from '../../../domain/judgement.ts';
import type { ModelConfig } from '../../../domain/model-config.ts';
import { type JudgeInput, judge } from '../../../lambdas/judge/judge.ts';
import { sha256Hex } from '../../../lambdas/shared/objects.ts';
import { binaryScores, datasetRef, evaluationOf, newVersion } from '../../support/domain-builders.ts';
import { memoryObjects } from '../../support/memory-objects.ts';

const runId = 'churn-0123456789abcdef01234567';
const bucket = 'artifacts';
const keys = { evaluationKey: 'evaluation.json', scoresKey: 'scores.json', goldenKey: 'golden.json' };

const input: JudgeInput = {
  run: { model: 'churn', runId, dataset: datasetRef() },
  evaluation: {
    ...keys,
    challenger: {
      learner: 'gradient-boosted-trees',
      artifact: newVersion().artifact,
      seconds: 3,
      validationLoss: null,
      contract: 'contract-1',
    },
    champion: 3,
    metrics: {},
  },
};

const config = {
  problem: { kind: 'binary', target: 'churned', ignore: [], columns: {} },
} satisfies Partial<ModelConfig>;

const better = binaryScores({ noise: { challenger: 0.2, champion: 1 } });

async function judged(scores = better, gates?: ModelConfig['gates']) {
  const objects = memoryObjects();
  await objects.putJson({ bucket, key: keys.evaluationKey }, evaluationOf(scores));
  await objects.putJson({ bucket, key: keys.scoresKey }, scores);
  const output = await judge(input, { objects, artifactBucket: bucket, config: { ...config, gates } });
  const file = judgementSchema.parse(JSON.parse(objects.text({ bucket, key: output.judgementKey })));
  return { output, file, objects };
}

describe('judge()', () => {
  test('writes the judgement beside the run and answers with its hash', async () => {
    const { output, file, objects } = await judged();
    expect(judgeOutput.parse(output)).toEqual(output);
    expect(output).toMatchObject({ passed: true, failed: [], judgementKey: `churn/runs/${runId}/judgement.json` });
    const bytes = await objects.getBytes({ bucket, key: output.judgementKey });
    expect(output.evidenceSha256).toBe(sha256Hex(bytes));
    expect(file.evidence).toMatchObject({
      artifactSha256: newVersion().artifact.sha256,
      evaluation: { sha256: sha256Hex(await objects.getBytes({ bucket, key: keys.evaluationKey })) },
      scores: { sha256: sha256Hex(await objects.getBytes({ bucket, key: keys.scoresKey })) },
    });
  });

  test('uses the default gates of the problem where the model declares none', async () => {
    const { file } = await judged();
    expect(file.verdicts.map(({ gate }) => gate)).toEqual([
      'better-than-trivial',
      'not-worse-than-champion',
      'latency',
      'leakage',
      'collapse',
    ]);
  });

  test('answers with the sentences of the gates that failed', async () => {
    const gate = { gate: 'at-least', metric: 'auc', value: 0.99, mode: 'point', tolerance: 0 } as const;
    const { output } = await judged(binaryScores(), [gate]);
    expect(output.passed).toBe(false);
    expect(output.failed).toEqual([expect.stringMatching(/^AUC is 0\.\d+ .* at least 0\.99 is asked/)]);
  });

  test('refuses scores that are not what the evaluation writes', async () => {
    const scores = binaryScores({ rows: 50 });
    await expect(judged({ ...scores, challenger: scores.challenger.slice(1) })).rejects.toThrow(InvalidArtifact);
  });
});
