import type { Operation } from '../../kernel/service.ts';
import { redriveOf } from '../announcements.ts';
import { dateOf, executionOf, operation, present, requiredText, type StatesCore } from './core.ts';

export function describeExecution(core: StatesCore): Operation {
  return operation(
    'DescribeExecution',
    ({ executionArn }) => executionArn,
    async (input) => {
      const record = executionOf(core, requiredText(input, 'executionArn'));
      const data = input.includedData !== 'METADATA_ONLY';
      return present({
        executionArn: record.executionArn,
        stateMachineArn: record.stateMachineArn,
        name: record.name,
        status: record.status,
        startDate: dateOf(record.startDate),
        stopDate: dateOf(record.stopDate),
        input: data ? record.input : undefined,
        inputDetails: { included: data },
        output: data ? record.output : undefined,
        outputDetails: record.output === undefined ? undefined : { included: data },
        error: record.error,
        cause: record.cause,
        mapRunArn: record.mapRunArn,
        redriveCount: record.redriveCount,
        redriveDate: dateOf(record.redriveDate),
        ...redriveOf(record),
      });
    },
  );
}
