import type { Principal } from '../iam/principal.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { requireKey } from '../kms/keys.ts';

/** What CloudWatch Logs does with the key of an encrypted group. */
const ACTIONS = ['Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'];

/**
 * Throws unless the policy of a key lets CloudWatch Logs use it for a log group.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
export function requireGroupKey(context: CloudContext, groupArn: string, key: string): void {
  const service = `logs.${context.region}.amazonaws.com`;
  const principal: Principal = { kind: 'service', service, sourceArn: groupArn, sourceAccount: context.account };
  const use = { key, via: 'logs', actions: ACTIONS.map((action) => `kms:${action}`) };
  try {
    requireKey(context, principal, { ...use, encryptionContext: { 'aws:logs:arn': groupArn } });
  } catch (cause) {
    throw new AwsError(
      'InvalidParameterException',
      `The specified KMS key does not exist or is not allowed to be used with Arn '${groupArn}': ${(cause as Error).message}`,
    );
  }
}
