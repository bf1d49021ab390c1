import { fileURLToPath } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { answer } from '../../cli/commands/answer.ts';
import { rollback } from '../../cli/commands/rollback.ts';
import { rollout } from '../../cli/commands/rollout.ts';
import { modelNamed } from '../../cli/environment.ts';
import { consoleIo } from '../../cli/io.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import { type RolloutCard, rolloutCardSchema } from '../../domain/rollout/card.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { customers, toCsv } from '../../examples/churn/generator.ts';
import { withPredictCode } from '../support/code-variant.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { type Answered, liveTraffic } from '../support/live-traffic.ts';
import { openStory, type Story } from '../support/story.ts';

/** Every strategy but the canary, and what people are asked, on the local cloud under synthetic traffic. */

let story: Story;
beforeAll(async () => {
  story = await openStory({ config: fileURLToPath(new URL('../fixtures/strategies.config.ts', import.meta.url)) });
  await Promise.all(['steps', 'swap', 'mirror'].map((model) => story.upload(model, 'january.csv', churn(1))));
  await story.told();
}, 300_000);
afterAll(() => story?.stop());

afterEach(async () => {
  await story.cloud.clock.idle();
  expect(await brokenInvariants(story)).toEqual([]);
  await story.told();
});

const people = customers({ rows: 500, seed: 77 }).map(({ churned: _hidden, ...instance }) => instance);
const churn = (seed: number) => toCsv(customers({ rows: 500, seed }));
const session = () => ({ io: { ...consoleIo({ json: true }), result: () => undefined }, stage: undefined });
const rollouts = (model: string) => story.registry(model).rollouts();

async function alias(model: string) {
  const { predictFunctionName: FunctionName } = modelNamed(story.environment, model);
  const { RoutingConfig, RevisionId, FunctionVersion } = await story.lambda.send(
    new GetAliasCommand({ FunctionName, Name: LIVE_ALIAS }),
  );
  return { FunctionVersion, RevisionId, weight: Object.values(RoutingConfig?.AdditionalVersionWeights ?? {})[0] ?? 0 };
}

/** Lets callers send requests until the rollout that follows those which are known has ended; `look` sees it go on. */
async function under(
  model: string,
  known: number,
  options: { perMinute?: number; look?: (record: RolloutRecord) => Promise<void> } = {},
) {
  let over: RolloutRecord | undefined;
  const answers = await liveTraffic(story, model, {
    perMinute: options.perMinute ?? 100,
    instance: (index) => people[index % people.length] ?? {},
    until: async () => {
      const record = (await rollouts(model))[known];
      if (record) await options.look?.(record);
      over = record?.told ? record : undefined;
      return over !== undefined;
    },
  });
  if (!over) throw new Error('the traffic stopped too early');
  return { over, answers };
}

/** The rollout that follows those which are known, once it is over. */
const ended = (model: string, known: number) =>
  until(async () => {
    const record = (await rollouts(model))[known];
    return record?.told ? record : undefined;
  });

const failed = (answers: readonly Answered[]) => answers.filter((one) => one.failed).length;

async function cardOf({ cardKey }: RolloutRecord): Promise<{ card: RolloutCard; page: string }> {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(cardKey ?? '') ?? [];
  const read = async (key: string) =>
    (await (await story.s3.send(new GetObjectCommand({ Bucket, Key: key }))).Body?.transformToString()) ?? '';
  const page = await read(Key);
  return { card: rolloutCardSchema.parse(JSON.parse(await read(Key.replace('.html', '.json')))), page };
}

/** Code that does something when a caller, or a copy of one, asks; it leaves alone what asks for several rows. */
const codeThat = (body: string) =>
  `const real = require('./real.js');\nexports.handler = async (event, context) => {\nconst [row, more] = event.instances;\n${body}\nreturn real.handler(event, context);\n};\n`;

const deploy = async (model: string, body: string) =>
  story.cloud.deploy(await withPredictCode(story.assembly, model, codeThat(body)));

describe('blue-green', () => {
  test('gives everything at once and bakes; it says that nothing was compared', async () => {
    await deploy('swap', '// other code that does the same');
    const seen = new Set<unknown>();
    const { over, answers } = await under('swap', 1, {
      look: async ({ step, outcome }) => {
        const { FunctionVersion, weight } = await alias('swap');
        if (step === 0 && outcome === null) seen.add([FunctionVersion, weight].join());
      },
    });
    expect(over).toMatchObject({ outcome: 'PROMOTED', decision: { cause: 'UNCOMPARED' } });
    expect([...seen]).toEqual([`${over.to},0`]);
    expect(Date.parse(over.endedAt ?? '') - Date.parse(over.stepStartedAt)).toBeGreaterThanOrEqual(5 * 60_000);
    expect(failed(answers)).toBe(0);
  });

  test('goes back when an alarm goes off while it bakes', async () => {
    await deploy('swap', '// code of another day');
    const { over, answers } = await under('swap', 2, {
      look: async ({ step, outcome }) => {
        if (step === 0 && outcome === null) await ring('swap');
      },
    });
    expect(over).toMatchObject({ outcome: 'ROLLED_BACK', decision: { cause: 'ALARM' }, rejected: false });
    expect(await alias('swap')).toMatchObject({ FunctionVersion: over.from, weight: 0 });
    expect(failed(answers)).toBe(0);
    await ring('swap', 'OK');
  });

  test('without a request nothing is promoted', async () => {
    await rollout(session(), 'swap@1', { by: 'ada' });
    const over = await ended('swap', 3);
    expect(over).toMatchObject({ outcome: 'ROLLED_BACK', decision: { cause: 'LIMIT' }, rejected: false });
    expect(await alias('swap')).toMatchObject({ FunctionVersion: over.from, weight: 0 });
  });
});

describe('shadow', () => {
  test('a version that agrees is promoted on copies, and no caller met it before', async () => {
    await story.put('mirror', 'february.csv', churn(2));
    const before = await alias('mirror');
    const { over, answers } = await under('mirror', 1, {
      look: async ({ outcome }) => {
        const now = await alias('mirror');
        if (outcome === null && now.FunctionVersion === before.FunctionVersion) expect(now).toEqual(before);
      },
    });
    expect([over.outcome, over.why]).toEqual(['PROMOTED', expect.stringContaining('No harm that matters')]);
    expect(failed(answers)).toBe(0);
    expect(new Set(answers.map(({ functionVersion }) => functionVersion)).size).toBeLessThanOrEqual(2);
    const { card, page } = await cardOf(over);
    const { comparison } = card;
    const live = answers.filter(({ functionVersion }) => functionVersion === over.from).length;
    expect(comparison?.requests.unanswered).toBe(0);
    expect(comparison?.requests.copied).toBeGreaterThan(0.4 * live);
    expect(comparison?.requests.copied).toBeLessThan(0.9 * live);
    expect((comparison?.all.same ?? 0) / (comparison?.all.rows ?? 0)).toBeGreaterThan(0.8);
    expect(comparison?.slices.map(({ column }) => column)).toContain('contract');
    expect(comparison?.biggest[0]?.instance).toHaveProperty('contract');
    for (const title of ['Row by row', 'By slice', 'Biggest differences']) expect(page).toContain(title);
    expect(await story.registry('mirror').head()).toMatchObject({ champion: 2, previousChampion: 1 });
  });

  test.each([
    ['throws for a slice', `if (!more && row.contract === 'two years') throw new Error('no rule for it');`, 'errors'],
    ['is slow', `if (!more) for (const until = performance.now() + 30; performance.now() < until; );`, 'latency'],
  ])('code that %s is found by copies, before any caller meets it', async (_what, body, guardrail) => {
    const known = (await rollouts('mirror')).length;
    const before = await alias('mirror');
    await deploy('mirror', body);
    const { over, answers } = await under('mirror', known);
    expect(over).toMatchObject({ kind: 'CODE', outcome: 'ROLLED_BACK', decision: { cause: 'HARM' } });
    expect(over.why).toContain(guardrail);
    expect(failed(answers)).toBe(0);
    expect(new Set(answers.map(({ functionVersion }) => functionVersion))).toEqual(new Set([before.FunctionVersion]));
    if (guardrail === 'errors') {
      const { card } = await cardOf(over);
      expect(card.sentences.join(' ')).toContain('no rule for it');
      const slice = card.comparison?.slices.find(({ value }) => value === 'two years');
      expect(slice?.unanswered).toBe(slice?.rows);
    }
    await story.cloud.deploy(story.assembly);
  });

  test('without requests it holds until its limit, and is not promoted', async () => {
    await deploy('mirror', '// other code that does the same');
    const over = await ended('mirror', 4);
    expect(over).toMatchObject({ outcome: 'ROLLED_BACK', decision: { cause: 'LIMIT' } });
    expect(over.comparison?.requests.copied).toBe(0);
  });
});

describe('a version that a person answers for', () => {
  const versions = async () => (await story.registry('asked').versions()).length;
  /** Uploads and waits until somebody is asked. */
  const waiting = async (seed: number) => {
    const followed = await story.upload('asked', `${seed}.csv`, churn(seed));
    expect(followed.status).toBe('AWAITING_APPROVAL');
    return { ...followed, version: await versions() };
  };
  const settled = (id: string) =>
    until(async () => {
      const upload = await story.registry('asked').upload(id);
      return upload?.settledAt ? upload : undefined;
    });
  const approve = (version: number, by = 'ada') =>
    answer(session(), `asked@${version}`, { approved: true, by, reason: 'looks right' });

  test('gets no traffic before; the decision names who, and the evidence that was shown', async () => {
    const first = await waiting(1);
    expect((await alias('asked')).FunctionVersion).toBe('1');
    const [told] = await story.told();
    expect(told?.message).toMatch(/sluice approve asked@1[\s\S]*sluice reject asked@1/);
    expect(told?.message).toContain('card');
    await approve(first.version);
    expect((await settled(first.upload.id)).status).toBe('REGISTERED');
    const registry = story.registry('asked');
    const approved = (await registry.decisions()).find(({ kind }) => kind === 'APPROVED');
    const { evidenceSha256 } = (await registry.version(1)) ?? {};
    expect(approved).toMatchObject({ who: 'ada', why: 'looks right', evidenceSha256 });
    expect(evidenceSha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('whose artifact is altered while it waits does not go live by the approval', async () => {
    const { upload, version } = await waiting(2);
    const { artifact } = (await story.registry('asked').version(version)) ?? {};
    const at = { Bucket: artifact?.bucket, Key: artifact?.key };
    const { Body } = await story.s3.send(new GetObjectCommand(at));
    const whole = (await Body?.transformToByteArray()) ?? new Uint8Array();
    await story.s3.send(new PutObjectCommand({ ...at, Body: 'not a model' }));
    await approve(version);
    const { status, reasons } = await settled(upload.id);
    await story.s3.send(new PutObjectCommand({ ...at, Body: whole }));
    expect([status, reasons[0]]).toEqual(['REJECTED', expect.stringContaining('altered')]);
    expect(await alias('asked')).toMatchObject({ FunctionVersion: '2', weight: 0 });
  });

  test('that nobody answers for in time is rejected, and nothing is left of it', async () => {
    const { upload, version } = await waiting(3);
    await story.cloud.clock.advance(31 * 60_000);
    expect((await settled(upload.id)).status).toBe('REJECTED');
    await expect(approve(version)).rejects.toThrow(/Too late: asked@3 is EXPIRED/);
    expect((await story.registry('asked').head()).rollout).toBeNull();
  });

  /** Follows its canary under so few requests that people are asked, and does something as soon as they are. */
  const untilAsked = async (then: (version: number) => Promise<void>) => {
    const known = (await rollouts('asked')).length;
    let done = false;
    const { over } = await under('asked', known, {
      perMinute: 8,
      look: async ({ asked, outcome, version }) => {
        if (!asked || done || outcome !== null) return;
        done = true;
        await then(version);
      },
    });
    expect(done).toBe(true);
    expect((await story.told()).map(({ subject }) => subject).join()).toContain('waits for your decision');
    return over;
  };

  test('and again when its canary cannot decide: an alarm rolls it back while it waits', async () => {
    const { version } = await waiting(10);
    await approve(version);
    const over = await untilAsked(() => ring('asked'));
    expect(over).toMatchObject({ outcome: 'ROLLED_BACK', decision: { cause: 'ALARM' } });
    expect(await alias('asked')).toMatchObject({ FunctionVersion: over.from, weight: 0 });
    await ring('asked', 'OK');
  });

  test('and is promoted on their word: who it was and the evidence are recorded', async () => {
    await rollout(session(), 'asked@4', { by: 'ada' });
    const over = await untilAsked(async (version) => {
      await rollout(session(), `asked@${version}`, { promote: true, by: 'grace', reason: 'enough for me' });
    });
    expect(over.outcome).toBe('PROMOTED');
    const registry = story.registry('asked');
    const promoted = (await registry.decisions()).at(-1);
    expect(promoted).toMatchObject({ kind: 'PROMOTED', version: 4, who: 'grace', why: 'grace: enough for me' });
    expect(promoted?.evidenceSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(promoted?.evidenceSha256).not.toBe((await registry.version(4))?.evidenceSha256);
  });

  test('and is rolled back when it starts to fail while it waits', async () => {
    await deploy(
      'asked',
      `if (!more && Date.now() > (globalThis.since ??= Date.now()) + 9 * 60_000) throw new Error('late');`,
    );
    const over = await untilAsked(async () => undefined);
    expect(over).toMatchObject({ kind: 'CODE', outcome: 'ROLLED_BACK' });
    expect(['HARM', 'ALARM']).toContain(over.decision?.cause);
    expect(await alias('asked')).toMatchObject({ FunctionVersion: over.from, weight: 0 });
    await story.cloud.deploy(story.assembly);
  });

  test('is not let in where the champion it was judged against is gone meanwhile', async () => {
    const { upload, version } = await waiting(12);
    await rollback(session(), 'asked', { by: 'bob', reason: 'complaints' });
    await approve(version);
    const { status, reasons } = await settled(upload.id);
    expect([status, reasons[0]]).toEqual(['FAILED', expect.stringContaining('was judged while the champion was')]);
    expect(await alias('asked')).toMatchObject({ FunctionVersion: '2', weight: 0 });
  });
});

describe('linear', () => {
  test('gives equal shares at equal times, and then everything', async () => {
    await deploy('steps', '// other code that does the same');
    const weights = new Set<number>();
    const { over, answers } = await under('steps', 1, {
      look: async () => void weights.add((await alias('steps')).weight),
    });
    expect([over.outcome, over.why]).toEqual(['PROMOTED', expect.stringContaining('No harm that matters')]);
    expect([...weights].filter((weight) => weight > 0)).toEqual([0.4, 0.8]);
    expect(failed(answers)).toBe(0);
    expect(await alias('steps')).toMatchObject({ FunctionVersion: over.to, weight: 0 });
  });

  test('and after new code one step back is the code before; it is not tried again by itself', async () => {
    const over = (await rollouts('steps')).at(-1);
    await rollback(session(), 'steps', { by: 'bob', reason: 'the new code' });
    expect(await alias('steps')).toMatchObject({ FunctionVersion: over?.from, weight: 0 });
    await story.cloud.clock.advance(20 * 60_000);
    expect(await alias('steps')).toMatchObject({ FunctionVersion: over?.from, weight: 0 });
    const decision = (await story.registry('steps').decisions()).at(-1);
    expect(decision).toMatchObject({ kind: 'ROLLED_BACK', who: 'bob', before: { functionVersion: over?.to } });
    expect(await story.registry('steps').head()).toMatchObject({ champion: 1, rollout: null });
    await expect(rollback(session(), 'steps', {})).rejects.toThrow('no champion to go back to');
  });
});

/** Sets an alarm of a model by hand, as a drill does. */
async function ring(model: string, StateValue: 'ALARM' | 'OK' = 'ALARM') {
  const monitoring = new CloudWatchClient({});
  const { MetricAlarms = [] } = await monitoring.send(new DescribeAlarmsCommand({}));
  const name = MetricAlarms.map(({ AlarmName }) => AlarmName ?? '').find(
    (alarm) => alarm.includes(`-${model}`) && alarm.includes('PredictErrors'),
  );
  await monitoring.send(new SetAlarmStateCommand({ AlarmName: name, StateValue, StateReason: 'a drill' }));
}

/** Looks again until there is something; a story that stands still ends by the test's own timeout. */
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
