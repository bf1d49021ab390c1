import type { ServiceFactory } from '../kernel/cloud.ts';
import { aliasesOf, findKey, keysOf } from './keys.ts';
import { aliasType, keyType } from './resource-types.ts';

/**
 * KMS as far as it decides who may use a key. Nothing is encrypted: services ask `keyAccess` for the permissions that using the
 * key would need.
 */
export const kmsService: ServiceFactory = (context) => ({
  name: 'kms',
  target: 'TrentService',
  jsonVersion: '1.1',
  operations: {
    DescribeKey: {
      access: ({ KeyId: id }) => {
        const { arn, policy } = findKey(context, String(id));
        return [{ action: 'kms:DescribeKey', resource: arn, policy }];
      },
      async handle({ KeyId: id }) {
        const key = findKey(context, String(id));
        const state = key.deletion === undefined ? (key.enabled ? 'Enabled' : 'Disabled') : 'PendingDeletion';
        return {
          KeyMetadata: {
            AWSAccountId: context.account,
            KeyId: key.id,
            Arn: key.arn,
            CreationDate: new Date(key.created),
            Enabled: state === 'Enabled',
            Description: key.description,
            KeyUsage: 'ENCRYPT_DECRYPT',
            KeySpec: 'SYMMETRIC_DEFAULT',
            KeyState: state,
            KeyManager: 'CUSTOMER',
            Origin: 'AWS_KMS',
            DeletionDate: key.deletion === undefined ? undefined : new Date(key.deletion),
          },
        };
      },
    },
    ListKeys: {
      access: () => [{ action: 'kms:ListKeys', resource: '*' }],
      handle: async () => ({
        Keys: [...keysOf(context).values()].map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })),
        Truncated: false,
      }),
    },
    ListAliases: {
      access: () => [{ action: 'kms:ListAliases', resource: '*' }],
      handle: async () => ({
        Aliases: [...aliasesOf(context).values()].map(({ name, keyId }) => ({
          AliasName: name,
          AliasArn: `arn:aws:kms:${context.region}:${context.account}:${name}`,
          TargetKeyId: keyId,
        })),
        Truncated: false,
      }),
    },
  },
  resourceTypes: [keyType(context), aliasType(context)],
});
