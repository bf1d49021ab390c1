import type { Principal } from '../iam/principal.ts';
import { requireTrust } from '../iam/trust.ts';
import type { Work } from '../kernel/clock.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { Delivery } from './delivery.ts';

interface Send {
  readonly action: string;
  /** Whether only a role will do; other targets may grant EventBridge access by their own policy. */
  readonly needsRole?: boolean;
  input(delivery: Delivery, context: CloudContext, attemptId: string): Document;
}

/** By the service in the target's ARN. */
const TARGETS: Readonly<Record<string, Send>> = {
  lambda: {
    action: 'Invoke',
    input: ({ target, input }) => ({ FunctionName: target.Arn, InvocationType: 'Event', Payload: input }),
  },
  sqs: {
    action: 'SendMessage',
    input: ({ target, input }, context) => ({
      QueueUrl: queueUrl(context, target.Arn),
      MessageBody: input,
      ...target.SqsParameters,
    }),
  },
  sns: { action: 'Publish', input: ({ target, input }) => ({ TopicArn: target.Arn, Message: input }) },
  states: {
    action: 'StartExecution',
    needsRole: true,
    // EventBridge names executions <event id>_<uuid>; ours stays the same when a delivery is repeated after a restart.
    input: ({ target, input, eventId }, _context, attemptId) => ({
      stateMachineArn: target.Arn,
      name: `${eventId}_${attemptId}`,
      input,
    }),
  },
};

export const targetService = (arn: string): string => arn.split(':')[2] ?? '';
export const isKnownTarget = (arn: string): boolean => Object.hasOwn(TARGETS, targetService(arn));
export const needsRole = (arn: string): boolean => TARGETS[targetService(arn)]?.needsRole ?? false;

/** Hands an event to its target, as the target's role where it has one, else as EventBridge acting for the rule. */
export async function sendToTarget(
  context: CloudContext,
  delivery: Delivery,
  { attemptId, work }: { attemptId: string; work: Work },
): Promise<void> {
  const { Arn } = delivery.target;
  const service = targetService(Arn);
  const send = TARGETS[service];
  if (!send) throw new AwsError('InvalidParameterValue', `EventBridge does not deliver to ${Arn}`);
  const principal = principalOf(context, delivery);
  await context.call(principal, service, send.action, send.input(delivery, context, attemptId), work);
}

function principalOf(context: CloudContext, { ruleArn, target }: Delivery): Principal {
  if (!target.RoleArn) return busPrincipal(context, ruleArn);
  try {
    requireTrust(context, target.RoleArn, { service: 'events.amazonaws.com', sourceArn: ruleArn });
  } catch (cause) {
    throw new AwsError('FailedToAssumeRole', (cause as Error).message, { status: 403 });
  }
  return context.rolePrincipal(target.RoleArn, 'EventBridge');
}

/** EventBridge itself, acting for a rule. */
export const busPrincipal = ({ account }: CloudContext, ruleArn: string): Principal => ({
  kind: 'service',
  service: 'events.amazonaws.com',
  sourceArn: ruleArn,
  sourceAccount: account,
});

/** `arn:aws:sqs:us-east-1:000000000000:name` -> the queue's URL in this cloud. */
export function queueUrl(context: CloudContext, arn: string): string {
  const [, , , , account, name] = arn.split(':');
  return `${context.endpoint()}/${account}/${name}`;
}
