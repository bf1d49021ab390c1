import type { CloudContext, Document, Operation } from '../../kernel/service.ts';
import { invalid } from '../intrinsics.ts';
import type { Stacks } from '../service.ts';
import type { StackRecord } from '../stack-book.ts';
import { page } from './page.ts';
import { findStack, stackAccess } from './stack.ts';

/** DescribeStacks, ListStacks, GetTemplate, ListExports. */
export function describeStacks({ book }: Stacks, context: CloudContext): Record<string, Operation> {
  const standing = () => book.all().filter(({ deleted }) => deleted === undefined);
  const everything = (action: string) => () => [{ action: `cloudformation:${action}`, resource: '*' }];
  return {
    DescribeStacks: {
      access: stackAccess('DescribeStacks', book, context),
      async handle(input) {
        const stacks = input.StackName === undefined ? standing() : [findStack(book, input)];
        const { items, next } = page(stacks.map(description), input);
        return { Stacks: items, NextToken: next };
      },
    },
    ListStacks: {
      access: everything('ListStacks'),
      async handle(input) {
        const wanted = input.StackStatusFilter as string[] | undefined;
        const stacks = book.all().filter(({ status }) => wanted === undefined || wanted.includes(status));
        const { items, next } = page(stacks.toReversed().map(summary), input);
        return { StackSummaries: items, NextToken: next };
      },
    },
    GetTemplate: {
      access: stackAccess('GetTemplate', book, context),
      async handle(input) {
        const template = book.template(findStack(book, input).id);
        if (!template) throw invalid(`Template for stack ${input.StackName} does not exist`);
        return { TemplateBody: JSON.stringify(template), StagesAvailable: ['Original', 'Processed'] };
      },
    },
    ListExports: {
      access: everything('ListExports'),
      async handle(input) {
        const exports = [...book.exports()].map(([name, { stack, value }]) => ({
          ExportingStackId: stack.id,
          Name: name,
          Value: value,
        }));
        const { items, next } = page(exports, input);
        return { Exports: items, NextToken: next };
      },
    },
    ListImports: {
      access: everything('ListImports'),
      async handle(input) {
        const name = String(input.ExportName);
        const importers = book.importers(name);
        if (importers.length === 0) throw invalid(`Export '${name}' is not imported by any stack.`);
        return { Imports: importers };
      },
    },
  };
}

function description(stack: StackRecord): Document {
  return {
    StackId: stack.id,
    StackName: stack.name,
    Description: stack.description,
    Parameters: Object.entries(stack.parameters).map(([key, value]) => ({ ParameterKey: key, ParameterValue: value })),
    CreationTime: new Date(stack.created),
    LastUpdatedTime: stack.updated === undefined ? undefined : new Date(stack.updated),
    DeletionTime: stack.deleted === undefined ? undefined : new Date(stack.deleted),
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    DisableRollback: false,
    Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
    Outputs: stack.outputs.map(({ key, value, description: text, exportName }) => ({
      OutputKey: key,
      OutputValue: value,
      Description: text,
      ExportName: exportName,
    })),
    Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
    EnableTerminationProtection: stack.terminationProtection,
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
  };
}

function summary(stack: StackRecord): Document {
  const { StackId, StackName, CreationTime, LastUpdatedTime, DeletionTime, StackStatus, StackStatusReason } =
    description(stack);
  return { StackId, StackName, CreationTime, LastUpdatedTime, DeletionTime, StackStatus, StackStatusReason };
}
