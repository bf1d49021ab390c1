import { GetAliasCommand } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { answer } from '../../cli/commands/answer.ts';
import { modelNamed } from '../../cli/environment.ts';
import { consoleIo } from '../../cli/io.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import { customers, toCsv } from '../../examples/churn/generator.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { openStory, type Story } from '../support/story.ts';
import { flowersCsv, housesCsv } from '../support/story-data.ts';

/** Whole stories on the local cloud: the synthesized templates, the bundled handlers, the real SDK, skipped time. */

let story: Story;
beforeAll(async () => {
  story = await openStory();
}, 300_000);
afterAll(() => story?.stop());

afterEach(async () => {
  expect(await brokenInvariants(story)).toEqual([]);
});

const churn = (seed: number, options: Partial<Parameters<typeof customers>[0]> = {}) =>
  toCsv(customers({ rows: 1_500, seed, ...options }));
const oneCustomer = () => {
  const [{ churned: _hidden, ...instance } = {}] = customers({ rows: 1, seed: 77 });
  return instance;
};

describe('a binary model that goes live by itself', () => {
  test('answers 503 before its first champion', async () => {
    expect(await story.predict('churn', [oneCustomer()])).toMatchObject({ error: { code: 'NoChampion' } });
  });

  test('serves the first version that passes its gates', async () => {
    const { status, run } = await story.upload('churn', 'january.csv', churn(1));
    expect(run?.reasons).toEqual([]);
    expect(status).toBe('REGISTERED');
    const answered = await story.predict('churn', [oneCustomer(), oneCustomer()]);
    expect(answered).toMatchObject({ model: 'churn', model_version: '1.0.0' });
    expect(answered.predictions).toHaveLength(2);
    const told = await story.told();
    expect(told.map(({ subject }) => subject)).toEqual(['churn: version 1.0.0 is live']);
    expect(told[0]?.message).toContain('AUC');
  });

  test('names the field of a bad instance', async () => {
    const bad = await story.predict('churn', [oneCustomer(), { ...oneCustomer(), age: 'old' }]);
    expect(bad).toMatchObject({ statusCode: 400, error: { code: 'InvalidInstance', field: 'age', index: 1 } });
  });

  test('replaces the champion by one that is as good on the same rows, as a patch', async () => {
    const { status, run } = await story.upload('churn', 'february.csv', churn(2, { rows: 4_000, callsMissing: 0 }));
    expect([status, run?.semver, run?.reasons]).toEqual(['REGISTERED', '1.0.1', []]);
    expect(await story.predict('churn', [oneCustomer()])).toMatchObject({ model_version: '1.0.1' });
    expect(await story.registry('churn').head()).toMatchObject({ champion: 2, previousChampion: 1, rollout: null });
    await story.told();
  });

  test('rejects a worse one, with a card, and keeps the champion', async () => {
    const { status, run } = await story.upload('churn', 'noise.csv', churn(3, { labelNoise: 0.4 }));
    expect(status).toBe('REJECTED');
    expect(run?.reasons[0]).toMatch(/AUC/);
    expect(await story.predict('churn', [oneCustomer()])).toMatchObject({ model_version: '1.0.1' });
    const version = await story.registry('churn').version(run?.version ?? 0);
    expect(version?.stage).toBe('REJECTED');
    expect((await story.told()).map(({ subject }) => subject)).toEqual(['churn: version 1.0.2 was rejected']);
  });

  test('moves a corrupt upload aside with a report; a corrected one starts again under the same key', async () => {
    const broken = churn(4).replace(/^(C000700,)\d+/m, '$1many');
    const { status, run } = await story.upload('churn', 'march.csv', broken);
    expect(status).toBe('QUARANTINED');
    expect(run?.reasons.join()).toMatch(/"age".*many/);
    const { dataBucket: Bucket } = story.environment;
    await expect(story.s3.send(new HeadObjectCommand({ Bucket, Key: 'churn/training/march.csv' }))).rejects.toThrow();
    const { Contents = [] } = await story.s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'churn/quarantine/' }));
    expect(Contents.map(({ Key }) => Key?.split('/').at(-1)).sort()).toEqual(['march.csv', 'report.json']);
    const report = await story.s3.send(new GetObjectCommand({ Bucket, Key: run?.reportKey ?? '' }));
    expect(await report.Body?.transformToString()).toContain('many');
    expect(['REGISTERED', 'REJECTED']).toContain((await story.upload('churn', 'march.csv', churn(4))).status);
    await story.told();
  });

  test('starts one run for content that comes again, under whatever name', async () => {
    const before = (await story.registry('churn').runs()).length;
    const { status, upload } = await story.upload('churn', 'january again.csv', churn(1));
    expect(status).toBe('DUPLICATE');
    expect(upload.reasons[0]).toMatch(/^the same content is run churn-/);
    expect(await story.registry('churn').runs()).toHaveLength(before);
    await story.told();
  });

  test('trains on the version that was uploaded although the key is overwritten meanwhile; the last one wins', async () => {
    const versions = [await story.put('churn', 'may.csv', churn(5)), await story.put('churn', 'may.csv', churn(6))];
    const outcomes = await Promise.all(versions.map((version) => story.outcome('churn', version)));
    for (const { upload, run } of outcomes) {
      if (upload.status === 'SUPERSEDED') continue;
      const version = await story.registry('churn').version(run?.version ?? 0);
      expect(version?.lineage.dataset.versionId).toBe(upload.versionId);
    }
    expect(outcomes[1]?.upload.status).not.toBe('SUPERSEDED');
    await story.told();
  });

  test('gives a run that somebody stops the outcome FAILED, and runs the next upload', async () => {
    const versionId = await story.put('churn', 'june.csv', churn(7));
    const registry = story.registry('churn');
    const running = await until(async () =>
      (await registry.runs()).find((run) => run.dataset.versionId === versionId && run.executionArn),
    );
    await story.sfn.send(
      new StopExecutionCommand({ executionArn: running.executionArn ?? '', cause: 'changed my mind' }),
    );
    const stopped = await story.outcome('churn', versionId);
    expect([stopped.status, stopped.run?.reasons[0]]).toEqual(['FAILED', expect.stringContaining('changed my mind')]);
    const again = await story.upload('churn', 'june.csv', churn(7));
    expect(again.run?.attempt).toBe(2);
    expect(['REGISTERED', 'REJECTED']).toContain(again.status);
    await story.told();
  });
});

describe('a regression model that a person answers for', () => {
  const session = () => ({ io: { ...consoleIo({ json: true }), result: () => undefined }, stage: undefined });

  test('waits for an answer, goes live when it is approved, and records who it was', async () => {
    const waiting = await story.upload('houses', 'houses.csv', housesCsv(900, 1));
    expect(waiting.status).toBe('AWAITING_APPROVAL');
    expect((await story.told()).map(({ subject }) => subject)).toEqual([
      'houses: version 1.0.0 waits for your approval',
    ]);
    await answer(session(), 'houses@1', { approved: true, by: 'ada', reason: 'looks right' });
    const { status } = await until(async () => {
      const upload = await story.registry('houses').upload(waiting.upload.id);
      return upload?.settledAt ? upload : undefined;
    });
    expect(status).toBe('REGISTERED');
    const decisions = await story.registry('houses').decisions();
    expect(decisions.map(({ kind, who }) => `${kind} by ${who}`)).toEqual([
      'REGISTERED by gates',
      'APPROVED by ada',
      'ROLLOUT_STARTED by rollout',
      'PROMOTED by rollout',
    ]);
    const [{ value = 0 } = {}] = (await story.predict('houses', [{ size: 100, rooms: 3, district: 'hill' }]))
      .predictions as { value?: number }[];
    expect(value).toBeGreaterThan(150_000);
    expect(value).toBeLessThan(400_000);
    await story.told();
  });

  test('rejects a version that nobody answers for in time, and says so to who answers too late', async () => {
    const waiting = await story.upload('houses', 'houses2.csv', housesCsv(900, 2));
    expect(waiting.status).toBe('AWAITING_APPROVAL');
    await story.cloud.clock.advance(4 * 3_600_000);
    const { status, reasons } = await until(async () => {
      const upload = await story.registry('houses').upload(waiting.upload.id);
      return upload?.settledAt ? upload : undefined;
    });
    expect([status, reasons[0]]).toEqual(['REJECTED', expect.stringMatching(/nobody|no answer|in time/i)]);
    await expect(answer(session(), 'houses@2', { approved: true })).rejects.toThrow(/Too late: houses@2 is EXPIRED/);
    expect(await story.predict('houses', [{ size: 100, rooms: 3, district: 'hill' }])).toMatchObject({
      model_version: '1.0.0',
    });
    await story.told();
  });

  test('rejects a version that a person rejects', async () => {
    const waiting = await story.upload('houses', 'houses3.csv', housesCsv(900, 3));
    await answer(session(), 'houses@3', { approved: false, by: 'bob', reason: 'not before the audit' });
    const settled = await until(async () => {
      const upload = await story.registry('houses').upload(waiting.upload.id);
      return upload?.settledAt ? upload : undefined;
    });
    expect([settled.status, settled.reasons[0]]).toEqual(['REJECTED', expect.stringContaining('not before the audit')]);
    await story.told();
  });
});

describe('the pipeline around the models', () => {
  test('two models train at once; a multiclass one picks the better of two learners', async () => {
    const [flowers, churned] = await Promise.all([
      story.upload('flowers', 'flowers.csv', flowersCsv(900, 1)),
      story.upload('churn', 'july.csv', churn(8)),
    ]);
    expect(flowers.status).toBe('REGISTERED');
    expect(['REGISTERED', 'REJECTED']).toContain(churned.status);
    const [prediction] = (await story.predict('flowers', [{ petal_length: 1.6, petal_width: 0.5, side: 'north' }]))
      .predictions as { label: string }[];
    expect(prediction?.label).toBe('setosa');
    await story.told();
  });

  test('tells people of an upload outside of every model, and where it belongs', async () => {
    const { dataBucket: Bucket } = story.environment;
    await story.s3.send(new PutObjectCommand({ Bucket, Key: 'churn/trianing/oops.csv', Body: 'a,b\n' }));
    const [told] = await until(async () => {
      const messages = await story.told();
      return messages.length > 0 ? messages : undefined;
    });
    expect(told?.message).toContain('churn/trianing/oops.csv');
    expect(told?.message).toContain('training/');
    await story.s3.send(new DeleteObjectCommand({ Bucket, Key: 'churn/trianing/oops.csv' }));
  });

  test('a second deployment of the same templates changes nothing and leaves the weights as they are', async () => {
    const { predictFunctionName: FunctionName } = modelNamed(story.environment, 'churn');
    const live = () => story.lambda.send(new GetAliasCommand({ FunctionName, Name: LIVE_ALIAS }));
    const before = await live();
    const { stacks } = await story.cloud.deploy(story.assembly);
    expect(
      stacks.map(({ created, updated, replaced, deleted }) => [...created, ...updated, ...replaced, ...deleted]),
    ).toEqual(stacks.map(() => []));
    const after = await live();
    expect([after.FunctionVersion, after.RoutingConfig, after.RevisionId]).toEqual([
      before.FunctionVersion,
      before.RoutingConfig,
      before.RevisionId,
    ]);
  });

  test('the reconciliation finishes what handlers that died left behind', async () => {
    const registry = story.registry('churn');
    const [ended] = (await registry.runs()).filter(({ status }) => status === 'FAILED');
    if (!ended) throw new Error('no run has failed yet');
    const runId = `${ended.runId}-9`;
    const run = { model: 'churn', runId, dataset: ended.dataset };
    const slot = await registry.slot();
    // As if intake had died between its write and the start of the run, and settle before it could tell anybody.
    await registry.write({
      slot: { ...slot, running: { run, uploadId: 'gone', sequencer: '0' }, revision: slot.revision + 1 },
      runs: [
        { ...ended, announced: false },
        {
          ...ended,
          runId,
          attempt: 9,
          status: 'PENDING',
          executionArn: null,
          startedAt: null,
          endedAt: null,
          announced: false,
        },
      ],
    });
    await story.told();
    await story.cloud.clock.advance(3_600_000);
    const finished = await until(async () => {
      const found = await registry.run(runId);
      return found?.announced ? found : undefined;
    });
    expect(['REGISTERED', 'REJECTED']).toContain(finished.status);
    expect((await registry.run(ended.runId))?.announced).toBe(true);
    expect((await story.told()).map(({ subject }) => subject)).toContain('churn: a run failed');
  });

  test('every permission of every role was needed by somebody', async () => {
    await story.cloud.clock.advance(2 * 3_600_000);
    const { roles } = story.cloud.iam.report();
    const idle = roles.flatMap(({ statements }) =>
      statements
        .filter(({ effect, needed, policy }) => effect === 'Allow' && needed === 0 && !ELSEWHERE.test(policy))
        .map(({ policy, index, actions }) => `${policy}[${index}] ${actions.map(({ pattern }) => pattern)}`),
    );
    // One model of a kind needs what all of that kind need: what stands for three models was needed by one of them at least.
    const needed = new Set(
      roles.flatMap(({ statements }) =>
        statements
          .filter((statement) => statement.needed > 0)
          .map(({ policy, index }) => `${kindOf(policy)}[${index}]`),
      ),
    );
    expect(
      idle.filter(
        (statement) =>
          !needed.has(`${kindOf(statement.split('[')[0] ?? '')}[${statement.split('[')[1]?.split(']')[0]}]`),
      ),
    ).toEqual([]);
  });
});

/** `Sluice-test-churn/TrainingStepsAdmitRoleDefaultPolicy1A2B3C4D` -> the part that is the same for every model. */
const kindOf = (policy: string) => policy.replace(/^Sluice-test-[a-z]+/, 'model').replace(/[0-9A-F]{8}$/, '');

/** Looks again until there is something; a story that stands still ends by the test's own timeout. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What rollouts in steps, captures, labels, windows and reactions need is asked for in their own stories. */
const ELSEWHERE = /\/(Rollouts|Capture|Truth|Monitoring|Retraining|Reactions)/;
