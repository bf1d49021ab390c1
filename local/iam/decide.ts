import type { PolicyDocument } from './principal.ts';
import { type Match, matchingStatements, type Question } from './statement.ts';
import type { PolicyUsage } from './usage.ts';

/** The answer to one request, with the statements that gave it. */
export interface Decision {
  readonly allowed: boolean;
  /** How AWS words the refusal, from "because" or "with" on. */
  readonly reason: string;
  /** The caller's own statements that speak about the request. */
  readonly identity: readonly { readonly usage: PolicyUsage; readonly match: Match }[];
  /** How many statements, taken alone, would have led to the same answer. */
  readonly granting: number;
}

export interface Policies {
  readonly account: string;
  readonly identity: ReadonlyMap<string, PolicyUsage>;
  readonly resource?: PolicyDocument;
}

/**
 * Evaluates a request within one account: an explicit Deny anywhere wins; else an identity policy, or a resource policy that
 * names the caller, must allow. For keys and for roles the resource's own policy must take part.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function decide(question: Question, policies: Policies): Decision {
  const { account } = policies;
  const { action, principal, resource: arn } = question;
  const identity = [...policies.identity.values()].flatMap((usage) =>
    matchingStatements(usage.document, question, { resourceBased: false, account }).map((match) => ({ usage, match })),
  );
  const resource = policies.resource
    ? matchingStatements(policies.resource, question, { resourceBased: true, account })
    : [];

  const denies = [...identity.map(({ match }) => match), ...resource].filter(
    (match) => match.statement.Effect === 'Deny',
  );
  if (denies.length > 0) {
    const kind = identity.some(({ match }) => match.statement.Effect === 'Deny') ? 'an identity' : 'a resource';
    const reason = `with an explicit deny in ${kind}-based policy`;
    return { allowed: false, reason, identity, granting: denies.length };
  }

  const own = identity.length + (principal.kind === 'operator' ? 1 : 0);
  const direct = resource.filter((match) => !match.viaAccount).length;
  const delegated = resource.length > direct;
  const resourceMustAllow = ownPolicyDecides(action, arn);
  const byIdentity = own > 0 && (!resourceMustAllow || delegated);
  const allowed = direct > 0 || byIdentity;
  const missing = principal.kind === 'service' || (resourceMustAllow && !delegated) ? 'resource' : 'identity';
  return {
    allowed,
    reason: `because no ${missing}-based policy allows the ${action} action`,
    identity,
    granting: direct + (byIdentity ? own : 0),
  };
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html; what is not about one key is not a key policy's. */
function ownPolicyDecides(action: string, resource: string): boolean {
  return (action.startsWith('kms:') && resource.startsWith('arn:')) || action === 'sts:AssumeRole';
}
