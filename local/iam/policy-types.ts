import { AwsError } from '../kernel/errors.ts';
import type { ResourceRequest, ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { checkedPolicy, policyProblems } from './check-policy.ts';
import type { RoleBook } from './role-book.ts';
import { checkQuotas } from './role-type.ts';

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: characters of a managed policy. */
const MANAGED_LIMIT = 6_144;

/** `AWS::IAM::Policy`: an inline policy that is written apart from the roles it hangs on. */
export function inlinePolicyType(book: RoleBook): ResourceType {
  const put = ({ stackName, logicalId, properties }: ResourceRequest) => {
    const name = String(properties.PolicyName);
    const policy = {
      source: `${stackName}/${logicalId}`,
      document: checkedPolicy(properties.PolicyDocument, 'identity'),
    };
    for (const role of rolesIn(properties)) {
      const known = requireRole(book, role);
      checkQuotas({ ...known, inline: { ...known.inline, [name]: policy } });
      book.change(role, ({ inline }) => ({ inline: { ...inline, [name]: policy } }));
    }
    return { physicalId: name, attributes: { Id: name } };
  };
  const drop = (properties: Document, keep: readonly string[] = []) => {
    const name = String(properties.PolicyName);
    for (const role of rolesIn(properties)) {
      if (keep.includes(role)) continue;
      book.change(role, ({ inline: { [name]: _, ...inline } }) => ({ inline }));
    }
  };
  return {
    type: 'AWS::IAM::Policy',
    properties: ['PolicyDocument', 'PolicyName', 'Roles'],
    replacing: ['PolicyName'],
    check: ({ PolicyDocument: document }) => policyProblems(document, 'identity'),
    create: async (request) => put(request),
    update: async (request) => {
      drop(request.previous, rolesIn(request.properties));
      return put(request);
    },
    delete: async ({ properties }) => drop(properties),
  };
}

/** `AWS::IAM::ManagedPolicy` */
export function managedPolicyType(context: CloudContext, book: RoleBook): ResourceType {
  const put = (request: ResourceRequest, name: string) => {
    const { properties, stackName, logicalId } = request;
    const path = String(properties.Path ?? '/');
    const arn = `arn:${context.partition}:iam::${context.account}:policy${path}${name}`;
    const document = checkedPolicy(properties.PolicyDocument, 'identity');
    if (JSON.stringify(document).length > MANAGED_LIMIT) {
      throw new AwsError('LimitExceeded', `Cannot exceed quota for PolicySize: ${MANAGED_LIMIT}`, { status: 409 });
    }
    const roles = rolesIn(properties);
    for (const role of roles) requireRole(book, role);
    const description = properties.Description ? { description: String(properties.Description) } : {};
    book.putPolicy({ name, arn, path, document, roles, source: `${stackName}/${logicalId}`, ...description });
    for (const role of roles) attach(book, role, arn);
    return { physicalId: arn, attributes: { PolicyArn: arn, IsAttachable: true, DefaultVersionId: 'v1' } };
  };
  const detach = (arn: string, properties: Document, keep: readonly string[] = []) => {
    for (const role of rolesIn(properties)) {
      if (keep.includes(role)) continue;
      book.change(role, ({ attached }) => ({ attached: attached.filter((other) => other !== arn) }));
    }
  };
  return {
    type: 'AWS::IAM::ManagedPolicy',
    properties: ['Description', 'ManagedPolicyName', 'Path', 'PolicyDocument', 'Roles'],
    replacing: ['Description', 'ManagedPolicyName', 'Path'],
    check: ({ PolicyDocument: document }) => policyProblems(document, 'identity'),
    async create(request) {
      const name = String(request.properties.ManagedPolicyName ?? request.physicalName({ length: 128 }));
      return put(request, name);
    },
    async update(request) {
      detach(request.physicalId, request.previous, rolesIn(request.properties));
      return put(request, book.policies.get(request.physicalId)?.name ?? '');
    },
    async delete({ physicalId, properties }) {
      detach(physicalId, properties);
      book.policies.delete(physicalId);
    },
  };
}

function attach(book: RoleBook, role: string, arn: string): void {
  book.change(role, ({ attached }) => {
    const next = [...new Set([...attached, arn])];
    checkQuotas({ ...requireRole(book, role), attached: next });
    return { attached: next };
  });
}

function rolesIn(properties: Document): string[] {
  return (properties.Roles ?? []) as string[];
}

function requireRole(book: RoleBook, name: string) {
  const role = book.roles.get(name);
  if (role) return role;
  throw new AwsError('NoSuchEntity', `The role with name ${name} cannot be found.`, { status: 404 });
}
