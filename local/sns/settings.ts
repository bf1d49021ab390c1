import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { snsError } from './errors.ts';
import { checkFilter, type FilterScope } from './filter.ts';

/** What a subscription is set to. */
export interface SubscriptionSettings {
  readonly rawMessageDelivery: boolean;
  /** As JSON text, as the API takes it. */
  readonly filterPolicy: string | null;
  readonly filterScope: FilterScope;
  readonly deadLetterArn: string | null;
}

const NAMES: readonly string[] = ['RawMessageDelivery', 'FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy'];

/**
 * Reads the attributes of a subscription as the API (text) and CloudFormation (JSON) give them; what is not given is what
 * SNS starts with.
 */
export function subscriptionSettings(protocol: string, attributes: Document): SubscriptionSettings {
  const unknown = Object.keys(attributes).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new Unsupported(`the subscription attribute ${unknown}`);
  const { RawMessageDelivery = 'false', FilterPolicy, FilterPolicyScope = 'MessageAttributes' } = attributes;
  const rawMessageDelivery = String(RawMessageDelivery) === 'true';
  if (rawMessageDelivery && protocol !== 'sqs') {
    throw snsError.invalid(`Attributes Reason: Delivery protocol [${protocol}] does not support raw message delivery.`);
  }
  if (FilterPolicyScope !== 'MessageAttributes' && FilterPolicyScope !== 'MessageBody') {
    throw snsError.invalid(`Attributes Reason: FilterPolicyScope: Invalid value [${String(FilterPolicyScope)}].`);
  }
  const policy = textOf(FilterPolicy);
  return {
    rawMessageDelivery,
    filterPolicy: policy === '' ? null : checkFilter(policy, FilterPolicyScope),
    filterScope: FilterPolicyScope,
    deadLetterArn: deadLetterArn(textOf(attributes.RedrivePolicy)),
  };
}

/** The attributes again, as GetSubscriptionAttributes gives them. */
export function settingsAsAttributes(settings: SubscriptionSettings): Record<string, string> {
  const { rawMessageDelivery, filterPolicy, filterScope, deadLetterArn: deadLetterTargetArn } = settings;
  return {
    RawMessageDelivery: String(rawMessageDelivery),
    ...(filterPolicy === null ? {} : { FilterPolicy: filterPolicy, FilterPolicyScope: filterScope }),
    ...(deadLetterTargetArn === null ? {} : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn }) }),
  };
}

const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function deadLetterArn(policy: string): string | null {
  if (policy === '') return null;
  const refusal = (reason: string) => snsError.invalid(`RedrivePolicy: ${reason}`);
  let arn: unknown;
  try {
    arn = (JSON.parse(policy) as { deadLetterTargetArn?: unknown }).deadLetterTargetArn;
  } catch {
    throw refusal('failed to parse JSON.');
  }
  if (!/^arn:aws:sqs:[\w-]+:\d{12}:[\w-]+$/.test(String(arn))) throw refusal('deadLetterTargetArn is an invalid arn');
  return String(arn);
}
