import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { rollback } from '../../cli/commands/rollback.ts';
import { consoleIo } from '../../cli/io.ts';
import { synthesizeInto } from '../../cli/synthesize-into.ts';
import type { Fault, FaultEffect } from '../../local/faults.ts';
import { awsCli, hasAwsCli } from '../support/aws-cli.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { RolloutStory, until } from '../support/rollout-story.ts';

/**
 * Rollouts that are disturbed while callers send requests: no request fails, the champion answers, alias and registry agree
 * again, and the next rollout works.
 */

const CONFIG = fileURLToPath(new URL('../fixtures/rollout-faults.config.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sluice-faults-'));
const stateDir = join(folder, 'state');
/** Versions that passed their gates and got no traffic, because nobody asked them anything: they may try again. */
const [CHALLENGER, SECOND, THIRD] = [2, 3, 4];
let rollouts: RolloutStory;
let assembly: string;

beforeAll(async () => {
  process.env.SLUICE_CONFIG = CONFIG;
  assembly = (await synthesizeInto(join(folder, 'cdk.out'), {})).directory;
  rollouts = await RolloutStory.open({ config: CONFIG, stateDir, assembly });
  for (const seed of [1, 2, 3, 4]) await rollouts.outcome(await rollouts.upload(seed));
  await rollouts.rest();
}, 300_000);
afterAll(async () => {
  await rollouts?.story.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  rollouts.heal();
  const broken = await brokenInvariants(rollouts.story);
  // Who may not list a bucket is denied what is not there: a model that was deleted looks like this to its function.
  expect(broken.filter((sentence) => !sentence.includes('was denied s3:ListBucket'))).toEqual([]);
  expect((await rollouts.registry.head()).rollout).toBeNull();
  expect(await rollouts.weights()).toBe(await rollouts.champion());
  expect(overlapping(await rollouts.rolloutDecisions())).toEqual([]);
  await rollouts.story.told();
  await rollouts.rest();
});

/** Rollouts that began before the one before had ended. */
const overlapping = (decisions: readonly string[]) =>
  decisions.filter((decision, index) => decision.startsWith('start') === (index % 2 === 1));

const session = () => ({ io: { ...consoleIo({ json: true }), result: () => undefined }, stage: undefined });

type Moment = Omit<Fault, 'caller' | 'effect'>;

/** The request of its handler by which a state is caught in the act. */
const TASKS: readonly [state: string, request: Moment][] = [
  ['Take the lock', { action: 'dynamodb:PutItem' }],
  ['Prepare challenger', { action: 'lambda:ListVersionsByFunction' }],
  ['Try golden rows', { action: 'lambda:InvokeFunction' }],
  ['Await quiet', { action: 'cloudwatch:DescribeAlarms' }],
  ['Shift traffic', { action: 'lambda:UpdateAlias' }],
  ['Analyse', { action: 'cloudwatch:GetMetricData', skip: 1 }],
  ['Promote', { action: 'lambda:UpdateAlias', skip: 2 }],
];

const standsIn = (executionArn: string, state: string) =>
  until(async () => ((await rollouts.states(executionArn)).at(-1) === state ? true : undefined));
const freed = () => until(async () => ((await rollouts.registry.head()).rollout === null ? true : undefined));
const championServes = () =>
  until(async () => ((await rollouts.weights()) === (await rollouts.champion()) ? true : undefined));
const stageOf = async (version: number) => (await rollouts.registry.version(version))?.stage;

describe('an execution that is stopped', () => {
  test.each(TASKS)(
    'in "%s", its handler at work: what that does afterwards changes nothing',
    async (state, request) => {
      await rollouts.underTraffic(async () => {
        const held = rollouts.fault({ ...request, effect: 'hold' });
        const executionArn = await rollouts.start(CHALLENGER);
        await held.arrived;
        expect((await rollouts.states(executionArn)).at(-1)).toBe(state);
        await rollouts.stop(executionArn);
        await freed();
        await championServes();
        held.release();
      });
      await rollouts.story.quiet();
      expect((await rollouts.registry.rollouts()).at(-1)).toMatchObject({ outcome: 'ABORTED', told: true });
      expect(await stageOf(CHALLENGER)).toBe('REGISTERED');
    },
  );

  test.each([
    ['Roll back', { action: 'lambda:UpdateAlias', skip: 1 }, 'ROLLED_BACK', []],
    ['Release', { action: 's3:PutObject' }, 'ROLLED_BACK', []],
    ['Roll back after failure', { action: 'lambda:UpdateAlias' }, 'ABORTED', [{ action: 'lambda:InvokeFunction' }]],
  ] satisfies [string, Moment, string, Moment[]][])(
    'in "%s": the champion serves and people are told all the same',
    async (state, request, outcome, broken) => {
      for (const moment of broken) rollouts.fault({ ...moment, effect: 'kill before', times: 2 });
      const held = rollouts.fault({ ...request, effect: 'hold' });
      const executionArn = await rollouts.start(CHALLENGER);
      await held.arrived;
      expect((await rollouts.states(executionArn)).at(-1)).toBe(state);
      await rollouts.stop(executionArn);
      await freed();
      await championServes();
      held.release();
      await rollouts.story.quiet();
      expect((await rollouts.registry.rollouts()).at(-1)).toMatchObject({ outcome, told: true });
    },
  );

  test('while it bakes', async () => {
    await rollouts.underTraffic(() =>
      rollouts.frozen(async () => {
        const executionArn = await rollouts.start(CHALLENGER);
        await standsIn(executionArn, 'Bake');
        expect(await rollouts.weights()).toMatch(/^\d+ \+\d+:0\.2$/);
        await rollouts.stop(executionArn);
        await freed();
        await championServes();
      }),
    );
  });

  test('while it waits: for alarms to be over, and for the lock, which stays with who has it', async () => {
    await rollouts.underTraffic(() =>
      rollouts.frozen(async () => {
        await rollouts.setAlarm('ALARM');
        const first = await rollouts.start(CHALLENGER);
        await standsIn(first, 'Let alarms pass');
        const second = await rollouts.start(CHALLENGER, { runId: 'a-run' });
        await standsIn(second, 'Wait for the lock');
        await rollouts.stop(second);
        expect((await rollouts.registry.head()).rollout?.runId).toBe(first.split(':').at(-1));
        await rollouts.stop(first);
        await freed();
        await rollouts.setAlarm('OK');
      }),
    );
  });
});

describe('a handler', () => {
  /** A request of each step. One that was carried out before its handler died is not repeated. */
  const moments = (effect: FaultEffect): Moment[] => [
    { action: 'dynamodb:PutItem' },
    { action: 'lambda:PublishVersion' },
    { action: 'lambda:InvokeFunction' },
    { action: 'cloudwatch:DescribeAlarms' },
    { action: 'lambda:UpdateAlias' },
    { action: 'cloudwatch:GetMetricData', skip: 1 },
    { action: 'lambda:UpdateAlias', skip: effect === 'kill after' ? 2 : 3 },
    { action: 's3:PutObject' },
    { action: 'sns:Publish' },
  ];

  test.each(['kill before', 'kill after', 'lose', 'throttle'] as const)(
    '"%s" at one moment of each of its steps: new code is promoted, once',
    async (effect) => {
      const count = await rollouts.count();
      const faults = moments(effect).map((moment) => rollouts.fault({ ...moment, effect }));
      await rollouts.underTraffic(async () => {
        await rollouts.deployNewCode();
        expect(await rollouts.ended(count + 1)).toMatchObject({ kind: 'CODE', outcome: 'PROMOTED' });
      });
      expect(faults.map(({ happened }) => happened)).toEqual(faults.map(() => 1));
      expect(await rollouts.count()).toBe(count + 1);
    },
  );

  test.each(TASKS)('that dies in "%s" whenever it is tried gives the traffic back', async (_state, request) => {
    const fault = rollouts.fault({ ...request, effect: 'kill before', times: 2 });
    await rollouts.underTraffic(async () => standsIn(await rollouts.start(CHALLENGER), 'Not rolled out'));
    expect(fault.happened).toBe(2);
    expect(await stageOf(CHALLENGER)).toBe('REGISTERED');
  });
});

describe('somebody else in the middle of a rollout', () => {
  test('a deployment in each step leaves the weights as they are', async () => {
    const seen: string[] = [];
    await rollouts.underTraffic(async () => {
      const count = await rollouts.count();
      const held = TASKS.map(([, request]) => rollouts.fault({ ...request, effect: 'hold' }));
      await rollouts.start(CHALLENGER);
      for (const moment of held) {
        await moment.arrived;
        const before = await rollouts.alias();
        const { stacks } = await rollouts.deploy();
        expect(stacks.flatMap(({ updated }) => updated)).toHaveLength(1);
        expect(await rollouts.alias()).toEqual({ ...before, $metadata: expect.anything() });
        seen.push(await rollouts.weights());
        moment.release();
      }
      expect((await rollouts.ended(count + 1)).outcome).toBe('PROMOTED');
    });
    expect(seen.map((weights) => weights.replace(/^\d+ ?\+?\d*:?/, ''))).toEqual(['', '', '', '', '0.2', '0.2', '']);
    await rollback(session(), 'houses', { by: 'bob', reason: 'only a drill' });
  });

  test('an alarm stops it before the next look', async () => {
    await rollouts.underTraffic(() =>
      rollouts.frozen(async () => {
        const executionArn = await rollouts.start(SECOND);
        await standsIn(executionArn, 'Bake');
        await rollouts.setAlarm('ALARM');
        await freed();
        await championServes();
        expect((await rollouts.states(executionArn)).at(-1)).toBe('Bake');
        await rollouts.setAlarm('OK');
      }),
    );
    expect((await rollouts.registry.rollouts()).at(-1)).toMatchObject({ decision: { cause: 'ALARM' } });
    expect(await stageOf(SECOND)).toBe('REGISTERED');
  });

  test.each(TASKS)('a person who rolls back in "%s" is not overruled', async (_state, request) => {
    const champion = await rollouts.champion();
    await rollouts.underTraffic(async () => {
      const held = rollouts.fault({ ...request, effect: 'hold' });
      await rollouts.start(SECOND);
      await held.arrived;
      await rollback(session(), 'houses', { by: 'bob', reason: 'not today' });
      expect(await rollouts.weights()).toBe(champion);
      held.release();
    });
    await rollouts.story.quiet();
    expect(await rollouts.weights()).toBe(champion);
    expect((await rollouts.registry.decisions()).at(-1)).toMatchObject({ kind: 'ROLLED_BACK', who: 'bob' });
  });

  test('three versions at once: one is promoted, the others are refused, then and later', async () => {
    const { champion: first } = await rollouts.registry.head();
    const count = await rollouts.count();
    await rollouts.underTraffic(async () => {
      await Promise.all([SECOND, THIRD, SECOND].map((version) => rollouts.start(version)));
      expect((await rollouts.ended(count + 1)).outcome).toBe('PROMOTED');
    });
    expect(await rollouts.count()).toBe(count + 1);
    const { champion } = await rollouts.registry.head();
    const other = champion === SECOND ? THIRD : SECOND;
    const late = await rollouts.start(other);
    await rollouts.story.quiet();
    expect((await rollouts.states(late)).at(-1)).toBe('Not rolled out');
    await rollback(session(), 'houses', { by: 'bob', reason: 'the numbers of the week' });
    expect((await rollouts.registry.head()).champion).toBe(first);
  });
});

describe('training runs', () => {
  test.each([
    ['deleted before it is prepared', { action: 'dynamodb:PutItem' }],
    ['altered after it was prepared', { action: 'lambda:PublishVersion' }],
  ])('whose artifact was %s get no traffic', async (what, request) => {
    const known = (await rollouts.registry.versions()).length;
    await rollouts.underTraffic(async () => {
      const held = rollouts.fault({ ...request, effect: 'hold' });
      const versionId = await rollouts.upload(100 + known);
      await held.arrived;
      const version = (await rollouts.registry.versions())[known];
      if (!version) throw new Error('the run registered nothing');
      const { bucket: Bucket, key: Key } = version.artifact;
      const { s3 } = rollouts.story;
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      const whole = await Body?.transformToByteArray();
      if (what.startsWith('deleted')) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      else await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'not a model' }));
      held.release();
      const { status, run } = await rollouts.outcome(versionId);
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: whole }));
      expect([status, run?.reasons[0]]).toEqual(['REJECTED', expect.stringMatching(/AccessDenied|altered/)]);
      expect(await stageOf(version.version)).toBe('REJECTED');
    });
  });

  test('three that race end with the newest, once; what was not superseded was champion in turn', async () => {
    await rollouts.underTraffic(async () => {
      const uploads: string[] = [];
      for (const seed of [21, 22, 23]) {
        uploads.push(await rollouts.upload(seed));
        await rollouts.moment();
      }
      const outcomes = await Promise.all(uploads.map((upload) => rollouts.outcome(upload)));
      const trained = outcomes.filter(({ status }) => status !== 'SUPERSEDED');
      expect(trained.map(({ status, run }) => [status, run?.reasons])).toEqual(trained.map(() => ['REGISTERED', []]));
      expect(outcomes[2]?.status).toBe('REGISTERED');
      expect((await rollouts.registry.head()).champion).toBe(outcomes[2]?.run?.version);
      const promoted = (await rollouts.registry.decisions()).filter(({ kind }) => kind === 'PROMOTED');
      expect(promoted.slice(-trained.length).map(({ version }) => version)).toEqual(
        trained.map(({ run }) => run?.version),
      );
    });
  });

  test('go on where they stood when the machine is started again', async () => {
    const count = await rollouts.count();
    let versionId = '';
    await rollouts.underTraffic(async () => {
      versionId = await rollouts.upload(31);
      await until(async () => ((await rollouts.weights()).endsWith(':0.2') ? true : undefined));
    });
    await rollouts.story.stop();
    rollouts = await RolloutStory.open({ config: CONFIG, stateDir, assembly });
    await rollouts.underTraffic(async () => {
      expect((await rollouts.ended(count + 1)).outcome).toBe('PROMOTED');
      const { status, run } = await rollouts.outcome(versionId);
      expect([status, run?.version]).toEqual(['REGISTERED', (await rollouts.registry.head()).champion]);
    });
    expect(await rollouts.count()).toBe(count + 1);
  });
});

test.skipIf(!hasAwsCli())('the aws command reads the weights of each step', async () => {
  const aws = awsCli(rollouts.story.cloud.endpoint);
  const args = ['--function-name', rollouts.predictFunctionName, '--name', 'live'];
  const read = async () => JSON.parse(await aws('lambda', 'get-alias', ...args)) as object;
  const champion = await rollouts.champion();
  const count = await rollouts.count();
  await rollouts.underTraffic(async () => {
    const held = [0, 1, 2].map((skip) => rollouts.fault({ action: 'lambda:UpdateAlias', skip, effect: 'hold' }));
    await rollouts.deployNewCode();
    for (const [index, share] of [0.2, 0.5].entries()) {
      await held[index]?.arrived;
      const { to } = (await rollouts.registry.rollouts()).at(-1) ?? {};
      expect(await read()).toMatchObject({
        FunctionVersion: champion,
        RoutingConfig: { AdditionalVersionWeights: { [to ?? '']: share } },
      });
      held[index]?.release();
    }
    await held[2]?.arrived;
    expect(await read()).not.toHaveProperty('RoutingConfig');
    held[2]?.release();
    expect((await rollouts.ended(count + 1)).outcome).toBe('PROMOTED');
  });
});
