import { randomUUID } from 'node:crypto';
import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { snsError } from './errors.ts';

/** One message as its topic accepted it. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly timestamp: string;
}

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** base64 */
  readonly BinaryValue?: string;
}

const LONGEST_MESSAGE = 256 * 1024;
const LONGEST_SUBJECT = 100;

/** Checks what a caller publishes. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export function messageOf(input: Document, topicArn: string, now: number): PublishedMessage {
  for (const name of ['MessageStructure', 'PhoneNumber', 'MessageGroupId', 'MessageDeduplicationId']) {
    if (input[name] !== undefined) throw new Unsupported(`the parameter ${name} of sns:Publish`);
  }
  const message = String(input.Message ?? '');
  if (message === '') throw snsError.invalid('Empty message');
  const attributes = attributesOf(input.MessageAttributes);
  if (Buffer.byteLength(message) + sizeOf(attributes) > LONGEST_MESSAGE) throw snsError.invalid('Message too long');
  const subject = input.Subject === undefined ? null : String(input.Subject);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what SNS refuses
  if (subject !== null && (/[\x00-\x1f\x7f]|^$/.test(subject) || subject.length > LONGEST_SUBJECT)) {
    throw snsError.invalid('Subject');
  }
  return { messageId: randomUUID(), topicArn, subject, message, attributes, timestamp: new Date(now).toISOString() };
}

/** The query protocol gives a list of `{ Name, Value }`; a call within the cloud gives the map of the API's shape. */
function attributesOf(given: unknown): Record<string, MessageAttribute> {
  const map = Array.isArray(given)
    ? Object.fromEntries(given.map((item: { Name: string; Value: MessageAttribute }) => [item.Name, item.Value]))
    : ((given ?? {}) as Record<string, MessageAttribute>);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(map)) {
    if (!/^(String|Number|Binary)(\..+)?$/.test(DataType ?? '')) {
      throw snsError.invalidValue(`The message attribute '${name}' has an invalid message attribute type`);
    }
    if (!StringValue && !BinaryValue) {
      throw snsError.invalidValue(
        `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${DataType}'.`,
      );
    }
  }
  return map;
}

function sizeOf(attributes: Readonly<Record<string, MessageAttribute>>): number {
  const texts = Object.entries(attributes).flatMap(([name, { DataType, StringValue = '', BinaryValue = '' }]) => [
    name,
    DataType,
    StringValue,
    BinaryValue,
  ]);
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
