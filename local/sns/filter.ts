import { compilePattern } from '../events/pattern.ts';
import { AwsError } from '../kernel/errors.ts';
import type { MessageAttribute } from './topics.ts';

/**
 * Whether a message's attributes pass a subscription's filter policy, whose conditions are those of event patterns.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export function passesFilter(policy: string | null, attributes: Readonly<Record<string, MessageAttribute>>): boolean {
  if (policy === null) return true;
  const values = Object.entries(attributes).map(([name, attribute]) => [name, attributeValue(attribute)] as const);
  return compilePattern(JSON.parse(policy))(Object.fromEntries(values));
}

/** Refuses a filter policy that could never be applied. */
export function checkFilter(policy: string): string {
  try {
    compilePattern(JSON.parse(policy));
  } catch (cause) {
    throw new AwsError('InvalidParameter', `Invalid parameter: FilterPolicy: ${(cause as Error).message}`);
  }
  return policy;
}

function attributeValue({ DataType, StringValue = '' }: MessageAttribute): unknown {
  if (DataType === 'Number') return Number(StringValue);
  return DataType === 'String.Array' ? (JSON.parse(StringValue) as unknown) : StringValue;
}
