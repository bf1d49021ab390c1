import { userInfo } from 'node:os';
import { SendTaskSuccessCommand, SFNClient, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import { decideApproval } from '../../domain/registry.ts';
import { CLIENT_DEFAULTS } from '../environment.ts';
import { CliError } from '../io.ts';
import { openVersion, type Session } from '../session.ts';

export interface AnswerOptions {
  readonly by?: string;
  readonly reason?: string;
}

/**
 * `sluice approve` and `sluice reject`: a person's answer for a version that waits. The decision is written first, bound to
 * the artifact that was shown; the waiting state machine is told afterwards, and again when the command is repeated.
 */
export async function answer(
  session: Session,
  reference: string,
  { approved, by = whoAmI(), reason }: AnswerOptions & { approved: boolean },
): Promise<number> {
  if (!reference.includes('@')) {
    throw new CliError(
      2,
      `Name the version that you answer for, such as ${reference}@3: an answer is about one artifact`,
    );
  }
  const { version, registry } = await openVersion(session, reference);
  const name = `${version.model}@${version.version}`;
  const approval = await registry.approval(version.version);
  if (!approval && version.stage === 'AWAITING_APPROVAL') {
    throw new CliError(1, `${name} is about to ask for an answer, but its run does not wait for one yet`, {
      hint: 'Try again in a moment.',
    });
  }
  if (!approval) throw new CliError(2, `${name} does not wait for anybody: it is ${version.stage}`);
  const wanted = approved ? 'APPROVED' : 'REFUSED';
  if (approval.status !== 'WAITING' && approval.status !== wanted) {
    throw new CliError(3, `Too late: ${name} is ${approval.status} by ${approval.by} since ${approval.decidedAt}`);
  }
  const time = new Date().toISOString();
  const why = reason ?? (approved ? 'approved without a remark' : 'rejected without a remark');
  if (approval.status === 'WAITING') {
    const head = await registry.head();
    const { artifactSha256 } = approval;
    const transition = decideApproval(head, version, { who: by, why, time, approved, artifactSha256 });
    if (!transition.ok) throw new CliError(3, `Cannot answer for ${name}: ${transition.message}`);
    await registry.write({
      transition,
      approval: { ...approval, status: wanted, by, reason: why, decidedAt: time },
    });
  }
  await tell(approval.token, { approved, by, reason: why }, name);
  session.io.result(
    { model: version.model, version: version.version, approved, by, reason: why },
    () => `${name} ${approved ? 'approved: it is rolled out now' : 'rejected: it will not serve'}`,
  );
  return 0;
}

/** A container may run as a user that it has no name for. */
function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER ?? 'somebody';
  }
}

async function tell(taskToken: string, result: unknown, name: string): Promise<void> {
  const client = new SFNClient(CLIENT_DEFAULTS);
  try {
    await client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(result) }));
  } catch (cause) {
    if (!(cause instanceof TaskTimedOut || cause instanceof TaskDoesNotExist)) throw cause;
    throw new CliError(3, `Too late: the run of ${name} waits no longer`, { cause });
  }
}
