import type { CloudContext, Operation } from '../../kernel/service.ts';
import type { Stacks } from '../service.ts';
import { page } from './page.ts';
import { findStack, stackAccess } from './stack.ts';

/** DescribeStackEvents: the latest first. */
export function describeEvents({ book }: Stacks, context: CloudContext): Record<string, Operation> {
  return {
    DescribeStackEvents: {
      access: stackAccess('DescribeStackEvents', book, context),
      async handle(input) {
        const stack = findStack(book, input);
        const events = book
          .events(stack.id)
          .toReversed()
          .map((event) => ({
            StackId: stack.id,
            EventId: String(event.sequence),
            StackName: stack.name,
            LogicalResourceId: event.logicalId,
            PhysicalResourceId: event.physicalId,
            ResourceType: event.type,
            Timestamp: new Date(event.at),
            ResourceStatus: event.status,
            ResourceStatusReason: event.reason,
          }));
        const { items, next } = page(events, input);
        return { StackEvents: items, NextToken: next };
      },
    },
  };
}
