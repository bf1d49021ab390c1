import { beforeEach, describe, expect, test } from 'vitest';
import { Superseded } from '../../domain/errors.ts';
import { collect } from '../../lambdas/monitor/collect.ts';
import { compare } from '../../lambdas/monitor/compare.ts';
import { fail } from '../../lambdas/monitor/fail.ts';
import { profile } from '../../lambdas/monitor/profile.ts';
import { dueAfter, hourAfter, people, Watched } from '../support/watched.ts';

const HOUR = '2026-11-23T10';
const TIME = dueAfter(HOUR);

let model: Watched;
beforeEach(() => {
  model = new Watched();
});

describe('a window', () => {
  test('like training is told as such, with a report and a few metrics', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(600, 7) });
    await model.capture(version, HOUR, { people: people(600, 8) });
    const window = await model.watch(TIME);
    expect(window).toMatchObject({
      id: '2026-11-23T10:00Z',
      from: '2026-11-23T10:00:00.000Z',
      to: '2026-11-23T11:00:00.000Z',
      status: 'OK',
      champion: version,
      captured: { rows: 1_200, objects: 2, lateObjects: 0, brokenLines: 0, brokenObjects: 0 },
      sentence: 'All 3 features and the predictions look as they did in training.',
    });
    expect(model.published).toEqual([
      { CapturedRows: 1_200, CaptureStopped: 0, InputDrift: 0, PredictionDrift: 0, MaxPsi: expect.any(Number) },
    ]);
    expect(Object.keys(window?.versions[0] ?? {})).not.toContain('shapes');
    const report = await model.report(window);
    expect(report.versions[0]).toMatchObject({ version, champion: true, rows: 1_200, unjudged: null });
    expect(model.page(window)).toContain('As in training');
  });

  test('of a world that moved says which features, how and how much they matter', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(2_000, 7, { older: 12 }) });
    const window = await model.watch(TIME);
    expect(window).toMatchObject({
      status: 'DRIFT',
      versions: [{ alerts: [{ feature: 'age', confirmed: true }], input: 'ALERT' }],
    });
    expect(window?.sentence).toContain(
      '"age" moved away from training, which is confirmed; and the predictions moved with it.',
    );
    expect(model.published).toEqual([expect.objectContaining({ InputDrift: 1, PredictionDrift: 1 })]);
    const { versions, fired } = await model.report(window);
    const age = versions[0]?.verdict?.features.find(({ name }) => name === 'age');
    expect(age).toMatchObject({ signal: 'ALERT', importance: 0.75, direction: 'up' });
    expect(versions[0]?.shapes[0]).toMatchObject({ feature: 'age', shape: { kind: 'numeric' } });
    expect(fired.map(({ what }) => what).join()).toContain('age');
  });

  test('after another confirms what lasts', async () => {
    const version = await model.version();
    const statuses = [];
    for (let hours = 0; hours < 4; hours += 1) {
      const hour = hourAfter(HOUR, hours);
      await model.capture(version, hour, { people: people(1_500, 20 + hours, { older: 9 }) });
      statuses.push((await model.watch(dueAfter(hour)))?.versions[0]?.input);
    }
    expect(statuses.at(-1)).toBe('ALERT');
    expect((await model.registry.monitor(version))?.window).toBe('2026-11-23T13:00Z');
  });

  test('without a request is empty: no report, no metrics, nothing to wake for', async () => {
    await model.version();
    const ports = model.ports();
    // Closed by its first step: that is all that an hour without traffic costs.
    expect(await collect({ owner: 'a', time: TIME }, ports)).toMatchObject({ status: 'NOT_DUE', objects: null });
    expect(await model.registry.window('2026-11-23T10:00Z')).toMatchObject({ status: 'EMPTY', reportKey: null });
    expect(model.published).toEqual([{}]);
    expect(model.objects.keys('artifacts').filter((key) => key.includes('/windows/'))).toEqual([]);
  });

  test('with requests and without captures says that capture stopped', async () => {
    await model.version();
    model.answered = 12;
    const window = await model.watch(TIME);
    expect(window).toMatchObject({ status: 'STOPPED', captureStopped: true });
    expect(model.published).toEqual([{ CaptureStopped: 1 }]);
    expect(model.page(window)).toContain('Capture stopped');
  });

  test('with a sample says so only when chance cannot explain it, and never where nothing is to be captured', async () => {
    model = new Watched({ capture: { sample: 0.05 } });
    await model.version();
    model.answered = 100;
    expect(await model.watch(TIME)).toMatchObject({ status: 'EMPTY', captureStopped: false });
    model.answered = 1_000;
    expect(await model.watch(dueAfter(hourAfter(HOUR, 1)))).toMatchObject({ captureStopped: true });
    const off = new Watched({ capture: { sample: 0 } });
    off.answered = 1_000;
    expect(await off.watch(TIME)).toMatchObject({ captureStopped: false });
  });

  test('too small to tell is counted with the next one', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(120, 7) });
    expect(await model.watch(TIME)).toMatchObject({
      status: 'INSUFFICIENT',
      sentence: expect.stringContaining('120 of the 200'),
    });
    const next = hourAfter(HOUR, 1);
    await model.capture(version, next, { people: people(120, 8) });
    const window = await model.watch(dueAfter(next));
    expect(window?.status).toBe('OK');
    expect((await model.report(window)).versions[0]?.verdict?.features[0]).toMatchObject({ n: 240, windows: 2 });
  });

  test('with broken objects and lines, new fields and values of another type is judged by the rest', async () => {
    const version = await model.version();
    const odd = people(1_000, 7).map((person, index) => ({
      ...person,
      campaign: 'x',
      age: index % 10 === 0 ? 'old' : person.age,
    }));
    await model.capture(version, HOUR, { people: odd, extra: ['{"message":"capt', 'not json'] });
    const key = 'churn/captures/version=000001/hour=2026-11-23T10/broken.gz';
    await model.objects.putBytes({ bucket: 'data', key }, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]));
    const window = await model.watch(TIME);
    expect(window?.captured).toMatchObject({ rows: 1_000, objects: 2, brokenLines: 2, brokenObjects: 1 });
    const { versions } = await model.report(window);
    expect(versions[0]?.verdict?.data.findings.map(({ finding, column }) => [finding, column])).toEqual(
      expect.arrayContaining([
        ['wrongType', 'age'],
        ['newColumn', 'campaign'],
      ]),
    );
    expect(model.page(window)).toContain('2 lines could not be read');
  });

  test('judges each version by its own captures and its own training', async () => {
    const champion = await model.version({ seed: 1 });
    const challenger = await model.version({ seed: 2, champion: false, world: { older: 12 } });
    await model.capture(champion, HOUR, { people: people(900, 7) });
    await model.capture(challenger, HOUR, { people: people(900, 8) });
    const window = await model.watch(TIME);
    expect(window?.versions.map(({ version, input, champion: leads }) => [version, input, leads])).toEqual([
      [champion, 'NONE', true],
      [challenger, expect.stringMatching(/^ALERT/), false],
    ]);
    // The champion's result drives metrics and reactions.
    expect(window?.status).toBe('OK');
    expect(model.published).toEqual([expect.objectContaining({ InputDrift: 0, CapturedRows: 1_800 })]);
    expect(model.page(window)).toContain('takes part in the traffic');
  });

  test('says of a version whose profile is gone that it cannot be judged', async () => {
    const version = await model.version();
    const record = await model.registry.version(version);
    await model.objects.putBytes({ bucket: 'artifacts', key: record?.files.profile ?? '' }, Buffer.from('gone'));
    await model.capture(version, HOUR, { people: people(300, 7) });
    await model.capture(99, HOUR, { people: people(10, 8) });
    const window = await model.watch(TIME);
    expect(window).toMatchObject({ status: 'INSUFFICIENT', captured: { rows: 300 } });
    expect(window?.versions.map(({ version: number, unjudged }) => [number, unjudged])).toEqual([
      [version, 'its training profile cannot be read'],
      [99, 'the registry has no version 99'],
    ]);
    expect(model.page(window)).toContain('its training profile cannot be read');
  });
});

describe('windows follow each other', () => {
  test('late captures of earlier hours belong to the window that finds them, once', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(300, 7) });
    await model.watch(TIME);
    const next = hourAfter(HOUR, 1);
    await model.capture(version, HOUR, { people: people(50, 8) });
    await model.capture(version, next, { people: people(300, 9) });
    expect((await model.watch(dueAfter(next)))?.captured).toMatchObject({ rows: 350, objects: 2, lateObjects: 1 });
    await model.capture(version, hourAfter(HOUR, 2), { people: people(10, 10) });
    expect((await model.watch(dueAfter(hourAfter(HOUR, 2))))?.captured).toMatchObject({ rows: 10, lateObjects: 0 });
  });

  test('also where empty windows lie between', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(300, 7) });
    await model.watch(TIME);
    await model.watch(dueAfter(hourAfter(HOUR, 1)));
    await model.capture(version, HOUR, { people: people(20, 8) });
    expect((await model.watch(dueAfter(hourAfter(HOUR, 2))))?.captured).toMatchObject({ rows: 20, lateObjects: 1 });
  });

  test('after an outage one longer window follows', async () => {
    const version = await model.version();
    await model.watch(TIME);
    await model.capture(version, hourAfter(HOUR, 2), { people: people(300, 7) });
    await model.capture(version, hourAfter(HOUR, 4), { people: people(300, 8) });
    expect(await model.watch(dueAfter(hourAfter(HOUR, 5)))).toMatchObject({
      id: '2026-11-23T11:00Z',
      to: '2026-11-23T16:00:00.000Z',
      captured: { rows: 600, lateObjects: 0 },
    });
  });

  test('nothing is due before a window and its grace are over', async () => {
    await model.version();
    await model.watch(TIME);
    expect(await model.watch('2026-11-23T12:14:59.000Z')).toBeNull();
    expect(await model.watch('2026-11-23T12:15:00.000Z')).toMatchObject({ id: '2026-11-23T11:00Z' });
  });

  test('a window is done once, whoever else is started for it', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(300, 7) });
    const ports = model.ports();
    model.running.add('a');
    const first = await collect({ owner: 'a', time: TIME }, ports);
    expect(await collect({ owner: 'b', time: TIME }, ports)).toMatchObject({ status: 'NOT_DUE' });
    // The same execution asks again, because the answer was lost.
    expect(await collect({ owner: 'a', time: TIME }, ports)).toEqual(first);
    for (const item of await model.items(first)) await profile({ window: first.window ?? '', item }, ports);
    const closing = { window: first.window ?? '', owner: 'a', work: true };
    const answer = await compare(closing, ports);
    const monitor = await model.registry.monitor(version);
    expect(await compare(closing, ports)).toEqual(answer);
    expect(await model.registry.monitor(version)).toEqual(monitor);
    expect(await collect({ owner: 'b', time: TIME }, ports)).toMatchObject({ status: 'NOT_DUE' });
    await expect(compare({ ...closing, owner: 'b' }, ports)).rejects.toThrow(Superseded);
  });

  test('two that claim at the same moment: one gets it', async () => {
    await model.version();
    const ports = model.ports();
    for (const owner of ['a', 'b']) model.running.add(owner);
    const answers = await Promise.all(['a', 'b'].map((owner) => collect({ owner, time: TIME }, ports)));
    expect(answers.map(({ window }) => window).sort()).toEqual(['2026-11-23T10:00Z', null]);
  });

  test('what failed is done again together with what has become due', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(300, 7) });
    await model.dies(TIME);
    expect(await model.registry.window('2026-11-23T10:00Z')).toMatchObject({
      status: 'FAILED',
      failure: 'Lambda.Unknown: out of memory',
    });
    const next = hourAfter(HOUR, 1);
    await model.capture(version, next, { people: people(300, 8) });
    expect(await model.watch(dueAfter(next))).toMatchObject({
      id: '2026-11-23T10:00Z',
      to: '2026-11-23T12:00:00.000Z',
      status: 'OK',
      attempt: 2,
      captured: { rows: 600, lateObjects: 0 },
    });
  });

  test('one whose execution ended without a word is taken over', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(300, 7) });
    const ports = model.ports();
    await collect({ owner: 'dead', time: TIME }, ports);
    const taken = await collect({ owner: 'b', time: TIME }, ports);
    expect(taken).toMatchObject({ status: 'WORK', window: '2026-11-23T10:00Z' });
    await expect(compare({ window: '2026-11-23T10:00Z', owner: 'dead', work: true }, ports)).rejects.toThrow(
      Superseded,
    );
  });

  test('children that are lost fail the window while it may get better, and are counted at the third attempt', async () => {
    const version = await model.version();
    await model.capture(version, HOUR, { people: people(300, 7) });
    const ports = model.ports();
    for (const owner of ['a', 'b']) {
      await collect({ owner, time: TIME }, ports);
      const closing = compare({ window: '2026-11-23T10:00Z', owner, work: true }, ports);
      await expect(closing).rejects.toThrow('1 of 1 objects of captures were not looked at');
      await fail({ owner, failure: { Error: 'Sluice.InvalidArtifact' } }, ports);
    }
    await collect({ owner: 'c', time: TIME }, ports);
    await compare({ window: '2026-11-23T10:00Z', owner: 'c', work: true }, ports);
    const window = await model.registry.window('2026-11-23T10:00Z');
    expect(window).toMatchObject({ status: 'INSUFFICIENT', attempt: 3, captured: { rows: 0, brokenObjects: 1 } });
    expect(window?.sentence).toBe('1 object of captures could not be read, and there are no others.');
  });
});
