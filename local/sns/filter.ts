import { compilePattern } from '../events/pattern.ts';
import { snsError } from './errors.ts';
import type { MessageAttribute, PublishedMessage } from './message.ts';

export type FilterScope = 'MessageAttributes' | 'MessageBody';

/**
 * Whether a message passes a subscription's filter policy, whose conditions are those of event patterns. A body that is no
 * JSON passes none.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export function passesFilter(policy: string | null, scope: FilterScope, message: PublishedMessage): boolean {
  if (policy === null) return true;
  const facts = scope === 'MessageBody' ? objectOf(message.message) : factsOf(message.attributes);
  return facts !== undefined && compilePattern(JSON.parse(policy))(facts);
}

/** Refuses a filter policy that could never be applied. */
export function checkFilter(policy: string, scope: FilterScope): string {
  const parsed = objectOf(policy);
  if (!parsed) throw snsError.invalid('FilterPolicy: failed to parse JSON.');
  const nested = Object.entries(parsed).some(([key, value]) => key !== '$or' && !Array.isArray(value));
  if (nested && scope === 'MessageAttributes') {
    throw snsError.invalid('FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy');
  }
  try {
    compilePattern(parsed);
  } catch (cause) {
    throw snsError.invalid(`FilterPolicy: ${(cause as Error).message}`);
  }
  return policy;
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Binary attributes are not looked at. */
function factsOf(attributes: Readonly<Record<string, MessageAttribute>>): Record<string, unknown> {
  const textual = Object.entries(attributes).filter(([, { StringValue }]) => StringValue !== undefined);
  return Object.fromEntries(textual.map(([name, attribute]) => [name, attributeValue(attribute)]));
}

function attributeValue({ DataType, StringValue = '' }: MessageAttribute): unknown {
  if (DataType.split('.')[0] === 'Number') return Number(StringValue);
  return DataType === 'String.Array' ? (JSON.parse(StringValue) as unknown) : StringValue;
}
