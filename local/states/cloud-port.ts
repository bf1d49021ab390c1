import { AwsError } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { ServiceCall, TaskPort } from './integrations/runner.ts';

const SESSION = 'StepFunctions';

/** Tasks reach the cloud's other services with the role's permissions; each call is a piece of work of its own. */
export function cloudPort(context: CloudContext): TaskPort {
  return {
    invoke: async ({ service, action, input, roleArn, assumedBy }: ServiceCall): Promise<Document> => {
      if (assumedBy !== undefined) checkAssumption(context, assumedBy, roleArn);
      const principal = context.rolePrincipal(roleArn, SESSION);
      return context.clock.run(`task ${service}:${action}`, (work) =>
        context.call(principal, service, action, input, work),
      );
    },
  };
}

/**
 * A task's own credentials are a role that the machine's role may assume and that trusts it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
 */
function checkAssumption(context: CloudContext, machineRole: string, roleArn: string): void {
  try {
    const machine = context.rolePrincipal(machineRole, SESSION);
    context.authorize(machine, [{ action: 'sts:AssumeRole', resource: roleArn }]);
  } catch (cause) {
    const message = `The role ${machineRole} is not authorized to assume the task state's role, ${roleArn}.`;
    throw new AwsError('AccessDeniedException', `${message} (${(cause as Error).message})`);
  }
}
