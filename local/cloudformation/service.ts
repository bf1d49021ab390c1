import type { ServiceFactory } from '../kernel/cloud.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { Operation } from '../kernel/service.ts';
import type { ResourceTypes } from './check-template.ts';
import { Deployer } from './deployer.ts';
import { metadataType } from './metadata-type.ts';
import { deleteStack } from './operations/delete-stack.ts';
import { describeEvents } from './operations/describe-events.ts';
import { describeResources } from './operations/describe-resources.ts';
import { describeStacks } from './operations/describe-stacks.ts';
import { StackBook } from './stack-book.ts';

/** What the operations work with. */
export interface Stacks {
  readonly book: StackBook;
  readonly deployer: Deployer;
}

/**
 * CloudFormation over the resource types of the other services. `types` is asked when a deployment starts: services are made
 * one after the other. `onReady` hands out the deployer, which no API of AWS stands for: a cloud assembly is a folder.
 */
export function cloudFormationService(
  types: () => readonly ResourceType[],
  onReady: (stacks: Stacks) => void = () => undefined,
): ServiceFactory {
  return (context) => {
    const book = new StackBook(context.store, () => context.clock.now());
    const byName = (): ResourceTypes => new Map(types().map((type) => [type.type, type]));
    const stacks: Stacks = { book, deployer: new Deployer(context, book, byName) };
    onReady(stacks);
    const operations: Record<string, Operation> = {
      ...describeStacks(stacks, context),
      ...describeResources(stacks, context),
      ...describeEvents(stacks, context),
      ...deleteStack(stacks, context),
    };
    return {
      name: 'cloudformation',
      queryNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
      accessDeniedCode: 'AccessDenied',
      operations,
      resourceTypes: [metadataType],
    };
  };
}
