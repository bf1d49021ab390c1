const LOOK_EVERY_MS = 500;

/**
 * Aborted when somebody asks for the end: by Ctrl+C, a signal or a closed terminal. The signals stay caught until the process
 * ends: npm passes on what a terminal has sent to everybody already, and the second one must not cut a clean end short.
 */
export function stopRequest(): AbortSignal {
  const request = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => request.abort());
  // Whoever stops npm or npx reaches npm's shell only, which passes nothing on.
  if (process.env.npm_command !== undefined) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && request.abort(), LOOK_EVERY_MS).unref();
  }
  return request.signal;
}

/** What the promise gives, unless the end is asked for first. */
export async function unlessStopped<T>(stop: AbortSignal, promise: Promise<T>): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    const end = () => reject(stop.reason);
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
  return Promise.race([promise, stopped]);
}
