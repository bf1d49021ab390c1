import type { CloudContext, Document, Operation } from '../../kernel/service.ts';
import { invalid } from '../intrinsics.ts';
import type { Stacks } from '../service.ts';
import type { ResourceRecord, StackRecord } from '../stack-book.ts';
import { page } from './page.ts';
import { findStack, stackAccess } from './stack.ts';

/** DescribeStackResource, DescribeStackResources, ListStackResources. */
export function describeResources({ book }: Stacks, context: CloudContext): Record<string, Operation> {
  const access = (action: string) => stackAccess(action, book, context);
  return {
    DescribeStackResource: {
      access: access('DescribeStackResource'),
      async handle(input) {
        const stack = findStack(book, input);
        const found = book.resources(stack.id).find(({ logicalId }) => logicalId === input.LogicalResourceId);
        if (!found) throw invalid(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.name}`);
        return { StackResourceDetail: { ...summary(found), StackName: stack.name, StackId: stack.id } };
      },
    },
    DescribeStackResources: {
      access: access('DescribeStackResources'),
      async handle(input) {
        const { stack, records } = byStackOrPhysicalId(input);
        const wanted = records.filter(
          ({ logicalId }) => input.LogicalResourceId === undefined || logicalId === input.LogicalResourceId,
        );
        return {
          StackResources: wanted.map((record) => ({
            StackName: stack.name,
            StackId: stack.id,
            LogicalResourceId: record.logicalId,
            PhysicalResourceId: record.physicalId,
            ResourceType: record.type,
            Timestamp: new Date(record.updated),
            ResourceStatus: record.status,
          })),
        };
      },
    },
    ListStackResources: {
      access: access('ListStackResources'),
      async handle(input) {
        const records = book.resources(findStack(book, input).id);
        const { items, next } = page(records.map(summary), input);
        return { StackResourceSummaries: items, NextToken: next };
      },
    },
  };

  function byStackOrPhysicalId(input: Document): { stack: StackRecord; records: ResourceRecord[] } {
    if (input.StackName !== undefined) {
      const stack = findStack(book, input);
      return { stack, records: book.resources(stack.id) };
    }
    for (const stack of book.all()) {
      const records = book.resources(stack.id);
      if (records.some(({ physicalId }) => physicalId === input.PhysicalResourceId)) return { stack, records };
    }
    throw invalid(`Stack for ${input.PhysicalResourceId} does not exist`);
  }
}

function summary(record: ResourceRecord): Document {
  return {
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId,
    ResourceType: record.type,
    LastUpdatedTimestamp: new Date(record.updated),
    ResourceStatus: record.status,
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
  };
}
