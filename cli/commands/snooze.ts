import { userInfo } from 'node:os';
import { durationMs } from '../../domain/duration.ts';
import { snoozeIncident } from '../../lambdas/react/snooze.ts';
import { CliError, shortTime } from '../io.ts';
import { openModel, type Session } from '../session.ts';

export interface SnoozeOptions {
  readonly for: string;
  readonly why: string;
  readonly by?: string;
}

const LONGEST_MS = 90 * 86_400_000;

/** `sluice snooze MODEL INCIDENT --for 2d --why …`: no messages and nothing done by itself, until then. */
export async function snooze(
  session: Session,
  name: string,
  incident: string,
  options: SnoozeOptions,
): Promise<number> {
  const { by = userInfo().username, why } = options;
  const length = durationMs.safeParse(options.for);
  if (!length.success) {
    throw new CliError(2, `Cannot read --for "${options.for}": expected a duration such as 12h, 2d or '5 days'`);
  }
  if (length.data > LONGEST_MS) throw new CliError(2, `--for "${options.for}" is too long; allowed: at most 90 days`);
  if (why.trim() === '') throw new CliError(2, 'Say --why: it stands in the decision log');
  const { registry } = await openModel(session, name);
  const request = { incident, length: length.data, by, why, time: new Date().toISOString() };
  const snoozed = await snoozeIncident(request, registry);
  if (!snoozed) {
    const { open } = await registry.reactions();
    const known = open.map(({ id }) => id).join(', ') || 'none';
    throw new CliError(3, `${name} has no open incident ${incident}; open: ${known}`);
  }
  session.io.result(
    { model: name, incident: snoozed },
    () =>
      `${incident} is snoozed until ${shortTime(snoozed.snoozedUntil)} UTC; what is seen meanwhile is still counted`,
  );
  return 0;
}
