import { beforeEach, describe, expect, test } from 'vitest';
import { lossOf } from '../../domain/quality/reference.ts';
import { lossSql } from '../../lambdas/monitor/loss-sql.ts';
import { withEngine } from '../../lambdas/shared/duckdb.ts';
import { dueAfter, people, Watched } from '../support/watched.ts';

const DAY = '2026-11-20';
const HOUR = `${DAY}T10`;
/** The window of the first hour of a later day: the day before it is over. */
const on = (day: string, hour = '09') => dueAfter(`${day}T${hour}`);

let model: Watched;
beforeEach(() => {
  model = new Watched({ quality: { maturity: '1 day' }, slices: ['plan'] });
});

/** Predictions of a day in their window; gives their ids. */
async function predicted(version: number, rows = 800, hour = HOUR): Promise<string[]> {
  const ids = await model.capture(version, hour, { people: people(rows, rows) });
  await model.watch(dueAfter(hour));
  return ids;
}

/** Labels of which a share says something else than was predicted. */
async function truth(ids: readonly string[], wrong: number, day = '2026-11-21'): Promise<void> {
  const labels = ids.map((id, index) => {
    const said = model.said.get(id) === 'yes';
    return { id, label: said !== (index * 7) % 100 < 100 * wrong ? 'yes' : 'no', at: `${day}T01:00:00` };
  });
  await model.label(day, labels);
}

const cohort = async () => (await model.registry.cohorts(DAY))[0];

describe('labels', () => {
  test('judge a day once, when it is old enough and covered', async () => {
    const version = await model.version();
    const ids = await predicted(version);
    await truth(ids.slice(0, 100), 0.1);
    await model.watch(on('2026-11-21'));
    expect(await cohort()).toMatchObject({ day: DAY, status: 'OPEN', labelled: 0 });

    const early = await model.watch(on('2026-11-22'));
    expect(early?.quality).toBeNull();
    expect(await cohort()).toMatchObject({ status: 'OPEN', rows: 800, labelled: 100 });

    await truth(ids.slice(100), 0.1);
    // Once a day is enough to look.
    await model.watch(on('2026-11-22', '11'));
    expect(await cohort()).toMatchObject({ labelled: 100 });

    const window = await model.watch(on('2026-11-23'));
    expect(await cohort()).toMatchObject({ status: 'SCORED', rows: 800, labelled: 800, window: window?.id });
    expect(window).toMatchObject({ quality: { signal: 'NONE', coverage: 1, scored: [DAY] } });
    expect(window?.quality?.loss).toBeCloseTo(0.1, 1);
    expect(model.published.at(-1)).toMatchObject({ QualityLoss: 0, LabelCoverage: 1, Loss: expect.any(Number) });
    expect((await model.registry.monitor(version))?.quality?.scored).toEqual([DAY]);
    expect(await model.watch(on('2026-11-24'))).toMatchObject({ quality: { scored: [] } });
  });

  test('that show more errors than evaluation had raise an alarm, with the day, the rate and the slices', async () => {
    const version = await model.version();
    await truth(await predicted(version, 1_500), 0.3);
    const window = await model.watch(on('2026-11-22'));
    expect(window).toMatchObject({ status: 'LOSS', quality: { signal: 'ALERT' } });
    expect(window?.sentence).toContain(`of ${DAY} are wrong`);
    expect(model.published.at(-1)).toMatchObject({ QualityLoss: 1 });
    const report = await model.report(window);
    expect(report.fired[0]).toMatchObject({ signal: 'ALERT', what: window?.sentence });
    const quality = report.versions.find(({ champion }) => champion)?.quality;
    expect(quality?.slices.map(({ column, value }) => `${column} ${value}`)).toContain('plan basic');
    expect(model.page(window)).toContain('Right or wrong');
  });

  test('for predictions that nobody made match nothing; of two for one prediction the later one counts', async () => {
    const version = await model.version();
    const ids = await predicted(version);
    await truth(ids, 0.5);
    await truth(ids, 0.1, '2026-11-22');
    await model.label(
      '2026-11-21',
      Array.from({ length: 50 }, (_, index) => ({ id: `never-${index}`, label: 'yes' })),
    );
    const window = await model.watch(on('2026-11-23'));
    expect(await cohort()).toMatchObject({ rows: 800, labelled: 800 });
    expect(window?.quality?.loss).toBeCloseTo(0.1, 1);
  });

  test('judge each version by its own predictions', async () => {
    const first = await model.version({ seed: 1 });
    const second = await model.version({ seed: 2, champion: false });
    const [good, bad] = [
      await model.capture(first, HOUR, { people: people(600, 600) }),
      await model.capture(second, HOUR, { people: people(600, 600) }),
    ];
    await model.watch(dueAfter(HOUR));
    await truth(good, 0.1);
    await truth(bad, 0.5, '2026-11-22');
    const window = await model.watch(on('2026-11-23'));
    expect((await model.registry.cohorts(DAY)).map(({ version, signal }) => [version, signal])).toEqual([
      [first, 'NONE'],
      [second, 'ALERT'],
    ]);
    expect(window?.quality).toMatchObject({ version: first, signal: 'NONE' });
  });

  test('that never come leave the day unjudged in the end', async () => {
    const version = await model.version();
    await predicted(version, 300);
    await model.watch(on('2026-12-20'));
    expect(await cohort()).toMatchObject({ status: 'OPEN' });
    await model.watch(on('2027-01-18'));
    expect(await cohort()).toMatchObject({ status: 'MISSED', loss: null });
  });
});

describe('a loss in SQL is that of the domain', () => {
  test.each<[farOff: number | null, said: string | number, truth: string]>([
    [null, 'yes', 'yes'],
    [null, 'yes', 'no'],
    [null, '1', '1'],
    [2, 10, '12'],
    [2, 10, '12.5'],
    [2, 10, '7.99'],
    [2, 10, 'far'],
    [0, 10, '10'],
  ])('far off %s: %s, and in truth %s', async (farOff, said, truth) => {
    const columns =
      typeof said === 'number'
        ? `${said}::DOUBLE AS prediction, NULL AS label`
        : `NULL AS prediction, '${said}' AS label`;
    const [[loss] = []] = await withEngine({ memoryMb: 64, threads: 1 }, (engine) =>
      engine.rows(`SELECT ${lossSql({ farOff })} FROM (SELECT ${columns}, '${truth}' AS truth)`),
    );
    expect(loss).toBe(lossOf({ farOff }, said, truth));
  });
});
