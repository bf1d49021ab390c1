import { AwsError } from '../../kernel/errors.ts';
import type { Operation } from '../../kernel/service.ts';
import { dateOf, executionOf, operation, page, present, requiredText, type StatesCore } from './core.ts';

export function listMapRuns(core: StatesCore): Operation {
  return operation(
    'ListMapRuns',
    ({ executionArn }) => executionArn,
    async (input) => {
      const { executionArn } = executionOf(core, requiredText(input, 'executionArn'));
      const all = [...core.executions.mapRuns.values()].filter((run) => run.executionArn === executionArn);
      const { items, ...rest } = page(all, input);
      const mapRuns = items.map((run) =>
        present({
          executionArn,
          mapRunArn: run.mapRunArn,
          stateMachineArn: run.stateMachineArn,
          startDate: dateOf(run.startDate),
          stopDate: dateOf(run.stopDate),
        }),
      );
      return { mapRuns, ...rest };
    },
  );
}

export function describeMapRun(core: StatesCore): Operation {
  return operation(
    'DescribeMapRun',
    ({ mapRunArn }) => mapRunArn,
    async (input) => {
      const arn = requiredText(input, 'mapRunArn');
      const run = core.executions.mapRuns.get(arn);
      if (!run) throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`);
      return present({
        mapRunArn: run.mapRunArn,
        executionArn: run.executionArn,
        status: run.status,
        startDate: dateOf(run.startDate),
        stopDate: dateOf(run.stopDate),
        maxConcurrency: run.maxConcurrency,
        toleratedFailurePercentage: run.toleratedFailurePercentage,
        toleratedFailureCount: run.toleratedFailureCount,
        itemCounts: run.itemCounts,
        executionCounts: run.executionCounts,
        redriveCount: 0,
      });
    },
  );
}
