import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';

const SUPPORTED = new Set(['RoleArn', 'RoleSessionName', 'DurationSeconds']);

/** STS: who am I, and roles that trust the caller. */
export const stsService: ServiceFactory = (context) => ({
  name: 'sts',
  queryNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  accessDeniedCode: 'AccessDenied',
  operations: {
    /** Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html */
    GetCallerIdentity: {
      async handle(_input, { principal }) {
        if (principal.kind !== 'operator' && principal.kind !== 'role') {
          throw new AwsError('AccessDenied', 'Only a user or a role has an identity', { status: 403 });
        }
        const id = principal.arn.split('/').slice(1).join(':');
        return { UserId: id, Account: context.account, Arn: principal.arn };
      },
    },
    AssumeRole: {
      access: (input) => [{ action: 'sts:AssumeRole', resource: roleArn(input) }],
      async handle(input) {
        for (const name of Object.keys(input)) if (!SUPPORTED.has(name)) throw new Unsupported(`${name} of AssumeRole`);
        const session = String(input.RoleSessionName ?? '');
        if (!/^[\w+=,.@-]{2,64}$/.test(session)) {
          throw new AwsError('ValidationError', `The RoleSessionName ${JSON.stringify(session)} is not valid`);
        }
        const arn = roleArn(input);
        const { accessKeyId, secretAccessKey, sessionToken } = context.roleCredentials(arn, session);
        const principal = context.rolePrincipal(arn, session);
        return {
          Credentials: {
            AccessKeyId: accessKeyId,
            SecretAccessKey: secretAccessKey,
            SessionToken: sessionToken,
            Expiration: new Date(context.clock.now() + Number(input.DurationSeconds ?? 3600) * 1000),
          },
          AssumedRoleUser: {
            AssumedRoleId: `${accessKeyId}:${session}`,
            Arn: principal.kind === 'role' ? principal.arn : arn,
          },
        };
      },
    },
  },
});

function roleArn(input: Document): string {
  const arn = String(input.RoleArn ?? '');
  if (/^arn:aws:iam::\d{12}:role\/.+/.test(arn)) return arn;
  throw new AwsError('ValidationError', `${JSON.stringify(arn)} is invalid`);
}
