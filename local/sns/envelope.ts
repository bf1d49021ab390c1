import type { PublishedMessage } from './message.ts';
import type { Subscription } from './topics.ts';

interface Place {
  readonly endpoint: string;
  readonly subscription: Subscription;
}

/**
 * What a queue or a mailbox gets. There is no key to sign with: the signature says so.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
 */
export function notification(message: PublishedMessage, place: Place): string {
  const attributes = attributesOf(message);
  const { certificate, unsubscribe } = urls(place);
  return JSON.stringify({
    Type: 'Notification',
    MessageId: message.messageId,
    TopicArn: message.topicArn,
    ...(message.subject === null ? {} : { Subject: message.subject }),
    Message: message.message,
    Timestamp: message.timestamp,
    SignatureVersion: '1',
    Signature: UNSIGNED,
    SigningCertURL: certificate,
    UnsubscribeURL: unsubscribe,
    ...(Object.keys(attributes).length > 0 ? { MessageAttributes: attributes } : {}),
  });
}

/** What a function gets. https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
export function lambdaEvent(message: PublishedMessage, place: Place): string {
  const { certificate, unsubscribe } = urls(place);
  const Sns = {
    Type: 'Notification',
    MessageId: message.messageId,
    TopicArn: message.topicArn,
    Subject: message.subject,
    Message: message.message,
    Timestamp: message.timestamp,
    SignatureVersion: '1',
    Signature: UNSIGNED,
    SigningCertUrl: certificate,
    UnsubscribeUrl: unsubscribe,
    MessageAttributes: attributesOf(message),
  };
  const record = { EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: place.subscription.arn, Sns };
  return JSON.stringify({ Records: [record] });
}

const UNSIGNED = 'unsigned';

const urls = ({ endpoint, subscription }: Place) => ({
  certificate: `${endpoint}/no-certificate.pem`,
  unsubscribe: `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
});

function attributesOf({ attributes }: PublishedMessage): Record<string, { Type: string; Value: string | undefined }> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: StringValue ?? BinaryValue },
    ]),
  );
}
