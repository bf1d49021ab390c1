import { beforeAll, describe, expect, test } from 'vitest';
import { InvalidArtifact, InvalidInstance } from '../../domain/errors.ts';
import { auc } from '../../domain/statistics/auc.ts';
import { unpackArtifact } from '../../lambdas/shared/artifact.ts';
import { sha256Hex } from '../../lambdas/shared/objects.ts';
import { loadModel, type ServingModel } from '../../lambdas/shared/serving.ts';
import { type Problem, problem, trained } from '../support/training-data.ts';

const made: Record<'binary' | 'multiclass' | 'regression', Problem> = {
  binary: problem('binary'),
  multiclass: problem('multiclass'),
  regression: problem('regression'),
};
let binary: ServingModel;
let bytes: Uint8Array;
beforeAll(async () => {
  ({ bytes } = await trained(made.binary));
  binary = await load(bytes);
});

const load = (artifact: Uint8Array) => loadModel(artifact, { sha256: sha256Hex(artifact) });
const predictAll = (model: ServingModel, { test: rows }: Problem) => model.predict(rows.map(({ values }) => values));
const GOOD = { age: 40, plan: 'basic', member: true, noise: 0.1 };

describe('predictions', () => {
  test('of a binary model rank the unseen rows, and label, score and probabilities agree', () => {
    const answers = predictAll(binary, made.binary);
    const truth = made.binary.test.map((row) => (row.truth === 'yes' ? 1 : 0));
    const scores = answers.map((answer) => ('score' in answer ? answer.score : Number.NaN));
    expect(auc(truth, scores)?.auc).toBeGreaterThan(0.95);
    for (const answer of answers) {
      if (!('score' in answer)) throw new Error('a binary answer has a score');
      expect(answer.probabilities.yes).toBe(answer.score);
      expect((answer.probabilities.yes ?? 0) + (answer.probabilities.no ?? 0)).toBeCloseTo(1, 5);
      expect(answer.label).toBe(answer.score >= 0.5 ? 'yes' : 'no');
    }
  });

  test('of several classes name them as the data does, whatever characters they hold', async () => {
    const model = await load((await trained(made.multiclass)).bytes);
    const answers = predictAll(model, made.multiclass);
    const right = answers.filter(
      (answer, row) => 'label' in answer && answer.label === made.multiclass.test[row]?.truth,
    );
    expect(right.length / answers.length).toBeGreaterThan(0.8);
    const [first] = answers;
    expect(first && 'probabilities' in first && Object.keys(first.probabilities)).toEqual([
      'high',
      'low, "really"',
      'mid',
    ]);
  });

  test.each([
    { scale: 1, offset: 0 },
    { scale: 1e25, offset: 0 },
    { scale: 1e-25, offset: 0 },
    { scale: 1, offset: 1e9 },
  ])('of a regression keep the precision of the target at scale $scale, offset $offset', async (numbers) => {
    const data = problem('regression', numbers);
    const model = await load((await trained(data)).bytes);
    const answers = predictAll(model, data).map((answer) => ('value' in answer ? answer.value : Number.NaN));
    const truth = data.test.map((row) => Number(row.truth));
    const mean = truth.reduce((sum, value) => sum + value / truth.length, 0);
    const squares = (of: (row: number) => number) => truth.reduce((sum, _, row) => sum + of(row) ** 2, 0);
    const r2 =
      1 - squares((row) => (truth[row] ?? 0) - (answers[row] ?? 0)) / squares((row) => (truth[row] ?? 0) - mean);
    expect(r2).toBeGreaterThan(0.85);
  });

  test('are the same one by one and in batches of any size', () => {
    const instances = Array.from({ length: 2_500 }, (_, index) => ({ ...GOOD, age: 18 + (index % 60) }));
    const whole = binary.predict(instances);
    expect(whole).toHaveLength(2_500);
    for (const index of [0, 999, 1_000, 2_499]) expect(binary.predict([instances[index]])).toEqual([whole[index]]);
  });

  test('carry nothing over from the row before', () => {
    const alone = binary.predict([{ ...GOOD, plan: null }]);
    binary.predict([{ ...GOOD, plan: 'basic' }]);
    expect(binary.predict([{ ...GOOD, plan: null }])).toEqual(alone);
  });
});

describe('instances', () => {
  test('take any scalar whose text the data could hold, with the same answer', () => {
    const [expected] = binary.predict([GOOD]);
    for (const member of ['true', 'TRUE', 'yes', 1, 'Y'])
      expect(binary.predict([{ ...GOOD, member }])).toEqual([expected]);
    for (const age of ['40', ' 40.0 ', '4e1']) expect(binary.predict([{ ...GOOD, age }])).toEqual([expected]);
    expect(binary.predict([{ ...GOOD, plan: ' basic ' }])).toEqual([expected]);
    expect(binary.predict([{ ...GOOD, customer: 'C-1' }])).toEqual([expected]);
  });

  test('null, empty text and the words for a missing value are missing values; an optional field may be absent', () => {
    const [missing] = binary.predict([{ age: null, plan: null, member: null, noise: null }]);
    expect(binary.predict([{ age: '', plan: '', member: 'n/a' }])).toEqual([missing]);
    expect(binary.predict([{ age: 'null', plan: null, member: '?' }])).toEqual([missing]);
  });

  test('with an unseen category or an enormous number are answered', () => {
    const answers = binary.predict([
      { ...GOOD, plan: 'never seen' },
      { ...GOOD, plan: '\u0000\ud800<OOD>' },
      { ...GOOD, age: Number.MAX_VALUE },
      { ...GOOD, age: -Number.MAX_VALUE, noise: 5e-324 },
    ]);
    for (const answer of answers) expect(JSON.stringify(answer)).toMatch(/"score":[0-9.e-]+/);
  });

  test.each<[string, unknown, string, string]>([
    [
      'a text for a number',
      { ...GOOD, age: 'forty' },
      'age',
      'Instance 1, field "age": expected a finite number, current value is "forty"',
    ],
    [
      'a boolean for a number',
      { ...GOOD, age: true },
      'age',
      'Instance 1, field "age": expected a finite number, current value is true',
    ],
    [
      'infinity',
      { ...GOOD, age: Number.POSITIVE_INFINITY },
      'age',
      'Instance 1, field "age": expected a finite number, current value is Infinity',
    ],
    [
      'NaN as text',
      { ...GOOD, age: 'NaN' },
      'age',
      'Instance 1, field "age": expected a finite number, current value is "NaN"',
    ],
    [
      'neither true nor false',
      { ...GOOD, member: 'maybe' },
      'member',
      'Instance 1, field "member": expected true or false, current value is "maybe"',
    ],
    [
      'an object',
      { ...GOOD, plan: {} },
      'plan',
      'Instance 1, field "plan": expected a text, current value is an object',
    ],
    ['a list', { ...GOOD, plan: [] }, 'plan', 'Instance 1, field "plan": expected a text, current value is an array'],
    [
      'a huge text',
      { ...GOOD, plan: 'x'.repeat(5_000) },
      'plan',
      'Instance 1, field "plan": expected at most 4096 characters, current length is 5000',
    ],
    [
      'an absent field',
      { plan: 'basic', member: true },
      'age',
      'Instance 1, field "age": expected a value or null, the field is absent',
    ],
    ['an unknown field', { ...GOOD, agee: 1 }, 'agee', 'Instance 1: "agee" is not a field of the model'],
    ['the target', { ...GOOD, target: 'yes' }, 'target', 'Instance 1: "target" is what the model predicts'],
    [
      'a prototype',
      JSON.parse('{"age":40,"plan":"a","member":true,"__proto__":{"noise":1}}'),
      '__proto__',
      'Instance 1: "__proto__" is not a field of the model',
    ],
    [
      'a line break in a name',
      { ...GOOD, 'a\nERROR b': 1 },
      'a\nERROR b',
      'Instance 1: "a\\nERROR b" is not a field of the model',
    ],
    ['no object', 7, '', 'Instance 1: expected an object of fields, current value is 7'],
    ['null', null, '', 'Instance 1: expected an object of fields, current value is null'],
  ])('%s is refused with field and index', (_, instance, field, message) => {
    const refusal = refused(() => binary.predict([GOOD, instance]));
    expect({ message: refusal.message, field: refusal.field, index: refusal.index }).toEqual({
      message,
      field,
      index: 1,
    });
  });
});

describe('the artifact', () => {
  test('is refused when a single byte of it changed', async () => {
    for (const at of [0, 100, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      await expect(loadModel(altered, { sha256: sha256Hex(bytes) })).rejects.toThrow(/altered: expected SHA-256/);
    }
  });

  test('with a digest that fits but a forest that does not is refused too', async () => {
    const { contract, metadata, files } = unpackArtifact(bytes);
    const { packArtifact } = await import('../../lambdas/shared/artifact.ts');
    const cut = new Map([...files].map(([name, content]) => [name, content.subarray(0, content.length / 2)]));
    await expect(load(packArtifact({ contract, metadata, files: cut }))).rejects.toThrow(InvalidArtifact);
    const other = {
      ...contract,
      features: contract.features.map((feature) => ({ ...feature, type: 'categorical' as const })),
    };
    await expect(load(packArtifact({ contract: other, metadata, files }))).rejects.toThrow(/disagree about column f0/);
  });
});

function refused(act: () => unknown): InvalidInstance {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidInstance) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}
