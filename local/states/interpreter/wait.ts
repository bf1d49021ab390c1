import type { WaitState } from '../definition/model.ts';
import { runtimeFailure } from './failure.ts';
import type { Outgoing, Visit } from './visit.ts';

/** A year is the longest that an execution lives. */
const LONGEST_WAIT_MS = 366 * 86_400_000;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

export async function wait(visit: Visit<WaitState>): Promise<Outgoing> {
  const { state, input, frame } = visit;
  const until = Number(frame.journal?.recall('until') ?? (await dueTime(visit)));
  const now = frame.run.clock.now();
  if (until - now > LONGEST_WAIT_MS) {
    throw runtimeFailure(visit.failure('', 'Wait state delay is too long.').reason ?? '');
  }
  frame.journal?.remember('until', until);
  if (until > now) await frame.work.sleep(until - now, { name: `wait "${visit.name}"`, signal: frame.signal });
  return { next: state.Next, ...(await visit.finish(state, { fallback: input })) };
}

async function dueTime(visit: Visit<WaitState>): Promise<number> {
  const { state, frame, enteredTime } = visit;
  if (state.Seconds !== undefined) return enteredTime + 1000 * (await visit.evaluateInteger('Seconds', state.Seconds));
  const text = await visit.evaluateAs<string>('Timestamp', state.Timestamp ?? null, 'string');
  const time = DATE_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw visit.queryFailure(
      `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`,
      { location: 'Timestamp', after: frame.pointer },
    );
  }
  return time;
}
