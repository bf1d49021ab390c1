import type { Document, Operation } from '../../kernel/service.ts';
import type { MachineRecord } from '../records.ts';
import { dateOf, executionOf, machineOf, operation, present, requiredText, type StatesCore } from './core.ts';

export function describeStateMachine(core: StatesCore): Operation {
  return operation(
    'DescribeStateMachine',
    ({ stateMachineArn }) => stateMachineArn,
    async (input) => described(machineOf(core, requiredText(input, 'stateMachineArn'))),
  );
}

/** The machine as it was when the execution started. */
export function describeStateMachineForExecution(core: StatesCore): Operation {
  return operation(
    'DescribeStateMachineForExecution',
    ({ executionArn }) => executionArn,
    async (input) => {
      const execution = executionOf(core, requiredText(input, 'executionArn'));
      const machine = core.machines.get(execution.stateMachineArn);
      return present({
        stateMachineArn: execution.stateMachineArn,
        name: execution.stateMachine.Name,
        definition: execution.definition,
        roleArn: execution.roleArn,
        updateDate: dateOf(machine?.updateDate ?? machine?.creationDate ?? execution.startDate),
        loggingConfiguration: execution.logging,
        tracingConfiguration: machine?.tracing ?? { enabled: false },
        mapRunArn: execution.mapRunArn,
        revisionId: execution.revisionId,
      });
    },
  );
}

function described(machine: MachineRecord): Document {
  return present({
    stateMachineArn: machine.stateMachineArn,
    name: machine.name,
    status: 'ACTIVE',
    definition: machine.definition,
    roleArn: machine.roleArn,
    type: machine.type,
    creationDate: dateOf(machine.creationDate),
    loggingConfiguration: machine.logging,
    tracingConfiguration: machine.tracing,
    revisionId: machine.updateDate === undefined ? undefined : machine.revisionId,
  });
}
