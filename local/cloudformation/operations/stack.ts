import type { CloudContext, Document, Operation } from '../../kernel/service.ts';
import { invalid } from '../intrinsics.ts';
import type { StackBook, StackRecord } from '../stack-book.ts';

/** The stack that a request names. */
export function findStack(book: StackBook, input: Document): StackRecord {
  const name = String(input.StackName);
  const stack = book.find(name);
  if (stack) return stack;
  throw invalid(`Stack with id ${name} does not exist`);
}

/** Access to an action on one stack, or on any where none is named. */
export function stackAccess(action: string, book: StackBook, context: CloudContext): Operation['access'] {
  return ({ StackName: name }) => {
    const any = `arn:${context.partition}:cloudformation:${context.region}:${context.account}:stack/${name ?? '*'}/*`;
    const resource = name === undefined ? any : (book.find(String(name))?.id ?? any);
    return [{ action: `cloudformation:${action}`, resource }];
  };
}
