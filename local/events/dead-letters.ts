import type { Attempt } from '../kernel/attempts.ts';
import type { Work } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Delivery, RetryCondition } from './delivery.ts';
import { busPrincipal, queueUrl } from './targets.ts';

export interface Undelivered {
  readonly queueArn: string;
  readonly code: string;
  readonly message: string;
  /** What ended the retries; nothing where there were none. */
  readonly condition: RetryCondition | undefined;
  readonly work: Work;
}

/** Puts an event into its target's queue, with the attributes that EventBridge documents. */
export async function toDeadLetters(
  context: CloudContext,
  { item, retries }: Attempt<Delivery>,
  { queueArn, code, message, condition, work }: Undelivered,
): Promise<void> {
  const attributes = {
    RULE_ARN: item.ruleArn,
    TARGET_ARN: item.target.Arn,
    ERROR_CODE: code,
    ERROR_MESSAGE: message.slice(0, 1_000) || code,
    ...(condition ? { EXHAUSTED_RETRY_CONDITION: condition } : {}),
    RETRY_ATTEMPTS: String(retries),
  };
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  const input = { QueueUrl: queueUrl(context, queueArn), MessageBody: item.input, MessageAttributes };
  await context.call(busPrincipal(context, item.ruleArn), 'sqs', 'SendMessage', input, work);
}
