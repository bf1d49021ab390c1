import type { CloudContext, Operation } from '../../kernel/service.ts';
import type { Stacks } from '../service.ts';
import { findStack, stackAccess } from './stack.ts';

/** DeleteStack and what protects from it. */
export function deleteStack({ book, deployer }: Stacks, context: CloudContext): Record<string, Operation> {
  return {
    /** Answers at once; the deletion goes on, and a stack that does not exist is fine. */
    DeleteStack: {
      access: stackAccess('DeleteStack', book, context),
      async handle(input) {
        const stack = book.find(String(input.StackName));
        if (!stack || stack.deleted !== undefined) return {};
        deployer.checkDeletion(stack);
        context.emit(`delete stack ${stack.name}`, (work) => deployer.delete(stack, work));
        return {};
      },
    },
    UpdateTerminationProtection: {
      access: stackAccess('UpdateTerminationProtection', book, context),
      async handle(input) {
        const stack = findStack(book, input);
        const terminationProtection = String(input.EnableTerminationProtection) === 'true';
        book.change(stack.id, { terminationProtection });
        return { StackId: stack.id };
      },
    },
  };
}
