import type { AccessRequest, PolicyDocument, Principal } from '../iam/principal.ts';
import { AwsError } from '../kernel/errors.ts';
import type { Call, CloudContext, Document } from '../kernel/service.ts';
import { requireKey } from '../kms/keys.ts';
import { snsError } from './errors.ts';
import type { Topic, TopicBook } from './topics.ts';

/** What a request on a topic needs; `parameter` is where it names the topic. */
export const onTopic =
  (book: TopicBook, action: string, parameter = 'TopicArn') =>
  (input: Document, { principal }: Pick<Call, 'principal'>): AccessRequest[] => {
    const arn = String(input[parameter] ?? input.TargetArn);
    const topic = book.topics.get(arn);
    const policy = topic && policyOf(topic, book.context.account);
    return [{ action: `sns:${action}`, resource: arn, policy, context: contextOf(input, principal) }];
  };

export const onAccount = (book: TopicBook, action: string) => () => [
  { action: `sns:${action}`, resource: book.arnOf('*') },
];

/** A topic's own policy, or the one that SNS gives a new topic. https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html */
export function policyOf({ arn, policy }: Topic, account: string): PolicyDocument {
  return policy ?? defaultPolicy(arn, account);
}

function defaultPolicy(arn: string, account: string): PolicyDocument {
  const actions = ['GetTopicAttributes', 'SetTopicAttributes', 'AddPermission', 'RemovePermission', 'DeleteTopic'];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [...actions, 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((action) => `sns:${action}`),
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      },
    ],
  };
}

/**
 * Services that publish with `aws:SourceOwner`, which is what the default policy lets in. EventBridge is none of them.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#source-account-versus-source-owner
 */
const SOURCE_OWNERS: readonly string[] = ['cloudwatch.amazonaws.com'];

function contextOf({ Protocol, Endpoint }: Document, principal: Principal): AccessRequest['context'] {
  return {
    ...(Protocol === undefined ? {} : { 'sns:Protocol': String(Protocol) }),
    ...(Endpoint === undefined ? {} : { 'sns:Endpoint': String(Endpoint) }),
    ...(principal.kind === 'service' && SOURCE_OWNERS.includes(principal.service)
      ? { 'aws:SourceOwner': principal.sourceAccount }
      : {}),
  };
}

/** How SNS words what KMS refuses. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors */
const KMS_CODES: Readonly<Record<string, string>> = {
  NotFoundException: 'KMSNotFound',
  DisabledException: 'KMSDisabled',
  KMSInvalidStateException: 'KMSInvalidState',
  KMSAccessDenied: 'KMSAccessDenied',
};

/**
 * Who publishes to an encrypted topic must be allowed the use of its key. The policy of AWS's own key names no service: alarms
 * and events cannot publish with it.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#sns-what-permissions-for-sse
 */
export function requirePublisherKey(context: CloudContext, principal: Principal, { arn, kmsKeyId: key }: Topic): void {
  if (key === '') return;
  if (/(^|:)alias\/aws\//.test(key) && principal.kind === 'service') {
    throw snsError.kms('KMSAccessDenied', `${principal.service} may not use ${key}: its policy names no service`);
  }
  const use = { key, via: 'sns', actions: ['kms:GenerateDataKey', 'kms:Decrypt'], code: 'KMSAccessDenied' };
  try {
    requireKey(context, principal, { ...use, encryptionContext: { 'aws:sns:topicArn': arn } });
  } catch (error) {
    const code = error instanceof AwsError ? KMS_CODES[error.code] : undefined;
    if (code === undefined) throw error;
    throw snsError.kms(code, (error as Error).message);
  }
}
