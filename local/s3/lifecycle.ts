import type { S3 } from './request.ts';
import type { Bucket, ObjectVersion, StoredObject, Tag } from './state.ts';
import { deleteCurrent, deleteVersion } from './versions.ts';
import { child, elements, text, type XmlNode } from './xml.ts';

const DAY = 24 * 60 * 60 * 1000;
const OPTIONS = { requestId: '', reason: 'Lifecycle Expiration' };

interface Rule {
  readonly prefix: string;
  readonly tags: readonly Tag[];
  readonly largerThan: number;
  readonly smallerThan: number;
  readonly expireDays?: number;
  readonly expireDate?: number;
  readonly expireMarkers: boolean;
  readonly noncurrentDays?: number;
  readonly noncurrentKept: number;
  readonly abortDays?: number;
}

/** Applies the lifecycle rules of every bucket at each midnight (UTC) that the cloud's time passes, as S3 does once a day. */
export function startLifecycle(s3: S3): void {
  const { clock } = s3.context;
  const midnight = (Math.floor(clock.now() / DAY) + 1) * DAY;
  const task = () => {
    applyLifecycle(s3);
    startLifecycle(s3);
  };
  clock.schedule(midnight, task, { background: true, name: 's3 lifecycle' });
}

/** Expires what is due. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */
export function applyLifecycle(s3: S3): void {
  const rules = new Map<string, Rule[]>();
  for (const bucket of s3.state.buckets.values()) rules.set(bucket.name, readRules(bucket));
  for (const object of [...s3.state.objects()]) {
    for (const rule of rules.get(object.bucket) ?? []) expireObject(s3, object, rule);
  }
  for (const upload of [...s3.state.uploads.values()]) {
    const aborts = (rules.get(upload.bucket) ?? []).some(
      (rule) =>
        rule.abortDays !== undefined &&
        upload.key.startsWith(rule.prefix) &&
        isDue(s3, upload.initiated, rule.abortDays),
    );
    if (!aborts) continue;
    const parts = s3.state.parts(upload.uploadId);
    s3.state.deleteUpload(upload.uploadId);
    for (const { segments } of parts) s3.bodies.discard(segments);
  }
}

function expireObject(s3: S3, { bucket, key }: StoredObject, rule: Rule): void {
  if (!key.startsWith(rule.prefix)) return;
  const place = { bucket, key };
  const versions = s3.state.versions(bucket, key);
  versions.forEach((version, index) => {
    const newer = versions[index - 1];
    if (!newer || rule.noncurrentDays === undefined || !matches(rule, version)) return;
    const surplus = index > rule.noncurrentKept;
    if (surplus && isDue(s3, newer.lastModified, rule.noncurrentDays)) {
      deleteVersion(s3, place, { ...OPTIONS, versionId: version.versionId });
    }
  });
  const left = s3.state.versions(bucket, key);
  const [current] = left;
  if (current?.deleteMarker && left.length === 1 && (rule.expireMarkers || rule.expireDays !== undefined)) {
    deleteVersion(s3, place, { ...OPTIONS, versionId: current.versionId });
  } else if (current && !current.deleteMarker && matches(rule, current) && isExpired(s3, rule, current)) {
    deleteCurrent(s3, place, OPTIONS);
  }
}

function isExpired(s3: S3, rule: Rule, version: ObjectVersion): boolean {
  if (rule.expireDate !== undefined && rule.expireDate <= s3.context.clock.now()) return true;
  return rule.expireDays !== undefined && isDue(s3, version.lastModified, rule.expireDays);
}

/** Days are counted to the following midnight. */
function isDue(s3: S3, since: number, days: number): boolean {
  return Math.ceil((since + days * DAY) / DAY) * DAY <= s3.context.clock.now();
}

function matches(rule: Rule, version: ObjectVersion): boolean {
  const tagged = rule.tags.every(({ Key, Value }) =>
    version.tags?.some((tag) => tag.Key === Key && tag.Value === Value),
  );
  return tagged && version.size > rule.largerThan && version.size < rule.smallerThan;
}

function readRules(bucket: Bucket): Rule[] {
  return elements(bucket.documents?.lifecycle, 'Rule')
    .filter((rule) => text(rule, 'Status') === 'Enabled')
    .map((rule) => {
      const filter = child(rule, 'Filter');
      const and = child(filter, 'And') ?? filter;
      const expiration = child(rule, 'Expiration');
      const noncurrent = child(rule, 'NoncurrentVersionExpiration');
      const date = text(expiration, 'Date');
      return {
        prefix: text(and, 'Prefix') ?? text(rule, 'Prefix') ?? '',
        tags: elements(and, 'Tag').map((tag) => ({ Key: text(tag, 'Key') ?? '', Value: text(tag, 'Value') ?? '' })),
        largerThan: number(and, 'ObjectSizeGreaterThan') ?? -1,
        smallerThan: number(and, 'ObjectSizeLessThan') ?? Number.POSITIVE_INFINITY,
        expireDays: number(expiration, 'Days'),
        expireDate: date === undefined ? undefined : Date.parse(date),
        expireMarkers: text(expiration, 'ExpiredObjectDeleteMarker') === 'true',
        noncurrentDays: number(noncurrent, 'NoncurrentDays'),
        noncurrentKept: number(noncurrent, 'NewerNoncurrentVersions') ?? 0,
        abortDays: number(child(rule, 'AbortIncompleteMultipartUpload'), 'DaysAfterInitiation'),
      };
    });
}

function number(node: XmlNode | undefined, name: string): number | undefined {
  const found = text(node, name);
  return found === undefined ? undefined : Number(found);
}
