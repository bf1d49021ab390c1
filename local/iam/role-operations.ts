import { randomBytes } from 'node:crypto';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext, Document, Operation } from '../kernel/service.ts';
import { checkedPolicy } from './check-policy.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import type { RoleBook, RoleRecord } from './role-book.ts';

/** Reading and writing roles over the API, beside what templates declare. */
export function roleOperations(context: CloudContext, book: RoleBook): Record<string, Operation> {
  const find = (input: Document): RoleRecord => {
    const role = book.roles.get(String(input.RoleName));
    if (role) return role;
    throw new AwsError('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`, { status: 404 });
  };
  const onRole = (action: string, handle: (role: RoleRecord, input: Document) => Document): Operation => ({
    access: (input) => [{ action: `iam:${action}`, resource: find(input).arn }],
    handle: async (input) => handle(find(input), input),
  });
  const change = (action: string, changed: (role: RoleRecord, input: Document) => Partial<RoleRecord>): Operation =>
    onRole(action, (role, input) => {
      book.change(role.name, () => changed(role, input));
      return {};
    });
  const arnOf = (name: string, path: string) => `arn:${context.partition}:iam::${context.account}:role${path}${name}`;

  return {
    CreateRole: {
      access: (input) => [
        { action: 'iam:CreateRole', resource: arnOf(String(input.RoleName), String(input.Path ?? '/')) },
      ],
      handle: async (input) => {
        const name = String(input.RoleName);
        const path = String(input.Path ?? '/');
        if (book.roles.has(name)) {
          throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, { status: 409 });
        }
        const role: RoleRecord = {
          name,
          path,
          arn: arnOf(name, path),
          id: `AROL${randomBytes(8).toString('hex').toUpperCase()}`,
          ...(input.Description ? { description: String(input.Description) } : {}),
          created: context.clock.now(),
          maxSessionSeconds: Number(input.MaxSessionDuration ?? 3600),
          trust: checkedPolicy(policyOf(input.AssumeRolePolicyDocument), 'trust'),
          tags: {},
          inline: {},
          attached: [],
        };
        book.put(role);
        return { Role: description(role) };
      },
    },
    DeleteRole: onRole('DeleteRole', (role) => {
      if (Object.keys(role.inline).length + role.attached.length > 0) {
        const message = 'Cannot delete entity, must delete policies first.';
        throw new AwsError('DeleteConflict', message, { status: 409 });
      }
      book.remove(role.name);
      return {};
    }),
    PutRolePolicy: change('PutRolePolicy', (role, { PolicyName, PolicyDocument }) => ({
      inline: {
        ...role.inline,
        [String(PolicyName)]: {
          source: `${role.name}/${PolicyName}`,
          document: checkedPolicy(policyOf(PolicyDocument), 'identity'),
        },
      },
    })),
    DeleteRolePolicy: change('DeleteRolePolicy', (role, { PolicyName }) => {
      const { [String(PolicyName)]: removed, ...inline } = role.inline;
      if (!removed) throw noPolicy(PolicyName);
      return { inline };
    }),
    AttachRolePolicy: change('AttachRolePolicy', (role, { PolicyArn }) => {
      const arn = String(PolicyArn);
      if (!AWS_MANAGED_POLICIES[arn] && !book.policies.has(arn)) {
        const message = `Policy ${arn} does not exist or is not attachable; of AWS's own, the local cloud knows ${Object.keys(AWS_MANAGED_POLICIES).join(', ')}.`;
        throw new AwsError('NoSuchEntity', message, { status: 404 });
      }
      return { attached: [...new Set([...role.attached, arn])] };
    }),
    DetachRolePolicy: change('DetachRolePolicy', (role, { PolicyArn }) => ({
      attached: role.attached.filter((arn) => arn !== PolicyArn),
    })),
    GetRole: onRole('GetRole', (role) => ({ Role: description(role) })),
    ListRoles: {
      access: ({ PathPrefix: prefix = '/' }) => [{ action: 'iam:ListRoles', resource: arnOf('', String(prefix)) }],
      handle: async ({ PathPrefix: prefix = '/' }) => ({
        Roles: [...book.roles.values()].filter(({ path }) => path.startsWith(String(prefix))).map(description),
        IsTruncated: false,
      }),
    },
    ListRolePolicies: onRole('ListRolePolicies', (role) => ({
      PolicyNames: Object.keys(role.inline),
      IsTruncated: false,
    })),
    GetRolePolicy: onRole('GetRolePolicy', (role, { PolicyName: name }) => {
      const policy = role.inline[String(name)];
      if (!policy) throw noPolicy(name);
      return { RoleName: role.name, PolicyName: name, PolicyDocument: encoded(policy.document) };
    }),
    ListAttachedRolePolicies: onRole('ListAttachedRolePolicies', (role) => ({
      AttachedPolicies: role.attached.map((arn) => ({ PolicyName: arn.split('/').at(-1), PolicyArn: arn })),
      IsTruncated: false,
    })),
  };
}

const noPolicy = (name: unknown) =>
  new AwsError('NoSuchEntity', `The role policy with name ${name} cannot be found.`, { status: 404 });

function policyOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'This policy contains invalid Json');
  }
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
const encoded = (document: unknown) => encodeURIComponent(JSON.stringify(document));
