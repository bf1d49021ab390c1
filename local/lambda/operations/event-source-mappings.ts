import type { Document, Operation } from '../../kernel/service.ts';
import type { EventSourceMappings } from '../event-source-mappings.ts';
import { type LambdaState, parseReference } from '../state.ts';
import { page } from './input.ts';

export function eventSourceMappingOperations(
  state: LambdaState,
  mappings: EventSourceMappings,
): Record<string, Operation> {
  const access = (action: string) => (input: Document) => [
    {
      action: `lambda:${action}`,
      resource: String(mappings.describe(mappings.get(String(input.UUID))).EventSourceMappingArn),
    },
  ];
  return {
    CreateEventSourceMapping: {
      access: (input) => [
        {
          action: 'lambda:CreateEventSourceMapping',
          resource: '*',
          context: { 'lambda:FunctionArn': state.arn(parseReference(input.FunctionName).name) },
        },
      ],
      handle: async (input) => mappings.describe(mappings.create(input)),
    },
    GetEventSourceMapping: {
      access: access('GetEventSourceMapping'),
      handle: async (input) => mappings.describe(mappings.get(String(input.UUID))),
    },
    UpdateEventSourceMapping: {
      access: access('UpdateEventSourceMapping'),
      handle: async (input) => mappings.describe(mappings.update(String(input.UUID), input)),
    },
    DeleteEventSourceMapping: {
      access: access('DeleteEventSourceMapping'),
      async handle(input) {
        const record = mappings.get(String(input.UUID));
        mappings.delete(record.id);
        return { ...mappings.describe(record), State: 'Deleting' };
      },
    },
    ListEventSourceMappings: {
      access: () => [{ action: 'lambda:ListEventSourceMappings', resource: '*' }],
      async handle(input) {
        const name = input.FunctionName === undefined ? undefined : parseReference(input.FunctionName).name;
        const wanted = mappings
          .all()
          .filter((record) => name === undefined || record.functionName === name)
          .filter((record) => input.EventSourceArn === undefined || record.queueArn === input.EventSourceArn);
        const { items, NextMarker } = page(wanted, input);
        return { EventSourceMappings: items.map((record) => mappings.describe(record)), NextMarker };
      },
    },
  };
}
