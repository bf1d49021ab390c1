import type { Operation } from '../../kernel/service.ts';
import { executionOf, operation, requiredText, type StatesCore } from './core.ts';

/** Stopping what has ended already gives when it did. */
export function stopExecution(core: StatesCore): Operation {
  return operation(
    'StopExecution',
    ({ executionArn }) => executionArn,
    async (input) => {
      const { executionArn } = executionOf(core, requiredText(input, 'executionArn'));
      const reason = {
        ...(typeof input.error === 'string' ? { error: input.error } : {}),
        ...(typeof input.cause === 'string' ? { cause: input.cause } : {}),
      };
      core.executions.terminate(executionArn, 'ExecutionAborted', { status: 'ABORTED', ...reason }, reason);
      const { stopDate } = executionOf(core, executionArn);
      return { stopDate: new Date(stopDate ?? core.context.clock.now()) };
    },
  );
}
