import type { Clock } from '../kernel/clock.ts';
import { AccessDenied } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { type Decision, decide } from './decide.ts';
import type { AccessRequest, PolicyDocument, Principal } from './principal.ts';
import { requestContext } from './request-context.ts';
import { type AccessReport, type DeniedCall, PolicyUsage } from './usage.ts';

/** A role as the decision needs it. */
export interface RoleGrants {
  readonly roleArn: string;
  /** Who may assume it. */
  readonly trust: PolicyDocument;
  /** What it may do, by where each policy comes from (`<stack>/<logical id>`). */
  readonly policies: ReadonlyMap<string, PolicyDocument>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Decides every call of a cloud, and remembers which permissions were used. */
export interface Authorizer {
  readonly authorize: CloudContext['authorize'];
  setRole(role: RoleGrants): void;
  removeRole(roleArn: string): void;
  report(): AccessReport;
}

export interface AuthorizerOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** @default 000000000000 */
  readonly account?: string;
  /** @default us-east-1 */
  readonly region?: string;
}

interface KnownRole extends RoleGrants {
  readonly usage: ReadonlyMap<string, PolicyUsage>;
}

const trustInAll = (account: string): PolicyDocument => ({
  Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }],
});

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { account = '000000000000', region = 'us-east-1' } = options;
  const roles = new Map<string, KnownRole>();
  const denied = new Map<string, DeniedCall>();
  const undefinedRoles = new Set<string>();
  /** A role that nobody defined here has no policies to decide by: whoever named it is the operator, with all rights. */
  const isUndefined = (roleArn: string) => {
    if (roles.has(roleArn)) return false;
    undefinedRoles.add(roleArn);
    return true;
  };

  /** What stands in for the trust of an undefined role that a role assumes: the grants of the one that asks decide. */
  const trustOf = (roleArn: string, { kind }: Principal): PolicyDocument | undefined =>
    roles.get(roleArn)?.trust ?? (kind === 'role' ? trustInAll(account) : undefined);

  const check = (principal: Principal, request: AccessRequest, code: string | undefined) => {
    if (principal.kind === 'cloud') return;
    if (principal.kind === 'role' && isUndefined(principal.roleArn)) return;
    if (principal.kind === 'service' && request.action === 'sts:AssumeRole' && isUndefined(request.resource)) return;
    const role = principal.kind === 'role' ? roles.get(principal.roleArn) : undefined;
    const context = requestContext(principal, request, { account, region, now: options.clock.now(), tags: role?.tags });
    const policy =
      request.policy ?? (request.action === 'sts:AssumeRole' ? trustOf(request.resource, principal) : undefined);
    const question = { principal, action: request.action, resource: request.resource, context };
    const decision = decide(question, { account, identity: role?.usage ?? new Map(), resource: policy });
    count(decision);
    if (decision.allowed) return;
    const reason = `${decision.reason}`;
    remember(denied, { principal: nameOf(principal), action: request.action, resource: request.resource, reason });
    throw new AccessDenied(denial(principal, request, reason), { code });
  };

  return {
    authorize: (principal, requests, { code } = {}) => {
      for (const request of requests) check(principal, request, code);
    },
    setRole: (role) => {
      const before = roles.get(role.roleArn)?.usage;
      const usage = [...role.policies].map(([source, document]) => {
        const known = before?.get(source);
        const same = known && JSON.stringify(known.document) === JSON.stringify(document);
        return [source, same ? known : new PolicyUsage(document)] as const;
      });
      roles.set(role.roleArn, { ...role, usage: new Map(usage) });
    },
    removeRole: (roleArn) => {
      roles.delete(roleArn);
    },
    report: () => ({
      roles: [...roles.values()].map(({ roleArn, usage }) => ({
        roleArn,
        statements: [...usage].flatMap(([source, policy]) => policy.report(source)),
      })),
      denied: [...denied.values()],
      undefinedRoles: [...undefinedRoles],
    }),
  };
}

function count({ allowed, identity, granting }: Decision): void {
  const decisive = identity.filter(({ match }) => match.statement.Effect === (allowed ? 'Allow' : 'Deny'));
  for (const { usage, match } of decisive) usage.count(match, { needed: granting === 1 });
}

function remember(denied: Map<string, DeniedCall>, call: Omit<DeniedCall, 'times'>): void {
  const key = JSON.stringify(call);
  denied.set(key, { ...call, times: (denied.get(key)?.times ?? 0) + 1 });
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html */
function denial(principal: Principal, { action, resource }: AccessRequest, reason: string): string {
  return `${nameOf(principal)} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
}

function nameOf(principal: Principal): string {
  if (principal.kind === 'cloud') return 'The cloud itself';
  if (principal.kind === 'service') return `Service: ${principal.service} (for ${principal.sourceArn})`;
  return `User: ${principal.arn}`;
}
