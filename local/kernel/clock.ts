/**
 * The one clock of a cloud. Everything that waits, waits here.
 *
 * `real` runs as a wall clock. `skip` runs at the same pace but jumps to the next foreground timer whenever no work is in
 * progress (no request, no invocation, no task), so that waits take no time while computation takes what it takes.
 */
export interface Clock {
  readonly mode: 'real' | 'skip';
  /** The cloud's time, whole milliseconds since the epoch. */
  now(): number;
  /** What to add to the host's clock to get the cloud's time; handlers are given it. */
  offset(): number;
  /** Runs `task` once at `at` (ms since the epoch; the past means as soon as possible). */
  schedule(at: number, task: () => void | Promise<void>, options?: TimerOptions): Timer;
  /** Opens a piece of work: time does not jump while it is open, except inside its `sleep` and `wait`. */
  begin(name: string): Work;
  /** Runs `body` as one piece of work. */
  run<T>(name: string, body: (work: Work) => Promise<T>): Promise<T>;
  /** `skip` only: moves the time forward by `ms`, running every timer on the way in order. Waits for the work they start. */
  advance(ms: number): Promise<void>;
  /** Resolves when no work is in progress and no foreground timer is set. */
  idle(): Promise<void>;
  /** Names of the work in progress, for "what is it waiting for". */
  pending(): string[];
  /** Cancels every timer; nothing runs any more. */
  stop(): void;
}

export interface TimerOptions {
  /**
   * A background timer (a schedule, a timeout, an expiry) fires when time passes it but does not pull time: the clock does
   * not jump for its sake alone.
   */
  background?: boolean;
  name?: string;
}

export interface Timer {
  cancel(): void;
}

/** A piece of work in progress. */
export interface Work {
  readonly name: string;
  /** Waits `ms` of the cloud's time, letting time pass. Rejects with the signal's reason when aborted. */
  sleep(ms: number, options?: TimerOptions & { signal?: AbortSignal }): Promise<void>;
  /** Waits for something that other work or the outside brings about, letting time pass. */
  wait<T>(promise: Promise<T>): Promise<T>;
  end(): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly background: boolean;
  readonly name: string;
  readonly task: () => void | Promise<void>;
  cancelled: boolean;
}

export interface ClockOptions {
  mode: 'real' | 'skip';
  /** The cloud's time at the start, ms since the epoch. @default the host's time */
  startAt?: number;
  /** Told when a timer's task rejects. @default the rejection stays unhandled, which ends the process */
  onError?(error: unknown, timer: string): void;
}

/** Host milliseconds of quiet before a jump: work handed over between sockets or processes shows up within it. */
const QUIET_MS = 3;
/** Turns of the event loop in which what a timer started shows up as work: promises, callbacks, sockets of this process. */
const SETTLING_TURNS = 4;
/** setTimeout overflows beyond 2^31 - 1 ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

export function createClock(options: ClockOptions): Clock {
  return new TimerClock(options);
}

class TimerClock implements Clock {
  readonly mode: 'real' | 'skip';
  #offset: number;
  #timers: Entry[] = [];
  #order = 0;
  readonly #work = new Map<number, string>();
  #workId = 0;
  #activity = 0;
  #hostTimer: NodeJS.Timeout | undefined;
  #quietTimer: NodeJS.Timeout | undefined;
  #idleWaiters: (() => void)[] = [];
  /** Those who wait until no work is in progress. */
  #restWaiters: (() => void)[] = [];
  #stopped = false;
  readonly #onError: ClockOptions['onError'];

  constructor({ mode, startAt, onError }: ClockOptions) {
    this.mode = mode;
    this.#onError = onError;
    this.#offset = startAt === undefined ? 0 : Math.ceil(startAt) - Date.now();
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  offset(): number {
    return this.#offset;
  }

  schedule(at: number, task: () => void | Promise<void>, options: TimerOptions = {}): Timer {
    const entry: Entry = {
      at: Math.ceil(at),
      order: this.#order++,
      background: options.background ?? false,
      name: options.name ?? 'timer',
      task,
      cancelled: false,
    };
    this.#insert(entry);
    this.#arm();
    return {
      cancel: () => {
        entry.cancelled = true;
        this.#timers = this.#timers.filter((timer) => timer !== entry);
        this.#arm();
      },
    };
  }

  begin(name: string): Work {
    let id: number | undefined = this.#open(name);
    let ended = false;
    const release = () => {
      if (id !== undefined) this.#close(id);
      id = undefined;
    };
    const paused = async <T>(body: () => Promise<T>): Promise<T> => {
      release();
      try {
        return await body();
      } finally {
        if (!ended) id = this.#open(name);
      }
    };
    return {
      name,
      sleep: (ms, { signal, ...timer } = {}) => paused(() => this.#sleep(ms, { name, ...timer }, signal)),
      wait: (promise) => paused(() => promise),
      end: () => {
        ended = true;
        release();
      },
    };
  }

  async run<T>(name: string, body: (work: Work) => Promise<T>): Promise<T> {
    const work = this.begin(name);
    try {
      return await body(work);
    } finally {
      work.end();
    }
  }

  async advance(ms: number): Promise<void> {
    if (this.mode !== 'skip') throw new Error('advance() needs a clock in mode "skip"; this one is "real"');
    const target = this.now() + Math.ceil(ms);
    const due = () => {
      const next = this.#timers[0];
      return next && next.at <= target ? next : undefined;
    };
    // The long look is for what others do at the same time; on the way only what the timers start counts.
    do {
      await this.#quiet();
      for (let next = due(); next; next = due()) {
        this.#jumpTo(next.at);
        this.#fire(next);
        await this.#settled();
      }
      await this.#quiet();
    } while (due());
    this.#jumpTo(target);
    this.#arm();
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#arm();
    });
  }

  pending(): string[] {
    return [...this.#work.values()];
  }

  stop(): void {
    this.#stopped = true;
    this.#timers = [];
    clearTimeout(this.#hostTimer);
    clearTimeout(this.#quietTimer);
    this.#rest();
  }

  #sleep(ms: number, options: TimerOptions, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        timer.cancel();
        reject(signal?.reason);
      };
      const timer = this.schedule(
        this.now() + ms,
        () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
        options,
      );
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  #open(name: string): number {
    const id = ++this.#workId;
    this.#work.set(id, name);
    this.#activity++;
    return id;
  }

  #close(id: number): void {
    this.#work.delete(id);
    this.#activity++;
    if (this.#work.size > 0) return;
    this.#arm();
    this.#rest();
  }

  #rest(): void {
    const waiters = this.#restWaiters;
    this.#restWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #insert(entry: Entry): void {
    const after = this.#timers.findIndex((other) => other.at > entry.at);
    if (after < 0) this.#timers.push(entry);
    else this.#timers.splice(after, 0, entry);
  }

  #fire(entry: Entry): void {
    this.#timers = this.#timers.filter((timer) => timer !== entry);
    if (entry.cancelled || this.#stopped) return;
    const running = this.run(entry.name, async () => entry.task());
    const onError = this.#onError;
    if (onError) running.catch((error: unknown) => onError(error, entry.name));
  }

  #jumpTo(at: number): void {
    const now = this.now();
    if (at > now) this.#offset += at - now;
  }

  /** Sets the host timers for whatever comes next: the next due timer, and the check for a jump. */
  #arm(): void {
    clearTimeout(this.#hostTimer);
    clearTimeout(this.#quietTimer);
    if (this.#stopped) return;
    const next = this.#timers[0];
    if (next) {
      const delay = Math.min(Math.max(0, next.at - this.now()), LONGEST_TIMEOUT);
      this.#hostTimer = setTimeout(() => this.#runDue(), delay);
      this.#hostTimer.unref();
    }
    if (this.#work.size > 0) return;
    if (this.mode === 'skip' || this.#idleWaiters.length > 0) {
      const activity = this.#activity;
      this.#quietTimer = setTimeout(() => this.#onQuiet(activity), QUIET_MS);
    }
  }

  #runDue(): void {
    for (let next = this.#timers[0]; next && next.at <= this.now(); next = this.#timers[0]) this.#fire(next);
    this.#arm();
  }

  #onQuiet(activity: number): void {
    if (this.#work.size > 0 || activity !== this.#activity) {
      this.#arm();
      return;
    }
    const foreground = this.#timers.some((timer) => !timer.background);
    if (!foreground) {
      const waiters = this.#idleWaiters;
      this.#idleWaiters = [];
      for (const resolve of waiters) resolve();
      return;
    }
    const next = this.#timers[0];
    if (this.mode === 'skip' && next) {
      this.#jumpTo(next.at);
      this.#runDue();
    }
  }

  /** Resolves when no work is in progress for a moment. */
  async #quiet(): Promise<void> {
    for (;;) {
      const activity = this.#activity;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      if (this.#stopped || (this.#work.size === 0 && activity === this.#activity)) return;
    }
  }

  /** Resolves when the work that a timer started, and what that started, is done. */
  async #settled(): Promise<void> {
    for (;;) {
      if (this.#work.size > 0) await new Promise<void>((resolve) => this.#restWaiters.push(resolve));
      const activity = this.#activity;
      for (let turn = 0; turn < SETTLING_TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      if (this.#stopped || (this.#work.size === 0 && activity === this.#activity)) return;
    }
  }
}
