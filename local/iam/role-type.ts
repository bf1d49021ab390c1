import { createHash } from 'node:crypto';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { ResourceRequest, ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { checkedPolicy, policyProblems } from './check-policy.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import type { RoleBook, RoleRecord, SourcedPolicy } from './role-book.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters of all inline policies of a role. */
const INLINE_LIMIT = 10_240;
const ATTACHED_LIMIT = 10;

/** `AWS::IAM::Role` */
export function roleType(context: CloudContext, book: RoleBook): ResourceType {
  const record = (request: ResourceRequest, name: string, known?: RoleRecord): RoleRecord => {
    const { properties, stackName, logicalId } = request;
    const path = String(properties.Path ?? '/');
    const inline = { ...attachedFromOutside(known, `${stackName}/${logicalId}/`) };
    for (const policy of (properties.Policies ?? []) as Document[]) {
      const source = `${stackName}/${logicalId}/${policy.PolicyName}`;
      inline[String(policy.PolicyName)] = { source, document: checkedPolicy(policy.PolicyDocument, 'identity') };
    }
    const declared = ((properties.ManagedPolicyArns ?? []) as string[]).map((arn) => managed(arn, book));
    const role: RoleRecord = {
      name,
      path,
      arn: `arn:${context.partition}:iam::${context.account}:role${path}${name}`,
      id: known?.id ?? `AROL${digest(`${request.stackId}/${name}`)}`,
      ...(properties.Description ? { description: String(properties.Description) } : {}),
      created: known?.created ?? context.clock.now(),
      maxSessionSeconds: Number(properties.MaxSessionDuration ?? 3600),
      trust: checkedPolicy(properties.AssumeRolePolicyDocument, 'trust'),
      tags: tagsOf(properties.Tags),
      inline,
      attached: [...new Set([...declared, ...policiesThatName(name, book)])],
    };
    checkQuotas(role);
    return role;
  };
  const result = (role: RoleRecord) => ({ physicalId: role.name, attributes: { Arn: role.arn, RoleId: role.id } });

  return {
    type: 'AWS::IAM::Role',
    properties: [
      'AssumeRolePolicyDocument',
      'Description',
      'ManagedPolicyArns',
      'MaxSessionDuration',
      'Path',
      'Policies',
      'RoleName',
      'Tags',
    ],
    replacing: ['Path', 'RoleName'],
    check: ({ AssumeRolePolicyDocument: trust, Policies: policies }) => [
      ...policyProblems(trust, 'trust'),
      ...(Array.isArray(policies) ? policies : []).flatMap((policy: Document) =>
        policyProblems(policy?.PolicyDocument, 'identity'),
      ),
    ],
    async create(request) {
      const name = String(request.properties.RoleName ?? request.physicalName({ length: 64 }));
      if (book.roles.has(name)) {
        throw new AwsError('EntityAlreadyExists', `Role with name ${name} already exists.`, { status: 409 });
      }
      const role = record(request, name);
      book.put(role);
      return result(role);
    },
    async update(request) {
      const role = record(request, request.physicalId, book.roles.get(request.physicalId));
      book.put(role);
      return result(role);
    },
    async delete({ physicalId }) {
      book.remove(physicalId);
    },
  };
}

/** Fails as IAM does when a role holds more than it may. */
export function checkQuotas(role: RoleRecord): void {
  const size = Object.values(role.inline).reduce((sum, { document }) => sum + JSON.stringify(document).length, 0);
  if (size > INLINE_LIMIT) {
    const message = `Maximum policy size of ${INLINE_LIMIT} bytes exceeded for role ${role.name}`;
    throw new AwsError('LimitExceeded', message, { status: 409 });
  }
  if (role.attached.length > ATTACHED_LIMIT) {
    const message = `Cannot exceed quota for PoliciesPerRole: ${ATTACHED_LIMIT}`;
    throw new AwsError('LimitExceeded', message, { status: 409 });
  }
}

/** What `AWS::IAM::Policy` resources hung on the role is theirs to change. */
function attachedFromOutside(role: RoleRecord | undefined, ownPrefix: string): Record<string, SourcedPolicy> {
  return Object.fromEntries(
    Object.entries(role?.inline ?? {}).filter(([, { source }]) => !source.startsWith(ownPrefix)),
  );
}

/** Managed policies that list the role themselves. */
function policiesThatName(role: string, book: RoleBook): string[] {
  return [...book.policies.values()].filter(({ roles }) => roles.includes(role)).map(({ arn }) => arn);
}

function managed(arn: string, book: RoleBook): string {
  if (!book.policies.has(arn) && !Object.hasOwn(AWS_MANAGED_POLICIES, arn)) {
    throw new Unsupported(`the managed policy ${arn}`, { hint: 'Write its statements into the role.' });
  }
  return arn;
}

export function tagsOf(tags: unknown): Record<string, string> {
  return Object.fromEntries(((tags ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 17).toUpperCase();
}
