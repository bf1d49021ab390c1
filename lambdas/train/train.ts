import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type * as z from 'zod';
import { type Contract, contractFingerprint, contractOf } from '../../domain/contract.ts';
import { dataSchema } from '../../domain/data-schema.ts';
import type { Candidate, trainInput } from '../../domain/flow.ts';
import type { Learner, NamedModelConfig } from '../../domain/model-config.ts';
import { candidateArtifact } from '../../domain/names.ts';
import { type ArtifactMetadata, packArtifact } from '../shared/artifact.ts';
import type { WriteOnceStore } from '../shared/artifact-store.ts';
import type { ObjectStore } from '../shared/objects.ts';
import { checkCapacity, checkServingMemory, type Machine } from './capacity.ts';
import { type Report, readReport } from './report.ts';
import type { Trainer } from './trainer.ts';

export interface TrainPorts {
  readonly objects: ObjectStore;
  readonly artifacts: WriteOnceStore;
  readonly trainer: Trainer;
  readonly bucket: string;
  /** A folder for the train split; what is put there is removed again. */
  readonly scratch: string;
}

/** Trains one learner on the train split of a run and stores its artifact; the same data gives the same bytes. */
export async function trainCandidate(
  { run, learner, schemaKey, split }: z.infer<typeof trainInput>,
  config: NamedModelConfig,
  { machine, ...ports }: TrainPorts & { machine: Machine },
): Promise<Candidate> {
  const started = performance.now();
  const schema = await ports.objects.getJson({ bucket: ports.bucket, key: schemaKey }, dataSchema);
  const contract = contractOf(run.model, schema);
  const classes = 'classes' in contract ? contract.classes : null;
  const size = { rows: split.trainRows, features: contract.features.length, classes: classes?.length ?? null };
  checkCapacity({ learner, ...size }, machine);

  const folder = await mkdtemp(join(ports.scratch, 'train-'));
  try {
    const file = join(folder, 'train.csv');
    await ports.objects.download({ bucket: ports.bucket, key: split.trainKey }, file);
    const learned = await ports.trainer(
      {
        learner: YDF_LEARNERS[learner],
        file,
        rows: split.trainRows,
        numeric: contract.features.map(({ type }) => type === 'numeric'),
        classes,
      },
      { seconds: machine.seconds - STORING_SECONDS - (performance.now() - started) / 1_000 },
    );
    const report = readReport(learned.description, learned.scale.deviation);
    const bytes = packArtifact({
      contract: contractOf(run.model, schema, learned.scale),
      metadata: metadata(learner, { contract, report, rows: split.trainRows }),
      files: learned.files,
    });
    checkServingMemory(bytes.byteLength, config.serving.memory);
    const key = candidateArtifact(run.model, run.runId, learner);
    const stored = await ports.artifacts.putOnce({ bucket: ports.bucket, key }, bytes);
    return {
      learner,
      artifact: { bucket: ports.bucket, key, ...stored },
      contract: contractFingerprint(contract),
      seconds: Math.round(performance.now() - started) / 1_000,
      validationLoss: report.validationLoss,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const YDF_LEARNERS: Record<Learner, string> = {
  'gradient-boosted-trees': 'GRADIENT_BOOSTED_TREES',
  'random-forest': 'RANDOM_FOREST',
};

/** Left to pack and store the artifact when a learner uses up its time. */
const STORING_SECONDS = 10;

interface Made {
  readonly contract: Contract;
  readonly report: Report;
  readonly rows: number;
}

function metadata(learner: Learner, { contract, report, rows }: Made): ArtifactMetadata {
  const importance = contract.features
    .map(({ name, column }) => ({ column: name, importance: report.importance.get(column) ?? 0 }))
    .sort((a, b) => b.importance - a.importance);
  const { trees, nodes, validationLoss } = report;
  return { learner, engine: ENGINE, trainRows: rows, trees, nodes, validationLoss, importance };
}

/** Stands in every artifact; package.json pins the same version. */
const ENGINE = 'ydf-training 0.0.1';
