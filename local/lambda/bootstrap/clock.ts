let offset = 0;

/** Changes what `Date` takes for now. `performance` and timers stay the host's: durations are real. */
export function setClockOffset(ms: number): void {
  offset = ms;
}

/** Replaces `Date` so that the handler sees the cloud's time. */
export function patchDate(): void {
  const HostDate = Date;
  const now = () => HostDate.now() + offset;
  function CloudDate(...args: unknown[]): unknown {
    if (!new.target) return new HostDate(now()).toString();
    return Reflect.construct(HostDate, args.length === 0 ? [now()] : args, new.target);
  }
  const statics = Object.getOwnPropertyDescriptors(HostDate);
  Object.defineProperties(CloudDate, { ...statics, now: { ...statics.now, value: now } });
  Object.defineProperty(HostDate.prototype, 'constructor', { value: CloudDate, writable: true, configurable: true });
  globalThis.Date = CloudDate as unknown as DateConstructor;
}
