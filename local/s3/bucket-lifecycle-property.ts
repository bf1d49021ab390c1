import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import type { XmlNode } from './xml.ts';

const RULE_MEMBERS = [
  ...['Id', 'Status', 'Prefix', 'TagFilters', 'ObjectSizeGreaterThan', 'ObjectSizeLessThan'],
  ...['ExpirationInDays', 'ExpirationDate', 'ExpiredObjectDeleteMarker'],
  ...['NoncurrentVersionExpiration', 'NoncurrentVersionExpirationInDays', 'AbortIncompleteMultipartUpload'],
  ...['Transition', 'Transitions', 'NoncurrentVersionTransition', 'NoncurrentVersionTransitions'],
];

/**
 * The lifecycle property of a bucket as the document that the API knows.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
 */
export function lifecycleDocument(property: Document): Record<string, XmlNode> {
  onlyMembers('LifecycleConfiguration', property, ['Rules', 'TransitionDefaultMinimumObjectSize']);
  return { Rule: (property.Rules as Document[]).map(ruleDocument) };
}

/** Refuses members that are not in the list, by name. */
export function onlyMembers(where: string, document: Document, known: readonly string[]): void {
  const unknown = Object.keys(document).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Unsupported(`${where}.${unknown} of AWS::S3::Bucket`);
}

function ruleDocument(rule: Document): Record<string, XmlNode> {
  onlyMembers('LifecycleConfiguration.Rules', rule, RULE_MEMBERS);
  const noncurrent = (rule.NoncurrentVersionExpiration ??
    (rule.NoncurrentVersionExpirationInDays === undefined
      ? undefined
      : { NoncurrentDays: rule.NoncurrentVersionExpirationInDays })) as Document | undefined;
  const expiration = defined({
    Days: rule.ExpirationInDays,
    Date: rule.ExpirationDate,
    ExpiredObjectDeleteMarker: rule.ExpiredObjectDeleteMarker,
  });
  const abort = rule.AbortIncompleteMultipartUpload as Document | undefined;
  return {
    ...defined({ ID: rule.Id, Status: rule.Status }),
    Filter: filterOf(rule),
    ...(Object.keys(expiration).length > 0 ? { Expiration: expiration } : {}),
    ...(noncurrent ? { NoncurrentVersionExpiration: defined(noncurrent) } : {}),
    ...(abort ? { AbortIncompleteMultipartUpload: defined(abort) } : {}),
    Transition: transitions(rule.Transitions ?? rule.Transition, {
      TransitionInDays: 'Days',
      TransitionDate: 'Date',
      StorageClass: 'StorageClass',
    }),
    NoncurrentVersionTransition: transitions(rule.NoncurrentVersionTransitions ?? rule.NoncurrentVersionTransition, {
      TransitionInDays: 'NoncurrentDays',
      NewerNoncurrentVersions: 'NewerNoncurrentVersions',
      StorageClass: 'StorageClass',
    }),
  };
}

/** One criterion stands by itself, several stand in an `And`, and none is the prefix of every key. */
function filterOf(rule: Document): Record<string, XmlNode> {
  const tags = ((rule.TagFilters ?? []) as Document[]).map(defined);
  const { Prefix, ObjectSizeGreaterThan, ObjectSizeLessThan } = rule;
  const criteria = defined({ Prefix, ObjectSizeGreaterThan, ObjectSizeLessThan });
  const count = Object.keys(criteria).length + tags.length;
  if (count === 0) return { Prefix: '' };
  return count === 1 ? { ...criteria, Tag: tags } : { And: { ...criteria, Tag: tags } };
}

function transitions(property: unknown, names: Readonly<Record<string, string>>): XmlNode[] {
  const list = property === undefined ? [] : Array.isArray(property) ? property : [property];
  return (list as Document[]).map((transition) =>
    defined(Object.fromEntries(Object.entries(transition).map(([name, value]) => [names[name] ?? name, value]))),
  );
}

function defined(members: Document): Record<string, string> {
  return Object.fromEntries(
    Object.entries(members)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}
