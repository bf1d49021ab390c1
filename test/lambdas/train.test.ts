import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { contractFingerprint } from '../../domain/contract.ts';
import { InvalidArtifact, InvalidDataset, TrainingFailed, TrainingTooLarge } from '../../domain/errors.ts';
import { type ArtifactMetadata, unpackArtifact } from '../../lambdas/shared/artifact.ts';
import { s3WriteOnce } from '../../lambdas/shared/artifact-store.ts';
import { checkCapacity, checkServingMemory, estimateTraining } from '../../lambdas/train/capacity.ts';
import { type LearnRequest, withoutMetadata } from '../../lambdas/train/learn.ts';
import { readReport } from '../../lambdas/train/report.ts';
import { trainCandidate } from '../../lambdas/train/train.ts';
import { threadTrainer } from '../../lambdas/train/trainer.ts';
import {
  config,
  ports,
  problem,
  quietTrainer,
  RUN,
  storeSplit,
  trainCsv,
  trained,
  WORKER,
} from '../support/training-data.ts';

describe('trainCandidate()', () => {
  test('stores an artifact whose digest, contract and metadata are those of the answer', async () => {
    const { candidate, bytes } = await trained(problem('binary'));
    const { contract, metadata } = unpackArtifact(bytes);
    expect(candidate).toMatchObject({
      learner: 'gradient-boosted-trees',
      artifact: {
        bucket: 'artifacts',
        key: 'churn/runs/churn-0001/candidates/gradient-boosted-trees/artifact.zip',
        bytes: bytes.length,
      },
      contract: contractFingerprint(contract),
      validationLoss: metadata.validationLoss,
    });
    expect(contract).toMatchInlineSnapshot(`
      {
        "classes": [
          "no",
          "yes",
        ],
        "features": [
          {
            "column": "f0",
            "name": "age",
            "required": true,
            "type": "numeric",
          },
          {
            "column": "f1",
            "name": "plan",
            "required": true,
            "type": "categorical",
          },
          {
            "column": "f2",
            "name": "member",
            "required": true,
            "type": "boolean",
          },
          {
            "column": "f3",
            "name": "noise",
            "required": false,
            "type": "numeric",
          },
        ],
        "format": 1,
        "ignored": [
          "customer",
        ],
        "kind": "binary",
        "model": "churn",
        "positive": "yes",
        "target": "target",
        "threshold": 0.5,
      }
    `);
    expect(metadata.trainRows).toBe(450);
    expect(metadata.trees).toBeGreaterThan(0);
  });

  test.each(['gradient-boosted-trees', 'random-forest'] as const)(
    '%s: the same data gives the same bytes',
    async (learner) => {
      const digests = await Promise.all(
        [1, 2].map(async () => (await trained(problem('binary'), { learner })).candidate.artifact.sha256),
      );
      expect(digests[1]).toBe(digests[0]);
      const other = await trained(problem('binary', { seed: 2 }), { learner });
      expect(other.candidate.artifact.sha256).not.toBe(digests[0]);
    },
  );

  test('tells losses of both learners and all problem kinds in one unit', async () => {
    const loss = async (
      kind: 'binary' | 'multiclass' | 'regression',
      learner: 'gradient-boosted-trees' | 'random-forest',
    ) => (await trained(problem(kind, { scale: 100 }), { learner })).candidate.validationLoss ?? Number.NaN;
    for (const learner of ['gradient-boosted-trees', 'random-forest'] as const) {
      // Log loss: better than knowing nothing (ln 2 and ln 3); RMSE: near the noise of 25 that the data has.
      expect(await loss('binary', learner)).toBeLessThan(Math.LN2);
      expect(await loss('multiclass', learner)).toBeLessThan(Math.log(3));
      const rmse = await loss('regression', learner);
      expect(rmse).toBeGreaterThan(15);
      expect(rmse).toBeLessThan(60);
    }
  });

  test('ranks the columns that tell the target before noise', async () => {
    const { metadata } = unpackArtifact((await trained(problem('binary', { rows: 2_000 }))).bytes);
    const order = metadata.importance.map(({ column }) => column);
    expect(order[0]).toBe('age');
    expect(order).toHaveLength(4);
    expect(sum(metadata)).toBeCloseTo(1, 6);
  });

  test('a number column of zeros and ones, an empty one and one that begins empty stay numbers', async () => {
    const made = problem('binary');
    const numbers = (value: (row: number) => number | null) =>
      made.train.map((row, index) => ({ ...row, values: { ...row.values, noise: value(index) } }));
    for (const train of [
      numbers((row) => row % 2),
      numbers(() => null),
      numbers((row) => (row < 400 ? null : 1e300)),
    ]) {
      await expect(trained({ ...made, train })).resolves.toBeDefined();
    }
  });

  test('refuses a train split of one label, of strange labels, of other columns or of fewer rows than was said', async () => {
    const made = problem('binary');
    const labelled = (truth: string) => made.train.map((row) => ({ ...row, truth }));
    await expect(trained({ ...made, train: labelled('yes') })).rejects.toThrow(InvalidDataset);
    await expect(trained({ ...made, train: labelled('perhaps') })).rejects.toThrow(
      'a label that its schema does not name: =perhaps',
    );
    const { objects, split, schemaKey } = await storeSplit(made);
    const machine = { seconds: 900, memoryMb: 3008 };
    const input = { run: RUN, learner: 'gradient-boosted-trees' as const, schemaKey };
    const train = (trainRows: number) =>
      trainCandidate({ ...input, split: { ...split, trainRows } }, config('binary'), { ...ports(objects), machine });
    await expect(train(449)).rejects.toThrow('more than 449 rows');
    await expect(train(451)).rejects.toThrow('has 450 rows; expected 451');
  });

  test('is refused before anything is read when it is too large for what is left', async () => {
    const { objects, split, schemaKey } = await storeSplit(problem('binary'));
    const input = { run: RUN, learner: 'random-forest' as const, schemaKey, split: { ...split, trainRows: 1_000_000 } };
    const machine = { seconds: 900, memoryMb: 3008 };
    const refusal = trainCandidate(input, config('binary'), { ...ports(objects), machine });
    await expect(refusal).rejects.toThrow(TrainingTooLarge);
    await expect(refusal).rejects.toThrow(/1000000 rows x 4 features .* \d+ s of the 885 s left.*SageMaker/);
  });
});

describe('the training thread', () => {
  test('turns an abort of the learner into one clear error with its last message, and the next training works', async () => {
    const request = await learnRequest('multiclass', 'CART');
    const failure = quietTrainer()(request, { seconds: 60 });
    await expect(failure).rejects.toThrow(TrainingFailed);
    await expect(failure).rejects.toThrow(/CART failed: Aborted\(\)/);
    const learned = await quietTrainer()({ ...request, learner: 'GRADIENT_BOOSTED_TREES' }, { seconds: 60 });
    expect([...learned.files.keys()]).toContain('header.pb');
  });

  test('passes on what the learner refuses, and keeps what it says to itself', async () => {
    const lines: string[] = [];
    const trainer = threadTrainer({ worker: WORKER, log: (line) => lines.push(line) });
    await expect(trainer(await learnRequest('binary', 'PERCEPTRON'), { seconds: 60 })).rejects.toThrow(/PERCEPTRON/);
    await trainer(await learnRequest('binary', 'GRADIENT_BOOSTED_TREES'), { seconds: 60 });
    expect(lines.join('\n')).toMatch(/Training gradient boosted tree on 450 example/);
  });

  test.each([
    ['hangs', 'for (;;);', /did not end within 0 s and was stopped.*SageMaker/],
    ['exits', 'process.exit(3)', /ended its thread with code 3 and without a result/],
    ['throws', 'throw new Error("boom")', /broke its thread \(boom\)/],
    [
      'runs out of memory',
      message({ name: 'learner', message: 'Cannot enlarge memory arrays' }),
      /ran out of memory.*SageMaker/,
    ],
  ])('ends with an error when its code %s', async (_, code, expected) => {
    const trainer = threadTrainer({
      worker: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
      log: () => {},
    });
    await expect(trainer(await learnRequest('binary', 'CART'), { seconds: 0.5 })).rejects.toThrow(expected);
  });
});

describe('capacity', () => {
  const boosting = { learner: 'gradient-boosted-trees', classes: 2 } as const;
  const machine = { seconds: 900, memoryMb: 3008 };

  test('admits what was measured to fit: Adult in seconds, 800 000 x 20 within 15 minutes', () => {
    expect(estimateTraining({ ...boosting, rows: 22_792, features: 14 }, 3008).seconds).toBeLessThan(30);
    expect(() => checkCapacity({ ...boosting, rows: 800_000, features: 20 }, machine)).not.toThrow();
  });

  test.each([
    [{ ...boosting, rows: 2_000_000, features: 20 }, machine, / s of the 885 s left/],
    [{ ...boosting, rows: 20_000, features: 20, classes: 100 }, machine, / s of the 885 s left/],
    [{ ...boosting, rows: 22_792, features: 14 }, { seconds: 20, memoryMb: 3008 }, / s of the 5 s left/],
    [
      { learner: 'random-forest', rows: 90_000, features: 2, classes: 2 } as const,
      { seconds: 900, memoryMb: 10_240 },
      /MB that WebAssembly has/,
    ],
    [
      { learner: 'random-forest', rows: 40_000, features: 5, classes: 2 } as const,
      { seconds: 900, memoryMb: 1_024 },
      /the function has 1024 MB; raise training.memory/,
    ],
  ])('%o on %o is too large', (size, of, expected) => {
    expect(() => checkCapacity(size, of)).toThrow(expected);
  });

  test('half a vCPU takes twice as long', () => {
    const size = { ...boosting, rows: 10_000, features: 10 };
    expect(estimateTraining(size, 1769 / 2).seconds).toBeCloseTo(2 * estimateTraining(size, 3008).seconds, 6);
  });

  test('a model that its prediction function could not hold is refused', () => {
    expect(() => checkServingMemory(30 * 1024 ** 2, 512)).not.toThrow();
    expect(() => checkServingMemory(88 * 1024 ** 2, 512)).toThrow(
      /88 MB and takes 736 MB to serve; the prediction function has 512 MB/,
    );
  });
});

describe('readReport()', () => {
  test('a model without validation rows has no validation loss', () => {
    expect(readReport('Number of trees: 3\nTotal number of nodes: 9\n')).toEqual({
      trees: 3,
      nodes: 9,
      validationLoss: null,
      importance: new Map(),
    });
    expect(readReport('Loss: SQUARED_ERROR\nValidation loss value: nan\n').validationLoss).toBeNull();
  });
});

test('withoutMetadata() drops field 10 of a message and nothing else', () => {
  // 1: "a" · 10: {2 bytes} · 3: varint 300 · 5: 8 bytes · 6: 4 bytes · 10: varint
  const kept = [
    [0x0a, 1, 0x61],
    [0x18, 0xac, 0x02],
    [0x29, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x35, 1, 2, 3, 4],
  ];
  const message = [...(kept[0] ?? []), 0x52, 2, 9, 9, ...kept.slice(1).flat(), 0x50, 0x81, 0x01];
  expect([...withoutMetadata(Uint8Array.from(message))]).toEqual(kept.flat());
});

describe('putOnce()', () => {
  const location = { bucket: 'artifacts', key: 'a.zip' };
  const bytes = Buffer.from('artifact');

  test('asks S3 to write only where nothing is', async () => {
    const s3 = scripted(200);
    await expect(s3WriteOnce(held(bytes), s3.client).putOnce(location, bytes)).resolves.toMatchObject({ bytes: 8 });
    expect(s3.headers[0]).toMatchObject({ 'if-none-match': '*' });
  });

  test('a taken key is a success with the same content, an InvalidArtifact with other content', async () => {
    await expect(s3WriteOnce(held(bytes), scripted(412).client).putOnce(location, bytes)).resolves.toMatchObject({
      bytes: 8,
    });
    const other = s3WriteOnce(held(Buffer.from('other')), scripted(412).client).putOnce(location, bytes);
    await expect(other).rejects.toThrow(InvalidArtifact);
  });

  test('a refused permission keeps its name', async () => {
    const denied = s3WriteOnce(held(bytes), scripted(403).client).putOnce(location, bytes);
    await expect(denied).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });
});

const sum = ({ importance }: ArtifactMetadata) => importance.reduce((total, entry) => total + entry.importance, 0);

async function learnRequest(kind: 'binary' | 'multiclass', learner: string): Promise<LearnRequest> {
  const { schema, train } = problem(kind);
  const file = join(tmpdir(), `sluice-learn-${process.pid}-${kind}.csv`);
  await writeFile(file, trainCsv(schema, train));
  const classes = 'classes' in schema.target ? schema.target.classes : null;
  return { learner, file, rows: train.length, numeric: [true, false, false, true], classes };
}

function message(failed: object) {
  return `import('node:worker_threads').then(({ parentPort }) => parentPort.postMessage(${JSON.stringify({ failed })}))`;
}

const held = (bytes: Uint8Array) => ({ getBytes: async () => bytes });

/** An S3 client whose every request is answered with one status. */
function scripted(statusCode: number) {
  const headers: Record<string, string>[] = [];
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: {
      async handle(request: { headers: Record<string, string> }) {
        headers.push(request.headers);
        return { response: { statusCode, headers: {}, body: undefined } };
      },
    },
  });
  return { client, headers };
}
