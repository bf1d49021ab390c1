import { createHash } from 'node:crypto';
import type { Document } from '../kernel/service.ts';
import { sqsError } from './errors.ts';

/** A message as it is kept. Binary attribute values are base64. */
export interface MessageRecord {
  readonly id: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  readonly traceHeader?: string;
  readonly senderId: string;
  readonly sentAt: number;
  /** From when on it can be received: later than now while delayed or in flight. */
  readonly visibleAt: number;
  readonly receiveCount: number;
  readonly firstReceivedAt?: number;
  /** Of the last receive; undefined until the first one. */
  readonly receipt?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  readonly sequenceNumber?: string;
  /** The queue that it failed in. */
  readonly deadLetterSource?: string;
}

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** Body and attributes together. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html */
export const MESSAGE_LIMIT = 1_048_576;

export function md5(text: string | Buffer): string {
  return createHash('md5').update(text).digest('hex');
}

/**
 * The digest that SDKs compare: names in order; of each its name, data type and value, every one after its length.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function attributesMd5(attributes: Readonly<Record<string, MessageAttribute>>): string {
  const parts: Buffer[] = [];
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  };
  for (const name of Object.keys(attributes).sort()) {
    const { DataType, StringValue, BinaryValue } = attributes[name] as MessageAttribute;
    add(Buffer.from(name));
    add(Buffer.from(DataType));
    parts.push(Buffer.from([BinaryValue === undefined ? 1 : 2]));
    add(BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64'));
  }
  return md5(Buffer.concat(parts));
}

/** Checks the attributes of a message that is sent. */
export function messageAttributes(value: unknown): Record<string, MessageAttribute> | undefined {
  const entries = Object.entries((value ?? {}) as Record<string, Document>);
  if (entries.length === 0) return undefined;
  if (entries.length > 10) {
    throw sqsError.invalid(`Number of message attributes [${entries.length}] exceeds the allowed maximum [10].`);
  }
  return Object.fromEntries(entries.map(([name, attribute]) => [name, messageAttribute(name, attribute)]));
}

function messageAttribute(name: string, attribute: Document): MessageAttribute {
  const type = String(attribute.DataType ?? '');
  if (!/^(String|Number|Binary)(\..+)?$/.test(type)) {
    throw sqsError.invalid(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const binary = attribute.BinaryValue;
  const isBinary = type.startsWith('Binary');
  if (isBinary ? binary === undefined : typeof attribute.StringValue !== 'string' || attribute.StringValue === '') {
    throw sqsError.invalid(`The message attribute '${name}' must contain a non-empty value of type '${type}'.`);
  }
  if (!isBinary) return { DataType: type, StringValue: String(attribute.StringValue) };
  return {
    DataType: type,
    BinaryValue: binary instanceof Uint8Array ? Buffer.from(binary).toString('base64') : String(binary),
  };
}

/** What counts against the limits: body, and of every attribute name, type and value. */
export function sizeOf(body: string, attributes: Readonly<Record<string, MessageAttribute>> = {}): number {
  let size = Buffer.byteLength(body);
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType);
    size += BinaryValue === undefined ? Buffer.byteLength(StringValue ?? '') : Buffer.byteLength(BinaryValue, 'base64');
  }
  return size;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that SQS refuses
const REFUSED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

export function checkBody(body: string): void {
  if (REFUSED.test(body)) throw sqsError.contents();
}
