import type { AccessRequest, PolicyDocument, Principal } from '../iam/principal.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface KeyRecord {
  readonly id: string;
  readonly arn: string;
  readonly description: string;
  readonly policy: PolicyDocument;
  readonly enabled: boolean;
  readonly rotates: boolean;
  /** ms since the epoch */
  readonly created: number;
  /** When it is to be deleted; until then it cannot be used. */
  readonly deletion?: number;
}

export interface AliasRecord {
  /** `alias/…` */
  readonly name: string;
  readonly keyId: string;
}

export interface KeyUse {
  /** The service that uses the key for its caller, e.g. `s3`. */
  readonly via: string;
  /** e.g. `['kms:GenerateDataKey', 'kms:Decrypt']` */
  readonly actions: readonly string[];
  readonly encryptionContext?: Readonly<Record<string, string>>;
}

/**
 * The permissions that a call to a service with an encrypted resource needs besides its own. `key` is an id, an ARN or an alias;
 * for AWS's own keys (`alias/aws/…`) nobody needs anything. Throws for a key that does not exist or cannot be used.
 */
export function keyAccess(context: CloudContext, key: string, use: KeyUse): AccessRequest[] {
  if (/(^|:)alias\/aws\//.test(key)) return [];
  const record = requireUsable(context, key);
  const keys: Record<string, string | readonly string[]> = {
    'kms:ViaService': `${use.via}.${context.region}.amazonaws.com`,
    'kms:EncryptionContextKeys': Object.keys(use.encryptionContext ?? {}),
  };
  for (const [name, value] of Object.entries(use.encryptionContext ?? {}))
    keys[`kms:EncryptionContext:${name}`] = value;
  return use.actions.map((action) => ({ action, resource: record.arn, policy: record.policy, context: keys }));
}

/** Throws unless a principal may use a key as a service would use it for them. */
export function requireKey(
  context: CloudContext,
  principal: Principal,
  use: KeyUse & { key: string; code?: string },
): void {
  context.authorize(principal, keyAccess(context, use.key, use), { code: use.code });
}

export function keysOf(context: CloudContext): Collection<KeyRecord> {
  return context.store.collection('kms.keys');
}

export function aliasesOf(context: CloudContext): Collection<AliasRecord> {
  return context.store.collection('kms.aliases');
}

/** A key by its id, ARN, alias or alias ARN. */
export function findKey(context: CloudContext, key: string): KeyRecord {
  const name = key.startsWith('arn:') ? key.slice(key.lastIndexOf(':') + 1).replace(/^key\//, '') : key;
  const id = name.startsWith('alias/') ? aliasesOf(context).get(name)?.keyId : name;
  const record = id === undefined ? undefined : keysOf(context).get(id);
  if (record) return record;
  const what = name.startsWith('alias/') ? 'Alias' : 'Key';
  const arn = key.startsWith('arn:')
    ? key
    : `arn:aws:kms:${context.region}:${context.account}:${what === 'Key' ? `key/${name}` : name}`;
  throw new AwsError('NotFoundException', `${what} ${arn} is not found.`);
}

function requireUsable(context: CloudContext, key: string): KeyRecord {
  const record = findKey(context, key);
  if (record.deletion !== undefined) {
    throw new AwsError('KMSInvalidStateException', `${record.arn} is pending deletion.`);
  }
  if (!record.enabled) throw new AwsError('DisabledException', `${record.arn} is disabled.`);
  return record;
}
