import { invalid, resolve, type Scope } from './intrinsics.ts';
import type { StackBook, StackOutput, StackRecord } from './stack-book.ts';
import type { Template } from './template.ts';

/**
 * The outputs of a stack. Fails, as CloudFormation does, when an export that another stack uses would change or go, or when a
 * name is exported already.
 */
export function stackOutputs(
  template: Template,
  { stack, scope, book }: { stack: StackRecord; scope: Scope; book: StackBook },
): StackOutput[] {
  const outputs: StackOutput[] = [];
  for (const [key, declaration] of Object.entries(template.Outputs ?? {})) {
    const { Value: value, Description: description, Condition: condition, Export: exported } = declaration;
    if (condition !== undefined && !scope.condition(condition)) continue;
    outputs.push({
      key,
      value: String(resolve(value, scope)),
      ...(description ? { description } : {}),
      ...(exported ? { exportName: String(resolve(exported.Name, scope)) } : {}),
    });
  }
  checkExports(outputs, { stack, book });
  return outputs;
}

function checkExports(outputs: readonly StackOutput[], { stack, book }: { stack: StackRecord; book: StackBook }): void {
  const next = new Map(outputs.map(({ exportName, value }) => [exportName, value]));
  for (const [name, { stack: owner, value }] of book.exports()) {
    if (owner.id !== stack.id) {
      if (next.has(name)) {
        throw invalid(
          `Export with name ${name} is already exported by stack ${owner.name}. Rollback requested by user.`,
        );
      }
      continue;
    }
    const users = book.importers(name);
    if (users.length === 0 || next.get(name) === value) continue;
    const change = next.has(name) ? 'updated' : 'deleted';
    throw invalid(`Export ${name} cannot be ${change} as it is in use by ${users.join(' and ')}`);
  }
}
