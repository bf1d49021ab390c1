import type { Document, Operation } from '../../kernel/service.ts';
import type { EventInvokes } from '../event-invokes.ts';
import { type EventInvokeRecord, type LambdaState, referenceOf } from '../state.ts';

export function eventInvokeOperations(state: LambdaState, eventInvokes: EventInvokes): Record<string, Operation> {
  const operation = (
    action: string,
    act: (name: string, qualifier: string | undefined, input: Document) => Document,
  ): Operation => ({
    access(input) {
      const { name, qualifier } = referenceOf(input);
      return [{ action: `lambda:${action}`, resource: state.arn(name, qualifier) }];
    },
    async handle(input) {
      const { name, qualifier } = referenceOf(input);
      return act(name, qualifier, input);
    },
  });
  const describe = (record: EventInvokeRecord) => eventInvokes.describe(record);
  return {
    PutFunctionEventInvokeConfig: operation('PutFunctionEventInvokeConfig', (name, qualifier, input) =>
      describe(eventInvokes.put(name, qualifier, input)),
    ),
    GetFunctionEventInvokeConfig: operation('GetFunctionEventInvokeConfig', (name, qualifier) =>
      describe(eventInvokes.get(name, qualifier)),
    ),
    DeleteFunctionEventInvokeConfig: operation('DeleteFunctionEventInvokeConfig', (name, qualifier) => {
      eventInvokes.get(name, qualifier);
      eventInvokes.delete(name, qualifier);
      return {};
    }),
  };
}
