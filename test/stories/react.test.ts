import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { modelNamed } from '../../cli/environment.ts';
import { LIVE_ALIAS, retrainKey, truthPrefix } from '../../domain/names.ts';
import { sluice, sluiceJson } from '../support/cli.ts';
import { brokenInvariants } from '../support/invariants.ts';
import { windowItem } from '../support/react.ts';
import { openStory, type Story } from '../support/story.ts';
import { housesCsv } from '../support/story-data.ts';

/** What windows and alarms lead to on the local cloud: the machines, functions and rules that are deployed. */

const MODEL = 'houses';
const HOUR = 3_600_000;

let story: Story;
beforeAll(async () => {
  story = await openStory({ config: fileURLToPath(new URL('../fixtures/react.config.ts', import.meta.url)) });
  for (const seed of [1, 2]) await story.upload(MODEL, `houses-${seed}.csv`, housesCsv(300, seed));
  await story.told();
}, 300_000);
afterAll(() => story?.stop());
afterEach(async () => expect(await brokenInvariants(story)).toEqual([]));

const registry = () => story.registry(MODEL);
const model = () => modelNamed(story.environment, MODEL);
const iso = (ms: number) => new Date(ms).toISOString();
type Found = Pick<Parameters<typeof windowItem>[0], 'input' | 'quality'>;

/** A window that ends now, as the monitor leaves it. */
async function found(signals: Found): Promise<string> {
  const now = story.cloud.clock.now();
  const champion = (await registry().head()).champion ?? 0;
  const window = { ...windowItem({ from: iso(now - 60_000), to: iso(now), champion, ...signals }), model: MODEL };
  await registry().write({ window: { ...window, reportKey: null, pageKey: null } });
  return window.id;
}

/** Wakes the controller as the monitor does. */
async function wake(window: string, name = window.replaceAll(':', '-')): Promise<void> {
  await story.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: model().reactStateMachineArn,
      name,
      input: JSON.stringify({ window }),
    }),
  );
  await story.quiet();
}

const subjects = async () => (await story.told()).map(({ subject }) => subject);
const alias = async () => {
  const name = { FunctionName: model().predictFunctionName, Name: LIVE_ALIAS };
  return (await story.lambda.send(new GetAliasCommand(name))).FunctionVersion;
};

describe('quality that falls after a promotion', () => {
  test('puts the previous champion back, tells who watches, and stands in the decision log', async () => {
    expect(await registry().head()).toMatchObject({ champion: 2, previousChampion: 1 });
    const before = await alias();
    await wake(await found({ quality: 'ALERT' }));
    expect(await registry().head()).toMatchObject({ champion: 1, previousChampion: null, rollout: null });
    expect(await alias()).not.toBe(before);
    const [told, ...more] = await story.told();
    expect(more).toEqual([]);
    expect(told?.subject).toBe('[critical] houses: quality loss, the previous champion is put back');
    expect(told?.message).toContain('20 % of the labels are wrong');
    const kinds = (await registry().decisions()).slice(-2).map(({ kind, who }) => [kind, who]);
    expect(kinds).toEqual([
      ['REACTED', 'reactions'],
      ['ROLLED_BACK', 'reactions'],
    ]);
  });

  test('does so once: the next window opens a new incident, and nothing goes back and forth', async () => {
    await story.cloud.clock.advance(2 * HOUR);
    await wake(await found({ quality: 'ALERT' }));
    await story.cloud.clock.advance(2 * HOUR);
    await wake(await found({ quality: 'ALERT' }));
    expect(await registry().head()).toMatchObject({ champion: 1, previousChampion: null });
    const { value } = await sluiceJson('incidents', MODEL);
    expect(value.incidents).toMatchObject([
      { cause: 'quality', status: 'OPEN', champion: 1 },
      { cause: 'quality', status: 'CLOSED', champion: 2, resolution: 'version 1 serves instead of 2' },
    ]);
    expect(value.retrains).toEqual([]);
    const told = await story.told();
    expect(told.map(({ subject }) => subject)).toEqual(['[critical] houses: quality loss']);
    expect(told[0]?.message).toContain('the retraining was not possible: 0 labelled predictions');
  });

  test('trains a challenger as soon as there are labels enough, on what was predicted since', async () => {
    await capture();
    // The window of what was captured wakes the controller, too; whichever comes first.
    if ((await registry().reactions()).retrains.length === 0) await wake(await found({ quality: 'ALERT' }));
    const [retrain] = (await registry().reactions()).retrains;
    expect(retrain).toMatchObject({ cause: 'quality', status: 'PROMOTED', version: 3 });
    const uploads = (await registry().uploads()).filter(({ key }) => key === retrainKey(MODEL, retrain?.id ?? ''));
    expect(uploads).toMatchObject([{ status: 'REGISTERED' }]);
    expect(await registry().head()).toMatchObject({ champion: 3, previousChampion: 1 });
    expect(await subjects()).toContain('[warning] houses: quality loss, a challenger is trained');
    expect((await registry().reactions()).open).toEqual([]);
  });
});

test('a person reads how things stand: features, the report and its page', async () => {
  const drift = await sluiceJson('drift', MODEL);
  expect(drift).toMatchObject({ code: 0, value: { model: MODEL, version: 1, rows: 240 } });
  expect((drift.value.features as { name: string }[]).map(({ name }) => name).sort()).toEqual([
    'district',
    'rooms',
    'size',
  ]);
  expect((await sluice('drift', MODEL)).out).toMatch(/^FEATURE +SIGNAL +PSI +AT LEAST +EVIDENCE/m);
  const report = await sluiceJson('report', MODEL);
  expect(report).toMatchObject({ code: 0, value: { window: { id: drift.value.window }, captured: { rows: 240 } } });
  const folder = await mkdtemp(join(tmpdir(), 'sluice-report-'));
  try {
    const file = join(folder, 'report.html');
    expect(await sluiceJson('report', MODEL, '--window', String(drift.value.window), '--html', file)).toMatchObject({
      code: 0,
      value: { file },
    });
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>/i);
  } finally {
    await rm(folder, { recursive: true });
  }
  const unknown = await sluice('report', MODEL, '--window', '2020-01-01T00:00Z');
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('the last are')]);
});

describe('drift', () => {
  test('that an alarm tells of is looked at at once, and once', async () => {
    await story.cloud.clock.advance(2 * HOUR);
    const window = await found({ input: 'ALERT' });
    await setAlarm('InputDrift', 'ALARM');
    expect((await registry().reactions()).open).toMatchObject([{ cause: 'drift', champion: 3 }]);
    // The window wakes the controller as well, and the alarm goes off again: nothing is decided or told twice.
    const decisions = await registry().decisions();
    await wake(window);
    await setAlarm('InputDrift', 'OK');
    await setAlarm('InputDrift', 'ALARM');
    expect(await registry().decisions()).toEqual(decisions);
    expect(await subjects()).toEqual(['[warning] houses: input drift']);
  });

  test('that goes on is silent while somebody snoozes it, and is still counted', async () => {
    await story.cloud.clock.advance(2 * HOUR);
    const [incident] = (await registry().reactions()).open.filter(({ cause }) => cause === 'drift');
    const snoozed = await sluiceJson(
      'snooze',
      MODEL,
      incident?.id ?? '',
      '--for',
      '2h',
      '--why',
      'a sale',
      '--by',
      'ada',
    );
    expect(snoozed).toMatchObject({ code: 0, value: { incident: { id: incident?.id } } });
    await story.told();
    const before = (await registry().reactions()).retrains.length;
    await wake(await found({ input: 'ALERT' }));
    expect(await subjects()).toEqual([]);
    expect((await registry().reactions()).retrains).toHaveLength(before);
    expect((await registry().decisions()).at(-1)).toMatchObject({ kind: 'SNOOZED', who: 'ada' });
    const nothing = await sluiceJson('snooze', MODEL, 'drift-1', '--for', '2h', '--why', 'a sale');
    expect(nothing).toMatchObject({
      code: 3,
      value: { error: { message: expect.stringContaining(incident?.id ?? '') } },
    });
  });
});

test('an execution that fails sets off one alarm, whichever machine it is of', async () => {
  const { executionArn } = await story.sfn.send(
    new StartExecutionCommand({ stateMachineArn: model().reactStateMachineArn, name: 'broken', input: '{}' }),
  );
  expect(executionArn).toBeDefined();
  await story.quiet();
  await story.cloud.clock.advance(2 * 60_000);
  expect(await alarmState('PipelineFailed')).toBe('ALARM');
});

test('every permission of the controller was needed', () => {
  const idle = story.cloud.iam
    .report()
    .roles.flatMap(({ statements }) =>
      statements
        .filter(({ effect, needed, policy }) => effect === 'Allow' && needed === 0 && /\/Reactions/.test(policy))
        .map(({ policy, index, actions }) => `${policy}[${index}] ${actions.map(({ pattern }) => pattern)}`),
    );
  expect(idle).toEqual([]);
});

/** Live predictions, and the truth about them. */
async function capture(): Promise<void> {
  const lines = housesCsv(240, 9)
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const [header = [], ...rows] = lines;
  const instances = rows.map((row) =>
    Object.fromEntries(header.flatMap((name, index) => (name === 'price' ? [] : [[name, row[index]]]))),
  );
  const labels: string[] = ['inference_id,label'];
  for (let from = 0; from < rows.length; from += 80) {
    const { inference_ids: ids } = await story.predict(MODEL, instances.slice(from, from + 80));
    for (const [index, id] of (ids as string[]).entries()) {
      labels.push(`${id},${rows[from + index]?.[header.indexOf('price')]}`);
    }
  }
  await story.cloud.clock.advance(20 * 60_000);
  const at = { Bucket: story.environment.dataBucket, Key: `${truthPrefix(MODEL)}labels.csv` };
  await story.s3.send(new PutObjectCommand({ ...at, Body: `${labels.join('\n')}\n` }));
  await story.cloud.clock.advance(2 * HOUR);
  await story.quiet();
}

async function alarm(name: string) {
  const { MetricAlarms = [] } = await new CloudWatchClient({}).send(new DescribeAlarmsCommand({}));
  return MetricAlarms.find(({ AlarmName = '' }) => AlarmName.includes(name));
}

const alarmState = async (name: string) => (await alarm(name))?.StateValue;

async function setAlarm(name: string, StateValue: 'ALARM' | 'OK'): Promise<void> {
  const AlarmName = (await alarm(name))?.AlarmName;
  await new CloudWatchClient({}).send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a test' }));
  await story.quiet();
}
