import type { ConditionContext } from './condition.ts';
import type { AccessRequest, Principal } from './principal.ts';

export interface RequestSurroundings {
  readonly account: string;
  readonly region: string;
  /** The cloud's time, ms since the epoch. */
  readonly now: number;
  /** Of the role that calls. */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * The values of the condition keys for one request: the global ones, who calls, and what the service adds. The loopback counts
 * as a secure transport: nothing leaves the machine, and a policy that insists on TLS must not refuse everything.
 */
export function requestContext(
  principal: Principal,
  request: AccessRequest,
  surroundings: RequestSurroundings,
): ConditionContext {
  const context = new Map<string, readonly string[]>();
  const add = (values: Readonly<Record<string, string | readonly string[] | undefined>>) => {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) continue;
      context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
    }
  };
  const { account, region, now, tags = {} } = surroundings;
  add({
    'aws:CurrentTime': new Date(now).toISOString(),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:RequestedRegion': region,
    'aws:ResourceAccount': account,
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': String(principal.kind === 'service'),
    's3:ResourceAccount': account,
    's3:TlsVersion': '1.3',
  });
  add(callerKeys(principal, account));
  for (const [name, value] of Object.entries(tags)) add({ [`aws:PrincipalTag/${name}`]: value });
  add(request.context ?? {});
  return context;
}

function callerKeys(principal: Principal, account: string): Record<string, string> {
  if (principal.kind === 'service') {
    return {
      'aws:PrincipalServiceName': principal.service,
      'aws:SourceArn': principal.sourceArn,
      'aws:SourceAccount': principal.sourceAccount,
    };
  }
  if (principal.kind === 'cloud') return {};
  const caller = { 'aws:PrincipalAccount': account, 'kms:CallerAccount': account };
  if (principal.kind === 'role') {
    return { ...caller, 'aws:PrincipalArn': principal.roleArn, 'aws:PrincipalType': 'AssumedRole' };
  }
  const name = principal.arn.split('/').at(-1) ?? '';
  return { ...caller, 'aws:PrincipalArn': principal.arn, 'aws:PrincipalType': 'User', 'aws:username': name };
}
