import { TrainingTooLarge } from '../../domain/errors.ts';
import type { Learner } from '../../domain/model-config.ts';

export interface TrainingSize {
  readonly learner: Learner;
  readonly rows: number;
  readonly features: number;
  /** Null for a regression. */
  readonly classes: number | null;
}

/** What this invocation may still use. */
export interface Machine {
  readonly seconds: number;
  readonly memoryMb: number;
}

/** Throws unless the training surely ends in the time and memory that are left; deciding takes no look at the data. */
export function checkCapacity(size: TrainingSize, machine: Machine): void {
  const { seconds, wasmMb, memoryMb } = estimateTraining(size, machine.memoryMb);
  const available = machine.seconds - RESERVED_SECONDS;
  const what = `Cannot train ${size.learner} on ${size.rows} rows x ${size.features} features in a Lambda function`;
  if (seconds > available)
    throw new TrainingTooLarge(
      `${what}: it may take ${Math.ceil(seconds)} s of the ${Math.floor(available)} s left. ${WAY_OUT}`,
    );
  if (wasmMb > WASM_MB)
    throw new TrainingTooLarge(
      `${what}: it may need ${Math.ceil(wasmMb)} MB of the ${WASM_MB} MB that WebAssembly has. ${WAY_OUT}`,
    );
  if (memoryMb > machine.memoryMb * USABLE)
    throw new TrainingTooLarge(
      `${what}: it may need ${Math.ceil(memoryMb / USABLE)} MB of memory, the function has ${machine.memoryMb} MB; raise training.memory. ${WAY_OUT}`,
    );
}

/** Throws when a trained model would not fit into the function that is to serve it. */
export function checkServingMemory(artifactBytes: number, servingMb: number): void {
  const needed = Math.ceil(SERVING_BASE_MB + SERVING_PER_ARTIFACT * (artifactBytes / MB));
  if (needed > servingMb)
    throw new TrainingTooLarge(
      `The model has ${Math.ceil(artifactBytes / MB)} MB and takes ${needed} MB to serve; the prediction function has ${servingMb} MB. ` +
        'Raise serving.memory, or train gradient-boosted-trees, which stay small.',
    );
}

/** Upper bounds: trees that never stop early, labels so noisy that forests grow to their full depth. */
export function estimateTraining({ learner, rows, features, classes }: TrainingSize, memoryMb: number) {
  const cells = rows * features;
  const slowness = SLOWNESS / Math.min(1, memoryMb / MB_PER_VCPU);
  const forestMb = learner === 'random-forest' ? (rows * TREES * forestBytesPerRow(classes)) / MB : 0;
  const wasmMb = 20 + (cells * WASM_BYTES_PER_CELL) / MB + forestMb;
  return {
    seconds: slowness * (cells * READ_SECONDS_PER_CELL + LEARNING_SECONDS[learner]({ rows, features, classes })),
    wasmMb,
    memoryMb: BASE_MB + (cells * COLUMN_BYTES_PER_CELL) / MB + wasmMb + forestMb * ARTIFACT_COPIES,
  };
}

/** What to do about data that is too much; every such refusal ends with it. */
export const WAY_OUT = 'Train on fewer rows or columns, or with a SageMaker training job, which has no such limits.';

const MB = 1024 ** 2;
/** Lambda gives one vCPU per 1 769 MB; a learner uses one thread. */
const MB_PER_VCPU = 1_769;
/** How much slower a Lambda vCPU may be than the one these constants were measured on. */
const SLOWNESS = 1.5;
/** For packing and storing the artifact, and for the answer. */
const RESERVED_SECONDS = 15;
/** Share of the function's memory that may be planned with. */
const USABLE = 0.9;
/** 2 GiB is the most that the learners' WebAssembly memory grows to; a tenth is left for fragmentation. */
const WASM_MB = 1_843;

/** Both learners grow at most 300 trees; boosting grows one per class and iteration when there are more than two. */
const TREES = 300;

/**
 * Measured on one 2.x GHz x86 core with Node 24, numeric columns and a learnable target that uses all iterations: boosting
 * took 65 to 95 ns per row, feature and tree (2 000 x 200 to 200 000 x 20); forests 39 to 57 ns per row, candidate
 * feature, tree and halving of the rows, and 15 % more per further class. Categorical columns were cheaper.
 */
const LEARNING_SECONDS: Record<Learner, (size: Omit<TrainingSize, 'learner'>) => number> = {
  'gradient-boosted-trees': ({ rows, features, classes }) =>
    100e-9 * rows * features * TREES * (classes !== null && classes > 2 ? classes : 1),
  'random-forest': ({ rows, features, classes }) => {
    const candidates = classes === null ? Math.ceil(features / 3) : Math.ceil(Math.sqrt(features));
    return (
      60e-9 * rows * candidates * TREES * Math.log2(Math.max(2, rows)) * (1 + 0.15 * Math.max(0, (classes ?? 2) - 2))
    );
  },
};
const READ_SECONDS_PER_CELL = 1.5e-6;

/** A column twice while it is handed over, and the learner's sorted copy: 22 bytes measured at 200 000 x 20. */
const WASM_BYTES_PER_CELL = 24;
const COLUMN_BYTES_PER_CELL = 4;
const BASE_MB = 200;
/** Forest memory measured per row and tree: 57 bytes for 2 classes, 100 for 5, 230 for 30, 83 for a regression. */
const forestBytesPerRow = (classes: number | null) => (classes === null ? 85 : 70 + 6 * classes);
/** The files and the zip of them, beside the forest: three times its stored size, which is 4.5 times less. */
const ARTIFACT_COPIES = 3 / 4.5;

/** A forest of 25.7 MB took 120 MB of WebAssembly memory and 201 MB in all, with its bytes still held. */
const SERVING_BASE_MB = 120;
const SERVING_PER_ARTIFACT = 7;
