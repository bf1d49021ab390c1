import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError } from '../kernel/errors.ts';
import type { Document, Operation } from '../kernel/service.ts';
import type { Authorizer } from './authorizer.ts';
import { inlinePolicyType, managedPolicyType } from './policy-types.ts';
import { RoleBook, type RoleRecord } from './role-book.ts';
import { roleType } from './role-type.ts';

/** IAM: what templates declare decides, through the authorizer, every call of the cloud. */
export function iamService(authorizer: Authorizer): ServiceFactory {
  return (context) => {
    const book = new RoleBook(context.store, authorizer);

    const find = (input: Document): RoleRecord => {
      const role = book.roles.get(String(input.RoleName));
      if (role) return role;
      throw new AwsError('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`, { status: 404 });
    };
    const read = (action: string, handle: (role: RoleRecord, input: Document) => Document): Operation => ({
      access: (input) => [{ action: `iam:${action}`, resource: find(input).arn }],
      handle: async (input) => handle(find(input), input),
    });

    return {
      name: 'iam',
      queryNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      accessDeniedCode: 'AccessDenied',
      operations: {
        GetRole: read('GetRole', (role) => ({ Role: description(role) })),
        ListRolePolicies: read('ListRolePolicies', (role) => ({
          PolicyNames: Object.keys(role.inline),
          IsTruncated: false,
        })),
        GetRolePolicy: read('GetRolePolicy', (role, { PolicyName: name }) => {
          const policy = role.inline[String(name)];
          if (policy) {
            return { RoleName: role.name, PolicyName: name, PolicyDocument: encoded(policy.document) };
          }
          const message = `The role policy with name ${name} cannot be found.`;
          throw new AwsError('NoSuchEntity', message, { status: 404 });
        }),
        ListAttachedRolePolicies: read('ListAttachedRolePolicies', (role) => ({
          AttachedPolicies: role.attached.map((arn) => ({ PolicyName: arn.split('/').at(-1), PolicyArn: arn })),
          IsTruncated: false,
        })),
      },
      resourceTypes: [roleType(context, book), inlinePolicyType(book), managedPolicyType(context, book)],
    };
  };
}

function description(role: RoleRecord): Document {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: role.arn,
    CreateDate: new Date(role.created),
    AssumeRolePolicyDocument: encoded(role.trust),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
    Tags: Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })),
  };
}

/** IAM gives policy documents URL-encoded. */
function encoded(document: unknown): string {
  return encodeURIComponent(JSON.stringify(document));
}
