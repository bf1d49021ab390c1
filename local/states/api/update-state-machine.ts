import { randomUUID } from 'node:crypto';
import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { Operation } from '../../kernel/service.ts';
import { machineOf, operation, requiredText, type StatesCore } from './core.ts';
import { checkDefinition, checkRole, checkTrust, loggingOf, tracingOf } from './machine-rules.ts';

/** Running executions keep the definition and role that they were started with. */
export function updateStateMachine(core: StatesCore): Operation {
  return operation(
    'UpdateStateMachine',
    ({ stateMachineArn }) => stateMachineArn,
    async (input) => {
      if (input.publish) throw new Unsupported('versions of state machines');
      const machine = machineOf(core, requiredText(input, 'stateMachineArn'));
      const { definition, roleArn, loggingConfiguration, tracingConfiguration } = input;
      if ([definition, roleArn, loggingConfiguration, tracingConfiguration].every((member) => member === undefined)) {
        throw new AwsError(
          'MissingRequiredParameter',
          'Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the EncryptionConfiguration must be specified',
        );
      }
      const updated = {
        ...machine,
        ...(definition === undefined ? {} : { definition: String(definition) }),
        ...(roleArn === undefined ? {} : { roleArn: String(roleArn) }),
        ...(loggingConfiguration === undefined ? {} : { logging: loggingOf(loggingConfiguration) }),
        ...(tracingConfiguration === undefined ? {} : { tracing: tracingOf(tracingConfiguration) }),
        revisionId: randomUUID(),
        updateDate: core.context.clock.now(),
      };
      checkDefinition(updated.definition, updated.type);
      checkTrust(core.context, updated.roleArn, updated.stateMachineArn);
      checkRole(core.context, updated.roleArn, updated.logging, updated.definition);
      core.machines.set(updated.stateMachineArn, updated);
      return { updateDate: new Date(updated.updateDate), revisionId: updated.revisionId };
    },
  );
}
