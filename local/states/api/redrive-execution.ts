import { AwsError } from '../../kernel/errors.ts';
import type { Operation } from '../../kernel/service.ts';
import { redriveOf } from '../announcements.ts';
import { executionOf, operation, requiredText, type StatesCore } from './core.ts';

/** Runs an execution that did not succeed again, from the state where it ended. */
export function redriveExecution(core: StatesCore): Operation {
  return operation(
    'RedriveExecution',
    ({ executionArn }) => executionArn,
    async (input) => {
      const record = executionOf(core, requiredText(input, 'executionArn'));
      const { redriveStatusReason } = redriveOf(record);
      if (redriveStatusReason !== undefined) throw new AwsError('ExecutionNotRedrivable', redriveStatusReason);
      core.executions.redrive(record);
      const { redriveDate } = executionOf(core, record.executionArn);
      return { redriveDate: new Date(redriveDate ?? core.context.clock.now()) };
    },
  );
}
