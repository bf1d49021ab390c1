import type { Operation } from '../../kernel/service.ts';
import { operation, requireArn, requiredText, type StatesCore } from './core.ts';

/** Deleting what does not exist succeeds. Executions that run go on to their end. */
export function deleteStateMachine(core: StatesCore): Operation {
  return operation(
    'DeleteStateMachine',
    ({ stateMachineArn }) => stateMachineArn,
    async (input) => {
      core.machines.delete(requireArn(requiredText(input, 'stateMachineArn'), 'stateMachine'));
      return {};
    },
  );
}
