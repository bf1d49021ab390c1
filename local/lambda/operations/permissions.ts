import type { Document, Operation } from '../../kernel/service.ts';
import { lambdaError } from '../errors.ts';
import type { Permissions } from '../permissions.ts';
import { type LambdaState, referenceOf } from '../state.ts';

export function permissionOperations(state: LambdaState, permissions: Permissions): Record<string, Operation> {
  const access = (action: string) => (input: Document) => {
    const { name, qualifier } = referenceOf(input);
    return [{ action: `lambda:${action}`, resource: state.arn(name, qualifier) }];
  };
  return {
    AddPermission: {
      access: access('AddPermission'),
      async handle(input) {
        const { name, qualifier } = referenceOf(input);
        if (!/^[A-Za-z0-9_-]{1,100}$/.test(String(input.StatementId ?? ''))) {
          throw lambdaError.validation(
            `Value '${String(input.StatementId)}' at 'statementId' failed to satisfy constraint`,
          );
        }
        return { Statement: JSON.stringify(permissions.add(name, qualifier, input)) };
      },
    },
    RemovePermission: {
      access: access('RemovePermission'),
      async handle(input) {
        const { name, qualifier } = referenceOf(input);
        permissions.remove(name, qualifier, String(input.StatementId));
        return {};
      },
    },
    GetPolicy: {
      access: access('GetPolicy'),
      async handle(input) {
        const { name, qualifier } = referenceOf(input);
        return permissions.describe(name, qualifier);
      },
    },
  };
}
