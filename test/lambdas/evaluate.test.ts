import { describe, expect, test } from 'vitest';
import { InvalidArtifact } from '../../domain/errors.ts';
import { evaluationSchema } from '../../domain/evaluation.ts';
import type { Candidate, evaluateOutput } from '../../domain/flow.ts';
import { goldenMismatch, goldenSchema } from '../../domain/golden.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { scoresSchema } from '../../domain/scores.ts';
import { bestCandidate, evaluate } from '../../lambdas/evaluate/evaluate.ts';
import { readTestRows } from '../../lambdas/evaluate/rows.ts';
import { loadModel } from '../../lambdas/shared/serving.ts';
import { BUCKET, config, type Problem, problem, trained } from '../support/training-data.ts';

type Trained = Awaited<ReturnType<typeof trained>>;

describe('evaluate()', () => {
  test('scores a first challenger, with metrics, leakage, latency and importance', async () => {
    const run = await trained(problem('binary', { rows: 1_000 }));
    const { output, evaluation, scores } = await evaluated(run);
    expect(output).toMatchObject({ challenger: run.candidate, champion: null });
    expect(output.metrics.auc?.value).toBeGreaterThan(0.95);
    expect(evaluation).toMatchObject({
      rows: 250,
      kind: 'binary',
      championVersion: null,
      incomparable: null,
      constantPrediction: false,
    });
    expect(evaluation.metrics.challenger).toEqual(output.metrics);
    expect(evaluation.latencyMs.samples).toBeGreaterThanOrEqual(200);
    expect(evaluation.latencyMs.p50).toBeLessThanOrEqual(evaluation.latencyMs.p99);
    expect(evaluation.importance[0]?.column).toBe('age');
    const alone = new Map(evaluation.leakage.map(({ column, value }) => [column, value]));
    expect([...alone.keys()]).toEqual(['age', 'plan', 'member', 'noise']);
    expect(alone.get('age')).toBeGreaterThan(0.8);
    expect(alone.get('noise')).toBeLessThan(0.6);
    expect(scores).toMatchObject({ kind: 'binary', positive: 'yes', champion: null });
    expect(scores.truth).toHaveLength(250);
  });

  test('scores the champion on the same rows, in its own code path', async () => {
    const data = problem('binary', { rows: 1_000 });
    const champion = await trained(problem('binary', { rows: 400, seed: 5 }), { runId: 'churn-0000' });
    const { output, scores } = await evaluated(await trained(data), { champion, version: 3 });
    expect(output.champion).toBe(3);
    const model = await loadModel(champion.bytes, champion.candidate.artifact);
    const own = model
      .predict(data.test.map(({ values }) => values))
      .map((answer) => ('score' in answer ? answer.score : -1));
    expect(scores.champion).toEqual(own);
    expect(scores.challenger).not.toEqual(own);
  });

  test('a champion of another contract is incomparable, with the reason', async () => {
    const made = problem('binary');
    const champion = await trained(made);
    const columns = made.schema.columns.filter(({ name }) => name !== 'noise');
    const without = ({ values, ...row }: Problem['train'][number]) => {
      const { noise: _dropped, ...kept } = values;
      return { ...row, values: kept };
    };
    const narrower = {
      schema: { ...made.schema, columns },
      train: made.train.map(without),
      test: made.test.map(without),
    };
    const { output, evaluation, scores } = await evaluated(await trained(narrower), { champion, version: 1 });
    expect(output.champion).toBeNull();
    expect(evaluation.incomparable).toBe('it needs the column "noise", which the data does not have');
    expect(evaluation.metrics.champion).toBeNull();
    expect(scores.champion).toBeNull();

    // The other way round a column is new: the champion does not look at it.
    const wider = await evaluated(await trained(made), { champion: await trained(narrower), version: 2 });
    expect(wider.output.champion).toBe(2);
  });

  test('a champion whose artifact was altered ends the run instead of looking beaten', async () => {
    const champion = await trained(problem('binary'));
    const artifact = { ...champion.candidate.artifact, sha256: '0'.repeat(64) };
    const altered = { ...champion, candidate: { ...champion.candidate, artifact } };
    await expect(evaluated(await trained(problem('binary')), { champion: altered, version: 1 })).rejects.toThrow(
      InvalidArtifact,
    );
  });

  test('takes slices and fairness attributes from the rows, as canonical text', async () => {
    const gates = [
      { gate: 'fairness', attribute: 'member' },
      { gate: 'slices', metric: 'auc', columns: ['region'], margin: 0.01 },
    ];
    const run = await trained(problem('binary'), { config: config('binary') });
    const lines = run.objects.text({ bucket: BUCKET, key: 'test.ndjson' }).trim().split('\n');
    const widened = lines.map((line, row) => line.replace('{"instance":{', `{"instance":{"region":"${row % 2}",`));
    await run.objects.putBytes({ bucket: BUCKET, key: 'test.ndjson' }, Buffer.from(widened.join('\n')));
    const { scores, evaluation, golden } = await evaluated(run, {
      config: config('binary', { gates, evaluation: { slices: ['plan'] } }),
    });
    expect(Object.keys(scores.attributes)).toEqual(['plan', 'member', 'region']);
    expect(new Set(scores.attributes.region)).toEqual(new Set(['0', '1']));
    expect(scores.attributes.member).toContain(null);
    expect(golden.rows.some(({ instance }) => 'region' in instance)).toBe(false);
    expect(evaluation.slices.filter(({ column }) => column === 'region').map(({ rows }) => rows)).toEqual([75, 75]);
  });

  test('answers the configured golden rows in their order; a refused one says why', async () => {
    const row = (age: unknown) => ({ instance: { age, plan: 'basic', member: true }, label: 'yes' });
    const gates = [
      { gate: 'golden-rows', rows: [row(77), row('old')] },
      { gate: 'golden-rows', rows: [row(18)] },
    ];
    const { evaluation } = await evaluated(await trained(problem('binary')), { config: config('binary', { gates }) });
    expect(evaluation.goldenRows).toMatchObject([
      { label: 'yes', score: expect.any(Number) },
      { error: 'Instance 0, field "age": expected a finite number, current value is "old"' },
      { label: 'no' },
    ]);
  });

  test('keeps 20 rows of the test split with the answers that a deployment must repeat', async () => {
    const run = await trained(problem('multiclass'));
    const { golden } = await evaluated(run);
    expect(golden.rows).toHaveLength(20);
    expect(golden.artifactSha256).toBe(run.candidate.artifact.sha256);
    const model = await loadModel(run.bytes, run.candidate.artifact);
    const answers = model.predict(golden.rows.map(({ instance }) => instance));
    expect(goldenMismatch(golden, answers)).toBeNull();
    expect(goldenMismatch(golden, [...answers.slice(1), answers[0]])).toMatch(/^golden row \d+: expected/);
    expect(goldenMismatch(golden, answers.slice(1))).toBe('expected 20 predictions, current count is 19');
  });

  test('measures a regression, and several classes of which the learner never saw one', async () => {
    const regression = await evaluated(await trained(problem('regression', { scale: 1e6 })));
    expect(regression.output.metrics.r2?.value).toBeGreaterThan(0.85);

    const made = problem('multiclass');
    const rare = made.test.map((row, index) => (index === 0 ? { ...row, truth: 'unheard of' } : row));
    const { scores } = await evaluated(await trained({ ...made, test: rare }));
    if (scores.kind !== 'multiclass') throw new Error('several classes');
    expect(scores.classes).toEqual(['high', 'low, "really"', 'mid', 'unheard of']);
    expect(scores.truth[0]).toBe(3);
    expect(scores.challenger[0]?.[3]).toBe(0);
  });

  test('a model that learned nothing is told to be constant', async () => {
    const made = problem('binary');
    const blank = (rows: Problem['train']) =>
      rows.map((row) => ({ ...row, values: { age: 1, plan: 'basic', member: null, noise: null } }));
    const { evaluation } = await evaluated(
      await trained({ ...made, train: blank(made.train), test: blank(made.test) }),
    );
    expect(evaluation.constantPrediction).toBe(true);
  });
});

test('bestCandidate() goes by the validation loss; one without comes last', () => {
  const candidate = (learner: Candidate['learner'], validationLoss: number | null): Candidate => ({
    learner,
    validationLoss,
    contract: '',
    seconds: 1,
    artifact: { bucket: 'b', key: learner, sha256: '', bytes: 1 },
  });
  const [boosted, forest] = [candidate('gradient-boosted-trees', 0.4), candidate('random-forest', 0.3)];
  expect(bestCandidate([boosted, forest])).toBe(forest);
  expect(bestCandidate([candidate('gradient-boosted-trees', null), forest])).toBe(forest);
  const unknown = candidate('gradient-boosted-trees', null);
  expect(bestCandidate([unknown, candidate('random-forest', null)])).toBe(unknown);
});

test('readTestRows() names the line that is damaged', () => {
  const read = (text: string) => [...readTestRows(Buffer.from(text))];
  expect(read('{"instance":{"a":1},"truth":"x"}\n\n{"instance":{"__proto__":2},"truth":3}')).toHaveLength(2);
  expect(() => read('{"instance":{},"truth":"x"}\n{"instance"')).toThrow('Line 2 of the test split is not JSON');
  expect(() => read('{"instance":{}}')).toThrow('Line 1 of the test split has no instance or no truth');
});

async function evaluated(
  run: Trained,
  options: { champion?: Trained; version?: number; config?: NamedModelConfig } = {},
) {
  const { objects, split, schemaKey, candidate } = run;
  const { champion, version = 1 } = options;
  const at = champion && { version, artifact: { ...champion.candidate.artifact, key: 'champion.zip' } };
  if (champion) await objects.putBytes({ bucket: BUCKET, key: 'champion.zip' }, champion.bytes);
  const made = JSON.parse(objects.text({ bucket: BUCKET, key: schemaKey }));
  const output: typeof evaluateOutput._output = await evaluate(
    { run: run.run, schemaKey, split, candidates: [candidate] },
    options.config ?? config(made.target.kind),
    { objects, bucket: BUCKET, champion: async () => at ?? null },
  );
  const read = (key: string) => JSON.parse(objects.text({ bucket: BUCKET, key }));
  return {
    output,
    evaluation: evaluationSchema.parse(read(output.evaluationKey)),
    scores: scoresSchema.parse(read(output.scoresKey)),
    golden: goldenSchema.parse(read(output.goldenKey)),
  };
}
