import type { Principal } from '../iam/principal.ts';
import type { Work } from '../kernel/clock.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { passesFilter } from './filter.ts';
import type { PublishedMessage, Subscription, TopicBook } from './topics.ts';

type Deliver = (context: CloudContext, message: PublishedMessage, to: Subscription, work: Work) => Promise<unknown>;

/** Where messages may go. Mail is not sent from a laptop: it is told in the log, and stands in the topic's outbox. */
const PROTOCOLS: Record<string, Deliver> = {
  sqs: (context, message, { endpoint, rawMessageDelivery }, work) => {
    const body = rawMessageDelivery
      ? { MessageBody: message.message, MessageAttributes: message.attributes }
      : { MessageBody: envelope(message) };
    return context.call(
      topicPrincipal(context, message.topicArn),
      'sqs',
      'SendMessage',
      { QueueUrl: queueUrl(context, endpoint), ...body },
      work,
    );
  },
  lambda: (context, message, { arn, endpoint }, work) => {
    const record = {
      EventSource: 'aws:sns',
      EventVersion: '1.0',
      EventSubscriptionArn: arn,
      Sns: JSON.parse(envelope(message)) as unknown,
    };
    return context.call(
      topicPrincipal(context, message.topicArn),
      'lambda',
      'Invoke',
      { FunctionName: endpoint, InvocationType: 'Event', Payload: JSON.stringify({ Records: [record] }) },
      work,
    );
  },
  email: async (context, message, { endpoint }) =>
    context.log(`mail for ${endpoint}: ${message.subject ?? message.message.slice(0, 80)}`),
  'email-json': async (context, message, { endpoint }) => context.log(`mail for ${endpoint}: ${message.subject ?? ''}`),
};

/** Refuses a protocol that nothing here would deliver. */
export function checkProtocol(protocol: string): string {
  if (!PROTOCOLS[protocol]) throw new Unsupported(`SNS subscriptions of the protocol "${protocol}"`);
  return protocol;
}

/** Brings a message to every subscriber whose filter it passes; a failure of one is none of the others. */
export function fanOut(context: CloudContext, book: TopicBook, message: PublishedMessage): void {
  for (const subscription of book.subscribers(message.topicArn)) {
    if (!passesFilter(subscription.filterPolicy, message.attributes)) continue;
    context.emit(`message to ${subscription.endpoint}`, async (work) => {
      try {
        await PROTOCOLS[subscription.protocol]?.(context, message, subscription, work);
      } catch (error) {
        await undelivered(context, message, subscription, error as Error, work);
      }
    });
  }
}

async function undelivered(
  context: CloudContext,
  message: PublishedMessage,
  to: Subscription,
  error: Error,
  work: Work,
): Promise<void> {
  context.log(`A message of ${message.topicArn} did not reach ${to.endpoint}: ${error.message}`);
  if (to.deadLetterArn === null) return;
  const input = { QueueUrl: queueUrl(context, to.deadLetterArn), MessageBody: envelope(message) };
  await context.call(topicPrincipal(context, message.topicArn), 'sqs', 'SendMessage', input, work);
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, without a signature: there is no key to sign with. */
function envelope({ messageId, topicArn, subject, message, timestamp, attributes }: PublishedMessage): string {
  const entries = Object.entries(attributes).map(([name, { DataType, StringValue }]) => [
    name,
    { Type: DataType, Value: StringValue },
  ]);
  return JSON.stringify({
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: topicArn,
    ...(subject === null ? {} : { Subject: subject }),
    Message: message,
    Timestamp: timestamp,
    ...(entries.length > 0 ? { MessageAttributes: Object.fromEntries(entries) as unknown } : {}),
  });
}

const topicPrincipal = ({ account }: CloudContext, topicArn: string): Principal => ({
  kind: 'service',
  service: 'sns.amazonaws.com',
  sourceArn: topicArn,
  sourceAccount: account,
});

const queueUrl = (context: CloudContext, arn: string) => {
  const [, , , , account, name] = arn.split(':');
  return `${context.endpoint()}/${account}/${name}`;
};
