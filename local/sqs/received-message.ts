import type { Document } from '../kernel/service.ts';
import { attributesMd5, type MessageAttribute, type MessageRecord, md5 } from './message.ts';

/** What a receiver asked to be told: names of system attributes, and names or `prefix.*` of message attributes. */
export interface WantedAttributes {
  readonly system: readonly string[];
  readonly attributes: readonly string[];
}

/** A message as ReceiveMessage gives it. */
export function receivedMessage(message: MessageRecord, handle: string, wanted: WantedAttributes): Document {
  const system = select(
    systemAttributes(message),
    (name) => wanted.system.includes('All') || wanted.system.includes(name),
  );
  const attributes = select(message.attributes ?? {}, (name) =>
    wanted.attributes.some((pattern) => fits(pattern, name)),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: handle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(system ? { Attributes: system } : {}),
    ...(attributes
      ? { MessageAttributes: decoded(attributes), MD5OfMessageAttributes: attributesMd5(attributes) }
      : {}),
  };
}

function systemAttributes(message: MessageRecord): Record<string, string> {
  const all = {
    SenderId: message.senderId,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp:
      message.firstReceivedAt === undefined ? undefined : String(message.firstReceivedAt),
    AWSTraceHeader: message.traceHeader,
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
    SequenceNumber: message.sequenceNumber,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function fits(pattern: string, name: string): boolean {
  if (pattern === 'All' || pattern === '.*') return true;
  return pattern.endsWith('.*') ? name.startsWith(pattern.slice(0, -2)) : pattern === name;
}

function select<T>(all: Readonly<Record<string, T>>, keep: (name: string) => boolean): Record<string, T> | undefined {
  const kept = Object.entries(all).filter(([name]) => keep(name));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function decoded(attributes: Readonly<Record<string, MessageAttribute>>): Document {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      BinaryValue === undefined
        ? { DataType, StringValue }
        : { DataType, BinaryValue: new Uint8Array(Buffer.from(BinaryValue, 'base64')) },
    ]),
  );
}
