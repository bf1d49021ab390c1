import type * as z from 'zod';
import type { Evaluation } from '../../domain/evaluation.ts';
import type { ArtifactRef, Candidate, evaluateInput, evaluateOutput } from '../../domain/flow.ts';
import type { Golden } from '../../domain/golden.ts';
import { measure } from '../../domain/metrics/measure.ts';
import { measureSlices } from '../../domain/metrics/slices.ts';
import { isConstant, tellsAlone } from '../../domain/metrics/suspicion.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import type { Scores } from '../../domain/scores.ts';
import { sliceColumns } from '../../domain/slice-columns.ts';
import { MAX_ARTIFACT_BYTES } from '../shared/artifact.ts';
import type { ObjectStore } from '../shared/objects.ts';
import { loadModel, type ServingModel } from '../shared/serving.ts';
import { answerGoldenRows, pickGoldenRows } from './golden.ts';
import { timePredictions } from './latency.ts';
import { cellOf, readTestRows, type TestRow } from './rows.ts';
import { instancesFor, scoreRows } from './score.ts';

export interface EvaluatePorts {
  readonly objects: ObjectStore;
  readonly bucket: string;
  /** The version that serves now, or null before the first one. */
  champion(): Promise<{ version: number; artifact: ArtifactRef } | null>;
}

/** Scores the best candidate and the champion on the same rows, in the code that serves. Decides nothing. */
export async function evaluate(
  { run, split, candidates }: z.infer<typeof evaluateInput>,
  config: NamedModelConfig,
  { objects, bucket, champion: findChampion }: EvaluatePorts,
): Promise<z.infer<typeof evaluateOutput>> {
  const chosen = bestCandidate(candidates);
  const load = async (artifact: ArtifactRef) =>
    loadModel(await objects.getBytes(artifact, { maxBytes: MAX_ARTIFACT_BYTES }), artifact);
  const champion = await findChampion();
  const challengerModel = await load(chosen.artifact);
  const championModel = champion && (await load(champion.artifact));
  const rows = [...readTestRows(await objects.getBytes({ bucket, key: split.testKey }))];

  const instances = instancesFor(challengerModel.contract, rows);
  const gates = config.gates ?? [];
  const columns = sliceColumns(config, gates);
  const { scores, incomparable } = scoreRows(rows, { challenger: challengerModel, champion: championModel }, columns);
  const { unmeasured, ...metrics } = measure(scores);
  const evaluation: Evaluation = {
    model: run.model,
    runId: run.runId,
    kind: scores.kind,
    rows: rows.length,
    metrics,
    unmeasured,
    slices: measureSlices(scores, columns),
    latencyMs: timePredictions(challengerModel, instances.slice(0, 1_000)),
    artifactBytes: chosen.artifact.bytes,
    goldenRows: answerGoldenRows(challengerModel, gates),
    leakage: leakage(challengerModel, rows, scores),
    constantPrediction: isConstant(scores),
    importance: challengerModel.metadata.importance,
    championVersion: scores.champion && champion ? champion.version : null,
    incomparable,
  };
  const golden: Golden = {
    model: run.model,
    runId: run.runId,
    artifactSha256: chosen.artifact.sha256,
    rows: pickGoldenRows(challengerModel, instances),
  };
  const key = (file: string) => runPrefix(run.model, run.runId) + file;
  const keys = {
    evaluationKey: key(RUN_FILES.evaluation),
    scoresKey: key(RUN_FILES.scores),
    goldenKey: key(RUN_FILES.golden),
  };
  await objects.putJson({ bucket, key: keys.scoresKey }, scores);
  await objects.putJson({ bucket, key: keys.goldenKey }, golden);
  await objects.putJson({ bucket, key: keys.evaluationKey }, evaluation);
  return { challenger: chosen, champion: evaluation.championVersion, ...keys, metrics: metrics.challenger };
}

/** By the loss on rows that the learners held out themselves: choosing by the test split would flatter the choice. */
export function bestCandidate(candidates: readonly Candidate[]): Candidate {
  const loss = ({ validationLoss }: Candidate) => validationLoss ?? Number.POSITIVE_INFINITY;
  return candidates.reduce((best, candidate) => (loss(candidate) < loss(best) ? candidate : best));
}

function leakage({ contract }: ServingModel, rows: readonly TestRow[], scores: Scores): Evaluation['leakage'] {
  return contract.features.map(({ name }) =>
    tellsAlone(
      name,
      rows.map(({ instance }) => cellOf(instance, name)),
      scores,
    ),
  );
}
