import { checkedPolicy } from '../iam/check-policy.ts';
import type { PolicyDocument } from '../iam/principal.ts';
import { AwsError } from '../kernel/errors.ts';
import { sqsError } from './errors.ts';
import { MESSAGE_LIMIT } from './message.ts';

/** What a queue is set to; every value is text, as the API has it. */
export type QueueAttributes = Readonly<Record<string, string>>;

interface Setting {
  readonly standard?: string;
  readonly fifoOnly?: boolean;
  readonly valid: (value: string) => boolean;
}

const between = (min: number, max: number) => (value: string) =>
  /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;
const oneOf =
  (...values: string[]) =>
  (value: string) =>
    values.includes(value);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const SETTINGS: Readonly<Record<string, Setting>> = {
  DelaySeconds: { standard: '0', valid: between(0, 900) },
  MaximumMessageSize: { standard: String(MESSAGE_LIMIT), valid: between(1024, MESSAGE_LIMIT) },
  MessageRetentionPeriod: { standard: '345600', valid: between(60, 1_209_600) },
  ReceiveMessageWaitTimeSeconds: { standard: '0', valid: between(0, 20) },
  VisibilityTimeout: { standard: '30', valid: between(0, 43_200) },
  SqsManagedSseEnabled: { standard: 'true', valid: oneOf('true', 'false') },
  KmsMasterKeyId: { valid: () => true },
  KmsDataKeyReusePeriodSeconds: { valid: between(60, 86_400) },
  Policy: { valid: (value) => value === '' || isPolicy(value) },
  RedrivePolicy: { valid: (value) => value === '' || redrivePolicy(value) !== undefined },
  RedriveAllowPolicy: { valid: isObject },
  FifoQueue: { fifoOnly: true, valid: oneOf('true') },
  ContentBasedDeduplication: { fifoOnly: true, valid: oneOf('true', 'false') },
  DeduplicationScope: { fifoOnly: true, valid: oneOf('queue', 'messageGroup') },
  FifoThroughputLimit: { fifoOnly: true, valid: oneOf('perQueue', 'perMessageGroupId') },
};

export const SETTABLE: readonly string[] = Object.keys(SETTINGS);

/** Checks what a caller wants to set. */
export function checkedAttributes(wanted: QueueAttributes, options: { fifo: boolean }): QueueAttributes {
  for (const [name, value] of Object.entries(wanted)) {
    const setting = SETTINGS[name];
    if (!setting || (setting.fifoOnly && !options.fifo)) throw sqsError.attributeName(name);
    if (!setting.valid(value)) throw sqsError.attributeValue(name);
  }
  return wanted;
}

/** A queue's settings: the standard ones, then what was set. An empty text takes a policy away. */
export function withDefaults(set: QueueAttributes, options: { fifo: boolean }): QueueAttributes {
  const standard = Object.entries(SETTINGS).flatMap(([name, setting]) =>
    setting.standard === undefined ? [] : [[name, setting.standard]],
  );
  const fifo = options.fifo
    ? {
        FifoQueue: 'true',
        ContentBasedDeduplication: 'false',
        DeduplicationScope: 'queue',
        FifoThroughputLimit: 'perQueue',
      }
    : {};
  const all: Record<string, string> = { ...Object.fromEntries(standard), ...fifo, ...set };
  // A customer's key replaces SQS's own.
  if (set.KmsMasterKeyId) all.SqsManagedSseEnabled = 'false';
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export function redrivePolicy(text: string | undefined): RedrivePolicy | undefined {
  if (!text || !isObject(text)) return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
  const count = Number(maxReceiveCount);
  if (typeof deadLetterTargetArn !== 'string' || !Number.isInteger(count) || count < 1 || count > 1000)
    return undefined;
  return { deadLetterTargetArn, maxReceiveCount: count };
}

export function policyOf(attributes: QueueAttributes): PolicyDocument | undefined {
  return attributes.Policy ? (JSON.parse(attributes.Policy) as PolicyDocument) : undefined;
}

function isPolicy(text: string): boolean {
  if (!isObject(text)) return false;
  try {
    checkedPolicy(JSON.parse(text), 'resource');
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'MalformedPolicyDocument') return false;
    throw error;
  }
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
