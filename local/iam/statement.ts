import { type ConditionContext, conditionsHold, variablesOf } from './condition.ts';
import { compile, matches, matchesArn, type Variables } from './pattern.ts';
import type { PolicyDocument, PolicyStatement, Principal } from './principal.ts';

/** What one statement is asked about. */
export interface Question {
  readonly principal: Principal;
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionContext;
}

/** How a statement speaks about a request: through which of its patterns. */
export interface Match {
  readonly statement: PolicyStatement;
  readonly index: number;
  readonly actionPattern?: string;
  readonly resourcePattern?: string;
  /**
   * A resource policy that names the whole account leaves the decision to the account's identity policies; one that names
   * the caller (or everybody) grants by itself.
   */
  readonly viaAccount: boolean;
}

/** The statements of a policy that speak about a request, in order. `resourceBased` policies name a principal. */
export function matchingStatements(
  policy: PolicyDocument,
  question: Question,
  options: { resourceBased: boolean; account: string },
): Match[] {
  const found: Match[] = [];
  for (const [index, statement] of statementsOf(policy).entries()) {
    const action = matchAction(statement, question.action);
    const resource = action && matchResource(statement, question);
    if (!action || !resource) continue;
    const who = options.resourceBased ? matchPrincipal(statement, question.principal, options.account) : 'caller';
    if (!who || !conditionsHold(statement.Condition, question.context)) continue;
    found.push({
      statement,
      index,
      viaAccount: who === 'account',
      ...(action.pattern ? { actionPattern: action.pattern } : {}),
      ...(resource.pattern ? { resourcePattern: resource.pattern } : {}),
    });
  }
  return found;
}

export function statementsOf(policy: PolicyDocument): readonly PolicyStatement[] {
  return Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement as PolicyStatement];
}

export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

interface Hit {
  readonly pattern?: string;
}

/** The names of actions have no case. */
function matchAction(statement: PolicyStatement, action: string): Hit | undefined {
  const lower = action.toLowerCase();
  const hit = (pattern: string) => matches(compile(pattern.toLowerCase()) ?? [], lower);
  if (statement.NotAction !== undefined) return listOf(statement.NotAction).some(hit) ? undefined : {};
  const pattern = listOf(statement.Action).find(hit);
  return pattern === undefined ? undefined : { pattern };
}

/** A trust policy has no resource: it is about the role that it hangs on. */
function matchResource(statement: PolicyStatement, { resource, context }: Question): Hit | undefined {
  const variables = variablesOf(context);
  if (statement.NotResource !== undefined) {
    return listOf(statement.NotResource).some((pattern) => matchesResource(pattern, resource, variables))
      ? undefined
      : {};
  }
  if (statement.Resource === undefined) return {};
  const pattern = listOf(statement.Resource).find((candidate) => matchesResource(candidate, resource, variables));
  return pattern === undefined ? undefined : { pattern };
}

function matchesResource(pattern: string, resource: string, variables: Variables): boolean {
  const compiled = compile(pattern, variables);
  if (!compiled) return false;
  return resource.startsWith('arn:') ? matchesArn(compiled, resource) : matches(compiled, resource);
}

function matchPrincipal(
  { Principal: wanted }: PolicyStatement,
  principal: Principal,
  account: string,
): 'caller' | 'account' | undefined {
  if (wanted === '*') return 'caller';
  if (wanted === undefined || principal.kind === 'cloud') return undefined;
  const named = listOf(wanted.AWS);
  if (principal.kind === 'service') {
    return named.includes('*') || listOf(wanted.Service).includes(principal.service) ? 'caller' : undefined;
  }
  const own = principal.kind === 'role' ? [principal.roleArn, principal.arn] : [principal.arn];
  if (named.includes('*') || own.some((arn) => named.includes(arn))) return 'caller';
  return named.includes(account) || named.includes(`arn:aws:iam::${account}:root`) ? 'account' : undefined;
}
