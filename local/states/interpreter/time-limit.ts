import { Aborted, StateFailure } from './failure.ts';
import type { Frame } from './run.ts';

/** When a task is given up, in the cloud's time. */
export interface TimeLimit {
  /** ms since the epoch. */
  readonly timeoutAt?: number;
  /** Longest silence, seconds. */
  readonly heartbeatSeconds?: number;
}

/**
 * Waits for `start` to settle, but not beyond the limits nor beyond the end of the line of control. The limits are
 * background timers: they end what takes too long and never make time pass.
 */
export async function withinLimit<T>(
  frame: Frame,
  limit: TimeLimit,
  start: (onHeartbeat: () => void) => Promise<T>,
): Promise<T> {
  const { clock } = frame.run;
  const end = Promise.withResolvers<never>();
  end.promise.catch(() => undefined);
  const alarm = (at: number, alias?: string) =>
    clock.schedule(at, () => end.reject(new StateFailure('States.Timeout', undefined, { alias })), {
      background: true,
      name: 'task timeout',
    });
  const beat = () =>
    limit.heartbeatSeconds === undefined
      ? undefined
      : alarm(clock.now() + 1000 * limit.heartbeatSeconds, 'States.HeartbeatTimeout');
  const timeout = limit.timeoutAt === undefined ? undefined : alarm(limit.timeoutAt);
  let heartbeat = beat();
  const onAbort = () => end.reject(new Aborted());
  frame.signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (frame.signal.aborted) throw new Aborted();
    const work = start(() => {
      heartbeat?.cancel();
      heartbeat = beat();
    });
    return await frame.work.wait(Promise.race([work, end.promise]));
  } finally {
    timeout?.cancel();
    heartbeat?.cancel();
    frame.signal.removeEventListener('abort', onAbort);
  }
}
