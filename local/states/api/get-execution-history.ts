import type { Document, Operation } from '../../kernel/service.ts';
import type { HistoryEvent } from '../interpreter/history.ts';
import { executionOf, operation, page, requiredText, type StatesCore } from './core.ts';

/** Members that are left out when data is not asked for. */
const DATA = ['input', 'output', 'parameters', 'assignedVariables'];

export function getExecutionHistory(core: StatesCore): Operation {
  return operation(
    'GetExecutionHistory',
    ({ executionArn }) => executionArn,
    async (input) => {
      const { executionArn } = executionOf(core, requiredText(input, 'executionArn'));
      const events = [...core.executions.history(executionArn)];
      if (input.reverseOrder === true) events.reverse();
      const { items, ...rest } = page(events, input);
      const data = input.includeExecutionData !== false;
      return { events: items.map((event) => rendered(event, data)), ...rest };
    },
  );
}

function rendered(
  { id, previousEventId, type, timestamp, detailsKey, details }: HistoryEvent,
  data: boolean,
): Document {
  const shown = data
    ? details
    : details && Object.fromEntries(Object.entries(details).filter(([member]) => !DATA.includes(member)));
  return {
    timestamp: new Date(timestamp),
    type,
    id,
    previousEventId,
    ...(detailsKey === undefined ? {} : { [detailsKey]: shown }),
  };
}
