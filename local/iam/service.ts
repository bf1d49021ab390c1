import type { ServiceFactory } from '../kernel/cloud.ts';
import type { Authorizer } from './authorizer.ts';
import { inlinePolicyType, managedPolicyType } from './policy-types.ts';
import { RoleBook } from './role-book.ts';
import { roleOperations } from './role-operations.ts';
import { roleType } from './role-type.ts';

/** IAM: what templates declare decides, through the authorizer, every call of the cloud. */
export function iamService(authorizer: Authorizer): ServiceFactory {
  return (context) => {
    const book = new RoleBook(context.store, authorizer);
    return {
      name: 'iam',
      queryNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      accessDeniedCode: 'AccessDenied',
      operations: roleOperations(context, book),
      resourceTypes: [roleType(context, book), inlinePolicyType(book), managedPolicyType(context, book)],
    };
  };
}
