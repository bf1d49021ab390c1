import { Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { ServiceCall, TaskPort } from './integrations/runner.ts';

/** Tasks reach the cloud's other services with the role's permissions; each call is a piece of work of its own. */
export function cloudPort(context: CloudContext): TaskPort {
  return {
    invoke: async ({ service, action, input, roleArn }: ServiceCall): Promise<Document> => {
      const account = roleArn.split(':')[4];
      if (account !== context.account) {
        throw new Unsupported(`roles of other accounts (${roleArn})`, {
          hint: `Everything here belongs to ${context.account}.`,
        });
      }
      const principal = context.rolePrincipal(roleArn, 'StepFunctions');
      return context.clock.run(`task ${service}:${action}`, (work) =>
        context.call(principal, service, action, input, work),
      );
    },
  };
}
