import { afterEach, describe, expect, test } from 'vitest';
import { type Clock, createClock } from '../../../local/kernel/clock.ts';

const DAY = 86_400_000;
const clocks: Clock[] = [];

function clock(mode: 'real' | 'skip', onError?: (error: unknown, timer: string) => void): Clock {
  const created = createClock({ mode, startAt: Date.UTC(2026, 0, 5), onError });
  clocks.push(created);
  return created;
}

afterEach(() => {
  for (const created of clocks.splice(0)) created.stop();
});

describe('a clock that skips', () => {
  test('a day of sleep takes no time and moves the time by a day', async () => {
    const time = clock('skip');
    const [before, started] = [time.now(), Date.now()];
    await time.run('wait', (work) => work.sleep(DAY));
    expect(time.now() - before).toBeGreaterThanOrEqual(DAY);
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  test('time does not jump while other work is in progress', async () => {
    const time = clock('skip');
    const busy = time.begin('busy');
    const order: string[] = [];
    const sleeping = time.run('wait', (work) => work.sleep(DAY)).then(() => order.push('slept'));
    await new Promise<void>((resolve) => time.schedule(time.now() + 20, resolve));
    expect(time.now()).toBeLessThan(Date.UTC(2026, 0, 5) + 60_000);
    order.push('busy ended');
    busy.end();
    await sleeping;
    expect(order).toEqual(['busy ended', 'slept']);
  });

  test('work that waits for other work lets time pass', async () => {
    const time = clock('skip');
    await time.run('parent', (work) => work.wait(time.run('child', (child) => child.sleep(DAY))));
    expect(time.pending()).toEqual([]);
  });

  test('timers run in the order of their time, equal ones as they were set', async () => {
    const time = clock('skip');
    const order: string[] = [];
    const at = time.now() + DAY;
    time.schedule(at + 1, () => void order.push('last'));
    time.schedule(at, () => void order.push('first'));
    time.schedule(at, () => void order.push('second'));
    await time.idle();
    expect(order).toEqual(['first', 'second', 'last']);
  });

  test('time is whole milliseconds, whatever fractions of one are waited for', async () => {
    const time = clock('skip');
    await time.run('jittered wait', (work) => work.sleep(1_000.5));
    await time.advance(0.25);
    expect(Number.isInteger(time.now())).toBe(true);
  });

  test('a background timer does not pull time, and fires when time passes it', async () => {
    const time = clock('skip');
    const fired: number[] = [];
    time.schedule(time.now() + DAY, () => void fired.push(time.now()), { background: true });
    await time.idle();
    expect(fired).toEqual([]);
    await time.run('wait', (work) => work.sleep(2 * DAY));
    expect(fired).toHaveLength(1);
    expect((fired[0] ?? 0) - Date.UTC(2026, 0, 5)).toBeLessThan(DAY + 60_000);
  });

  test('advance() runs every timer on the way at its time, and waits for the work they start', async () => {
    const time = clock('skip');
    const start = time.now();
    const seen: number[] = [];
    const tick = (n: number) => {
      if (n > 3) return;
      const task = () => {
        seen.push(Math.round((time.now() - start) / DAY));
        tick(n + 1);
      };
      time.schedule(start + n * DAY, task, { background: true });
    };
    tick(1);
    await time.advance(2.5 * DAY);
    expect(seen).toEqual([1, 2]);
    expect(Math.round((time.now() - start) / (DAY / 2))).toBe(5);
  });

  test('advance() waits for what a timer hands on, also without opening work for it at once', async () => {
    const time = clock('skip');
    const start = time.now();
    const done: string[] = [];
    const later = async () => {
      await time.run('handed on', async () => {
        for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        done.push(`first, at ${Math.floor((time.now() - start) / DAY)}`);
      });
    };
    time.schedule(start + DAY, () => void setImmediate(() => void later()), { background: true });
    time.schedule(start + 2 * DAY, () => void done.push('second'), { background: true });
    await time.advance(3 * DAY);
    expect(done).toEqual(['first, at 1', 'second']);
  });

  test('advance() over a month of quarters of an hour takes no time where they do nothing', async () => {
    const time = clock('skip');
    const start = time.now();
    let ticks = 0;
    const tick = () => {
      ticks += 1;
      time.schedule(start + (ticks + 1) * (DAY / 96), tick, { background: true });
    };
    time.schedule(start + DAY / 96, tick, { background: true });
    const began = performance.now();
    await time.advance(30 * DAY);
    expect(ticks).toBe(30 * 96);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test('a cancelled timer does not fire and an aborted sleep rejects with the reason', async () => {
    const time = clock('skip');
    let fired = false;
    time
      .schedule(time.now() + 1000, () => {
        fired = true;
      })
      .cancel();
    const controller = new AbortController();
    const busy = time.begin('busy');
    const sleeping = time.run('wait', (work) => work.sleep(DAY, { signal: controller.signal }));
    controller.abort(new Error('no longer needed'));
    await expect(sleeping).rejects.toThrow('no longer needed');
    busy.end();
    await time.idle();
    expect(fired).toBe(false);
  });

  test('a timer whose task fails is told to onError and leaves no work behind', async () => {
    const failures: unknown[] = [];
    const time = clock('skip', (error, timer) => failures.push(`${timer}: ${(error as Error).message}`));
    time.schedule(
      time.now() + DAY,
      () => {
        throw new Error('broken');
      },
      { name: 'poll' },
    );
    await time.idle();
    expect(failures).toEqual(['poll: broken']);
  });

  test('work that ended while it waited stays ended', async () => {
    const time = clock('skip');
    const work = time.begin('request');
    const waiting = work.sleep(DAY);
    work.end();
    await waiting;
    expect(time.pending()).toEqual([]);
  });
});

describe('a real clock', () => {
  test('does not jump over a wait', async () => {
    const time = clock('real');
    const started = Date.now();
    await time.run('wait', (work) => work.sleep(40));
    expect(Date.now() - started).toBeGreaterThanOrEqual(39);
  });

  test('refuses advance()', async () => {
    await expect(clock('real').advance(1)).rejects.toThrow('needs a clock in mode "skip"');
  });
});
