import { createHash } from 'node:crypto';
import { checkedPolicy, policyProblems } from '../iam/check-policy.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { aliasesOf, findKey, type KeyRecord, keysOf } from './keys.ts';

const DAY_MS = 86_400_000;
const DEFAULT_WINDOW_DAYS = 30;

/** `AWS::KMS::Key` */
export function keyType(context: CloudContext): ResourceType {
  const keys = keysOf(context);
  const put = (id: string, properties: Document, known?: KeyRecord) => {
    const { KeySpec: spec = 'SYMMETRIC_DEFAULT', KeyUsage: usage = 'ENCRYPT_DECRYPT' } = properties;
    if (spec !== 'SYMMETRIC_DEFAULT' || usage !== 'ENCRYPT_DECRYPT')
      throw new Unsupported(`KMS keys of the kind ${spec}`);
    const key: KeyRecord = {
      id,
      arn: `arn:aws:kms:${context.region}:${context.account}:key/${id}`,
      description: String(properties.Description ?? ''),
      policy: checkedPolicy(properties.KeyPolicy, 'resource'),
      enabled: properties.Enabled !== false,
      rotates: properties.EnableKeyRotation === true,
      created: known?.created ?? context.clock.now(),
    };
    keys.set(id, key);
    return { physicalId: id, attributes: { Arn: key.arn, KeyId: id } };
  };
  return {
    type: 'AWS::KMS::Key',
    properties: [
      'Description',
      'Enabled',
      'EnableKeyRotation',
      'KeyPolicy',
      'KeySpec',
      'KeyUsage',
      'PendingWindowInDays',
      'RotationPeriodInDays',
    ],
    ignored: { Tags: 'no key is found by its tags' },
    replacing: ['KeySpec', 'KeyUsage'],
    check: ({ KeyPolicy: policy }) => policyProblems(policy, 'resource'),
    create: async ({ properties, physicalName }) => put(uuidOf(physicalName()), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties, keys.get(physicalId)),
    async delete({ physicalId, properties }) {
      const key = keys.get(physicalId);
      const days = Number(properties.PendingWindowInDays ?? DEFAULT_WINDOW_DAYS);
      if (key) keys.set(physicalId, { ...key, deletion: context.clock.now() + days * DAY_MS });
    },
  };
}

/** `AWS::KMS::Alias` */
export function aliasType(context: CloudContext): ResourceType {
  const aliases = aliasesOf(context);
  const put = (name: string, target: unknown) => {
    aliases.set(name, { name, keyId: findKey(context, String(target)).id });
    return { physicalId: name, attributes: {} };
  };
  return {
    type: 'AWS::KMS::Alias',
    properties: ['AliasName', 'TargetKeyId'],
    replacing: ['AliasName'],
    async create({ properties: { AliasName: alias, TargetKeyId: target } }) {
      const name = String(alias);
      if (aliases.has(name))
        throw new AwsError('AlreadyExistsException', `An alias with the name ${name} already exists`);
      return put(name, target);
    },
    update: async ({ physicalId, properties }) => put(physicalId, properties.TargetKeyId),
    async delete({ physicalId }) {
      aliases.delete(physicalId);
    },
  };
}

function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
