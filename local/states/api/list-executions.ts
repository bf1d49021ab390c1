import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { ExecutionRecord } from '../records.ts';
import { dateOf, machineOf, operation, page, present, type StatesCore } from './core.ts';

/** The newest first. */
export function listExecutions(core: StatesCore): Operation {
  return operation(
    'ListExecutions',
    ({ stateMachineArn, mapRunArn }) => stateMachineArn ?? mapRunArn,
    async (input) => {
      const wanted = selector(core, input);
      const { statusFilter } = input;
      const found = [...core.executions.records.values()]
        .filter((record) => wanted(record) && (statusFilter === undefined || record.status === statusFilter))
        .reverse()
        .sort((left, right) => right.startDate - left.startDate);
      const { items, ...rest } = page(found, input);
      return { executions: items.map(summary), ...rest };
    },
  );
}

function selector(core: StatesCore, { stateMachineArn, mapRunArn }: Document): (record: ExecutionRecord) => boolean {
  if (typeof mapRunArn === 'string') {
    if (!core.executions.mapRuns.has(mapRunArn)) {
      throw new AwsError('ResourceNotFound', `Resource not found: '${mapRunArn}'`);
    }
    return (record) => record.mapRunArn === mapRunArn;
  }
  const machine = machineOf(core, String(stateMachineArn ?? ''));
  if (machine.type === 'EXPRESS') {
    throw new AwsError('StateMachineTypeNotSupported', 'This operation is not supported by this type of state machine');
  }
  return (record) => record.stateMachineArn === machine.stateMachineArn;
}

function summary(record: ExecutionRecord): Document {
  return present({
    executionArn: record.executionArn,
    stateMachineArn: record.stateMachineArn,
    name: record.name,
    status: record.status,
    startDate: dateOf(record.startDate),
    stopDate: dateOf(record.stopDate),
    mapRunArn: record.mapRunArn,
    redriveCount: record.redriveCount,
    redriveDate: dateOf(record.redriveDate),
  });
}
