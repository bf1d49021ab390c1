import type { Principal } from '../iam/principal.ts';
import type { Work } from '../kernel/clock.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { lambdaEvent, notification } from './envelope.ts';
import type { PublishedMessage } from './message.ts';
import { outboxOf } from './outbox.ts';
import type { Subscription } from './topics.ts';

/** One message on its way to one subscriber. */
export interface Notification {
  readonly message: PublishedMessage;
  readonly subscription: Subscription;
}

type Deliver = (context: CloudContext, notification: Notification, work: Work) => Promise<unknown>;

/** Where messages may go. Mail is not sent from a laptop: it goes into the outbox. */
const PROTOCOLS: Readonly<Record<string, Deliver>> = {
  sqs: (context, sent, work) => sendToQueue(context, sent, { queueArn: sent.subscription.endpoint, work }),
  lambda: (context, { message, subscription }, work) => {
    const Payload = lambdaEvent(message, { endpoint: context.endpoint(), subscription });
    const input = { FunctionName: subscription.endpoint, InvocationType: 'Event', Payload };
    return context.call(topicPrincipal(context, message), 'lambda', 'Invoke', input, work);
  },
  email: async (context, sent) => mail(context, sent, sent.message.message),
  'email-json': async (context, { message, subscription }) =>
    mail(context, { message, subscription }, notification(message, { endpoint: context.endpoint(), subscription })),
};

/** Refuses a protocol that nothing here would deliver. */
export function checkProtocol(protocol: string): string {
  if (!Object.hasOwn(PROTOCOLS, protocol)) throw new Unsupported(`SNS subscriptions of the protocol "${protocol}"`);
  return protocol;
}

export async function deliver(context: CloudContext, sent: Notification, work: Work): Promise<void> {
  await PROTOCOLS[sent.subscription.protocol]?.(context, sent, work);
}

/** Puts a message into a queue as the subscription wants it, for the subscriber itself or for its dead letters. */
export async function sendToQueue(
  context: CloudContext,
  { message, subscription }: Notification,
  { queueArn, work }: { queueArn: string; work: Work },
): Promise<void> {
  const [, , , , account, name] = queueArn.split(':');
  const body = subscription.rawMessageDelivery
    ? { MessageBody: message.message, MessageAttributes: message.attributes }
    : { MessageBody: notification(message, { endpoint: context.endpoint(), subscription }) };
  const input = { QueueUrl: `${context.endpoint()}/${account}/${name}`, ...body };
  await context.call(topicPrincipal(context, message), 'sqs', 'SendMessage', input, work);
}

/** SNS itself, acting for a topic. */
const topicPrincipal = ({ account }: CloudContext, { topicArn }: PublishedMessage): Principal => ({
  kind: 'service',
  service: 'sns.amazonaws.com',
  sourceArn: topicArn,
  sourceAccount: account,
});

function mail({ store }: CloudContext, { message, subscription }: Notification, text: string): void {
  const { timestamp, topicArn, messageId, subject } = message;
  outboxOf(store).put({
    at: timestamp,
    to: subscription.endpoint,
    subject: subject ?? 'AWS Notification Message',
    text,
    topicArn,
    messageId,
  });
}
