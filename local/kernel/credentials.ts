import { randomBytes } from 'node:crypto';
import type { Principal } from '../iam/principal.ts';
import { AwsError } from './errors.ts';
import type { RoleCredentials } from './service.ts';

/** Whom a signed request comes from and for which service it was signed. Signatures themselves are not checked. */
export interface Signature {
  readonly accessKeyId: string;
  readonly service: string;
}

/**
 * Access keys as AWS issues them. The local cloud refuses them: whoever sends one believes to talk to a real account, and
 * nothing that a real key protects belongs here.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
 */
const REAL_KEY = /^A(KIA|SIA|ROA|IDA|BIA|CCA|GPA|IPA|NPA|NVA|PKA|SCA)[A-Z2-7]{12,}/;

/**
 * Reads the credential scope of a Signature Version 4 request, from the header or from a presigned query. S3 URLs that version
 * 1 of the `aws` command presigns still carry Signature Version 2.
 */
export function readSignature(
  headers: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Signature | undefined {
  const credential =
    /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? query.get('X-Amz-Credential') ?? undefined;
  const olderKey = query.get('AWSAccessKeyId');
  if (!credential && olderKey) return { accessKeyId: olderKey, service: 's3' };
  if (!credential) return undefined;
  const parts = decodeURIComponent(credential).split('/');
  const [accessKeyId = '', service = ''] = [parts[0], parts.at(-2)];
  return { accessKeyId, service };
}

/** Keeps which access key stands for which role's session. */
export class CredentialBook {
  readonly #account: string;
  readonly #sessions = new Map<string, Principal>();
  readonly #issued = new Map<string, RoleCredentials>();

  constructor(account: string) {
    this.#account = account;
  }

  /** One set of credentials a role session; asking again gives the same. */
  issue(roleArn: string, sessionName: string): RoleCredentials {
    const session = `${roleArn}/${sessionName}`;
    const known = this.#issued.get(session);
    if (known) return known;
    const credentials = {
      accessKeyId: `LOCAL${randomBytes(10).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(20).toString('hex'),
      sessionToken: randomBytes(24).toString('base64url'),
    };
    this.#issued.set(session, credentials);
    this.#sessions.set(credentials.accessKeyId, rolePrincipal(roleArn, sessionName));
    return credentials;
  }

  /** The principal behind an access key; refuses keys that look like real ones. */
  principal(accessKeyId: string): Principal {
    if (REAL_KEY.test(accessKeyId)) {
      throw new AwsError(
        'InvalidClientTokenId',
        `The access key ${accessKeyId.slice(0, 4)}… looks like one of a real AWS account. The local cloud refuses real credentials: set AWS_ACCESS_KEY_ID=test and AWS_SECRET_ACCESS_KEY=test.`,
        { status: 403 },
      );
    }
    return (
      this.#sessions.get(accessKeyId) ?? { kind: 'operator', arn: `arn:aws:iam::${this.#account}:user/${accessKeyId}` }
    );
  }
}

/** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
export function rolePrincipal(roleArn: string, sessionName: string): Principal {
  const [, , , , account = '', path = ''] = roleArn.split(':');
  const name = path.split('/').at(-1) ?? path;
  return { kind: 'role', roleArn, arn: `arn:aws:sts::${account}:assumed-role/${name}/${sessionName}` };
}
