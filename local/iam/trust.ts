import type { CloudContext } from '../kernel/service.ts';

/** Throws AccessDenied unless a role's trust policy lets a service assume it for one of the service's resources. */
export function requireTrust(
  context: CloudContext,
  roleArn: string,
  { service, sourceArn }: { service: string; sourceArn: string },
): void {
  const principal = { kind: 'service', service, sourceArn, sourceAccount: context.account } as const;
  context.authorize(principal, [{ action: 'sts:AssumeRole', resource: roleArn }]);
}
