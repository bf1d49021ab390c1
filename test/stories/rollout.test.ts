import { fileURLToPath } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetExecutionHistoryCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { rollback } from '../../cli/commands/rollback.ts';
import { rollout } from '../../cli/commands/rollout.ts';
import { viewOf } from '../../cli/commands/watch.ts';
import { modelNamed } from '../../cli/environment.ts';
import { consoleIo } from '../../cli/io.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { customers, toCsv } from '../../examples/churn/generator.ts';
import { withPredictCode } from '../support/code-variant.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { type Answered, liveTraffic } from '../support/live-traffic.ts';
import { openStory, type Story } from '../support/story.ts';
import { housesCsv } from '../support/story-data.ts';

/** Rollouts on the local cloud under synthetic traffic: the templates, the handlers and the machines that are deployed. */

let story: Story;
beforeAll(async () => {
  story = await openStory({ config: fileURLToPath(new URL('../fixtures/rollouts.config.ts', import.meta.url)) });
}, 300_000);
afterAll(() => story?.stop());

afterEach(async () => {
  await story.cloud.clock.idle();
  // Who may not list a bucket is denied what is not there: a model that was deleted looks like this to its function.
  const broken = await brokenInvariants(story);
  expect(broken.filter((sentence) => !sentence.includes('was denied s3:ListBucket'))).toEqual([]);
  await story.told();
});

const people = customers({ rows: 500, seed: 77 }).map(({ churned: _hidden, ...instance }) => instance);
const churn = (seed: number, rows = 1_200) => toCsv(customers({ rows, seed }));
const session = () => ({ io: { ...consoleIo({ json: true }), result: () => undefined }, stage: undefined });

const rollouts = (model: string) => story.registry(model).rollouts();
const alias = (model: string) =>
  story.lambda.send(
    new GetAliasCommand({
      FunctionName: modelNamed(story.environment, model).predictFunctionName,
      Name: LIVE_ALIAS,
    }),
  );
const weightsOf = async (model: string) => (await alias(model)).RoutingConfig?.AdditionalVersionWeights ?? {};

/** The n-th rollout of a model as soon as it has ended and people were told. */
const ended = async (model: string, count: number): Promise<RolloutRecord | undefined> => {
  const record = (await rollouts(model))[count - 1];
  return record?.told ? record : undefined;
};

/** Lets callers send requests until the n-th rollout is over. */
async function under(
  model: string,
  count: number,
  perMinute: number,
  watch: () => Promise<void> = async () => undefined,
) {
  let over: RolloutRecord | undefined;
  const answers = await liveTraffic(story, model, {
    perMinute,
    instance: (index) =>
      model === 'churn'
        ? (people[index % people.length] ?? {})
        : {
            size: 40 + ((index * 37) % 150),
            rooms: 1 + (index % 5),
            district: ['harbour', 'hill', 'old town', 'station'][index % 4],
          },
    until: async () => {
      await watch();
      over = await ended(model, count);
      return over !== undefined;
    },
  });
  if (!over) throw new Error('the traffic stopped too early');
  return { over, answers };
}

const failedBy = (answers: readonly Answered[], functionVersion: string | null) =>
  answers.filter((answer) => answer.failed && answer.functionVersion !== functionVersion).length;

async function cardOf({ cardKey }: RolloutRecord): Promise<string> {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(cardKey ?? '') ?? [];
  const { Body } = await story.s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToString()) ?? '';
}

/** A handler that does something around the real one. */
const handlerThat = (body: string) =>
  `const real = require('./real.js');\nexports.handler = async (event, context) => {\n${body}\n};\n`;

const SLOW = handlerThat(`
  const instances = event.instances;
  return real.handler({ get instances() {
    const until = performance.now() + (instances.length === 1 ? 25 : 0);
    while (performance.now() < until);
    return instances;
  } }, context);`);
const THROWS_FOR_A_SLICE = handlerThat(`
  const [first, second] = event.instances;
  if (!second && first.contract === 'two years') throw new Error('no rule for two-year contracts');
  return real.handler(event, context);`);
const SUBTLY_WORSE = handlerThat(`
  const instances = event.instances.length === 1
    ? event.instances.map((instance) => ({ ...instance, size: instance.size * 1.25 })) : event.instances;
  return real.handler({ ...event, instances }, context);`);

describe('a canary', () => {
  test('the first version goes live at once; there is nobody to compare it with', async () => {
    const { status } = await story.upload('churn', 'january.csv', churn(1));
    expect(status).toBe('REGISTERED');
    const [first] = await rollouts('churn');
    expect(first).toMatchObject({ outcome: 'PROMOTED', strategy: 'all-at-once', told: true });
  });

  test('a version that is as good is promoted in steps; a deployment in the middle leaves the weights', async () => {
    await story.put('churn', 'february.csv', churn(2));
    const seen = new Set<number>();
    let redeployed = 0;
    const { over, answers } = await under('churn', 2, 160, async () => {
      const before = await alias('churn');
      const [weight] = Object.values(before.RoutingConfig?.AdditionalVersionWeights ?? {});
      if (weight === undefined || seen.has(weight)) return;
      seen.add(weight);
      await story.cloud.deploy(story.assembly);
      redeployed += 1;
      expect((await alias('churn')).RoutingConfig).toEqual(before.RoutingConfig);
    });
    expect([over.outcome, over.why]).toEqual(['PROMOTED', expect.stringContaining('No harm that matters')]);
    expect([...seen]).toEqual([0.2, 0.5]);
    expect(redeployed).toBe(2);
    expect(answers.filter(({ failed }) => failed)).toEqual([]);
    expect(await cardOf(over)).toContain('Promoted');
    expect(viewOf(over, 0)).toContain('PROMOTE');
    await settled('churn');
    expect(await story.registry('churn').head()).toMatchObject({ champion: 2, previousChampion: 1, rollout: null });
  });

  test.each([
    ['slow', SLOW, 'latency'],
    ['that throws for a slice', THROWS_FOR_A_SLICE, 'errors'],
  ])('code %s is tried on the champion when it is deployed, and rolled back', async (_what, code, guardrail) => {
    const before = await story.registry('churn').head();
    const count = (await rollouts('churn')).length + 1;
    await story.cloud.deploy(await withPredictCode(story.assembly, 'churn', code));
    const { over, answers } = await under('churn', count, 160);
    expect(over).toMatchObject({ kind: 'CODE', version: before.champion, by: 'deployment' });
    expect(over.outcome).toBe('ROLLED_BACK');
    expect(over.why).toMatch(new RegExp(`${guardrail}|alarm`));
    expect(failedBy(answers, over.to)).toBe(0);
    expect(await cardOf(over)).toContain('Rolled back');
    expect(await story.registry('churn').head()).toMatchObject({ champion: before.champion, rollout: null });
    await story.cloud.deploy(story.assembly);
  });

  test('code that answers a little otherwise is found by what it predicts', async () => {
    await story.upload('houses', 'houses.csv', housesCsv(900, 1));
    await story.cloud.deploy(await withPredictCode(story.assembly, 'houses', SUBTLY_WORSE));
    const { over } = await under('houses', 2, 400);
    expect([over.outcome, over.decision?.cause, over.why]).toEqual([
      'ROLLED_BACK',
      'HARM',
      expect.stringContaining('predictions'),
    ]);
    await story.cloud.deploy(story.assembly);
  });

  test('without traffic it holds, and ends as configured', async () => {
    const { status, run } = await story.upload('churn', 'march.csv', churn(3));
    expect([status, run?.reasons[0]]).toEqual(['REGISTERED', expect.stringContaining('Undecided after')]);
    const over = (await rollouts('churn')).at(-1);
    expect(over).toMatchObject({ outcome: 'ROLLED_BACK', rejected: false, version: 3 });
    expect(over?.state.requests).toEqual({ challenger: 0, champion: 0 });
    expect((await story.registry('churn').version(3))?.stage).toBe('REGISTERED');
  });
});

describe('a rollout that is disturbed', () => {
  const machine = () => modelNamed(story.environment, 'churn').rolloutStateMachineArn;
  let sequence = 0;
  const start = async (version = 3) => {
    sequence += 1;
    const { executionArn = '' } = await story.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: machine(),
        name: `by-hand-${sequence}`,
        input: JSON.stringify({ model: 'churn', version, kind: 'VERSION', by: 'ada', reason: 'again' }),
      }),
    );
    return executionArn;
  };
  const statesOf = async (executionArn: string) => {
    const { events = [] } = await story.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
  };

  test.each([
    'Take the lock',
    'Prepare challenger',
    'Try golden rows',
    'Await quiet',
    'Shift traffic',
    'Bake',
    'Analyse',
  ])('stopped in "%s" it leaves the champion answering', async (state) => {
    const executionArn = await start();
    await until(async () => ((await statesOf(executionArn)).includes(state) ? true : undefined));
    await story.sfn.send(new StopExecutionCommand({ executionArn, cause: 'changed my mind' }));
    await story.cloud.clock.idle();
    await story.cloud.clock.advance(40 * 60_000);
    expect((await story.registry('churn').head()).rollout).toBeNull();
    expect(await weightsOf('churn')).toEqual({});
    expect((await story.registry('churn').version(3))?.stage).toBe('REGISTERED');
    expect(await story.predict('churn', [people[0]])).toMatchObject({ model_version: '1.0.1' });
  });

  test('of two that start at once one owns the traffic and the other is refused', async () => {
    const arns = await Promise.all([start(), start()]);
    const ends = await Promise.all(arns.map(async (arn) => (await finished(arn)).at(-1)));
    expect(ends.sort()).toEqual(['Not rolled out', 'Rolled back']);
  });

  test('an alarm stops it at once', async () => {
    const monitoring = new CloudWatchClient({});
    const { MetricAlarms = [] } = await monitoring.send(new DescribeAlarmsCommand({}));
    const AlarmName = MetricAlarms.find(({ AlarmName: name }) => /churn.*PredictErrors/.test(name ?? ''))?.AlarmName;
    const executionArn = await start();
    await until(async () => ((await statesOf(executionArn)).includes('Bake') ? true : undefined));
    await monitoring.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'a drill' }));
    expect((await finished(executionArn)).at(-1)).toBe('Rolled back');
    expect((await rollouts('churn')).at(-1)).toMatchObject({
      outcome: 'ROLLED_BACK',
      decision: { cause: 'ALARM' },
    });
    await monitoring.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'OK', StateReason: 'the drill is over' }));
  });

  test('a person rolls it back in one step, and who it was is recorded', async () => {
    const executionArn = await start();
    await until(async () => (Object.keys(await weightsOf('churn')).length > 0 ? true : undefined));
    await whileTimeStands(() => rollback(session(), 'churn', { by: 'bob', reason: 'not on a Friday' }));
    expect(await weightsOf('churn')).toEqual({});
    expect((await finished(executionArn)).at(-1)).toBe('Rolled back');
    const decision = (await story.registry('churn').decisions()).at(-1);
    expect(decision).toMatchObject({ kind: 'ROLLED_BACK', who: 'bob', why: 'not on a Friday', version: 3 });
  });

  test('a person promotes what cannot decide by itself', async () => {
    const executionArn = await start();
    await until(async () => (Object.keys(await weightsOf('churn')).length > 0 ? true : undefined));
    await whileTimeStands(() => rollout(session(), 'churn@3', { promote: true, by: 'ada', reason: 'tried it myself' }));
    expect((await finished(executionArn)).at(-1)).toBe('Promoted');
    expect(await story.registry('churn').head()).toMatchObject({ champion: 3, previousChampion: 2 });
  });

  test('long after a promotion the previous champion is one step away', async () => {
    await rollback(session(), 'churn', { by: 'bob', reason: 'the numbers of the week' });
    expect(await story.registry('churn').head()).toMatchObject({ champion: 2, previousChampion: null, rollout: null });
    expect(await story.predict('churn', [people[0]])).toMatchObject({ model_version: '1.0.1' });
  });

  test.each(['deleted', 'altered'])('a challenger whose artifact was %s gets no traffic', async (what) => {
    const versionId = await story.put('churn', `${what}.csv`, churn(what === 'deleted' ? 21 : 22));
    const registry = story.registry('churn');
    const known = (await registry.versions()).length;
    const version = await until(async () => (await registry.versions())[known]);
    const { bucket: Bucket, key: Key } = version.artifact;
    const { Body } = await story.s3.send(new GetObjectCommand({ Bucket, Key }));
    const whole = (await Body?.transformToByteArray()) ?? new Uint8Array();
    if (what === 'deleted') await story.s3.send(new DeleteObjectCommand({ Bucket, Key }));
    else await story.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'not a model' }));
    const { status, run } = await story.outcome('churn', versionId);
    await story.s3.send(new PutObjectCommand({ Bucket, Key, Body: whole }));
    await story.s3.send(new HeadObjectCommand({ Bucket, Key }));
    expect([status, run?.reasons[0]]).toEqual(['REJECTED', expect.stringMatching(/AccessDenied|altered/)]);
    expect((await registry.version(version.version))?.stage).toBe('REJECTED');
  });

  async function finished(executionArn: string): Promise<string[]> {
    await until(async () => {
      const states = await statesOf(executionArn);
      return ['Promoted', 'Rolled back', 'Not rolled out', 'Traffic not settled'].includes(states.at(-1) ?? '')
        ? true
        : undefined;
    });
    await story.cloud.clock.idle();
    return statesOf(executionArn);
  }
});

test('every permission of the rollout was needed', () => {
  const idle = story.cloud.iam
    .report()
    .roles.flatMap(({ statements }) =>
      statements
        .filter(({ effect, needed, policy }) => effect === 'Allow' && needed === 0 && /-churn\/Rollouts/.test(policy))
        .map(({ policy, index, actions }) => `${policy}[${index}] ${actions.map(({ pattern }) => pattern)}`),
    );
  expect(idle).toEqual([]);
});

/** A person is slower than time that is skipped: without this the rollout could reach its limit before the command does. */
const whileTimeStands = <T>(act: () => Promise<T>) => story.cloud.clock.run('a person', act);

/** Waits until no run holds the slot. */
const settled = (model: string) =>
  until(async () => ((await story.registry(model).slot()).running === null ? true : undefined));

/** Looks again until there is something; a story that stands still ends by the test's own timeout. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
