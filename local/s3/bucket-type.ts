import { Unsupported } from '../kernel/errors.ts';
import type { ResourceResult, ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import { lifecycleDocument, onlyMembers } from './bucket-lifecycle-property.ts';
import { encryptionRule } from './operations/bucket-configuration.ts';
import { newBucket, removeBucket } from './operations/buckets.ts';
import type { S3 } from './request.ts';
import type { Bucket, Encryption, Tag } from './state.ts';
import type { XmlNode } from './xml.ts';

/** `AWS::S3::Bucket`. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html */
export function bucketType(s3: S3): ResourceType {
  const configure = (name: string, properties: Document): ResourceResult => {
    s3.state.changeBucket(name, readProperties(s3.state.bucket(name), properties));
    return { physicalId: name, attributes: attributes(s3, name) };
  };
  return {
    type: 'AWS::S3::Bucket',
    properties: [
      'BucketEncryption',
      'BucketName',
      'LifecycleConfiguration',
      'NotificationConfiguration',
      'OwnershipControls',
      'PublicAccessBlockConfiguration',
      'Tags',
      'VersioningConfiguration',
    ],
    ignored: { LoggingConfiguration: 'kept and shown; no access logs are written, as nobody would read them here' },
    replacing: ['BucketName'],

    async create({ properties, physicalName }) {
      const name = String(properties.BucketName ?? physicalName({ length: 63, lowerCase: true }));
      readProperties({ name, createdAt: 0 }, properties);
      newBucket(s3, name);
      return configure(name, properties);
    },
    update: async ({ physicalId, properties }) => configure(physicalId, properties),
    delete: async ({ physicalId }) => removeBucket(s3, physicalId),
  };
}

function attributes({ context: { region } }: S3, name: string): Record<string, string> {
  return {
    Arn: `arn:aws:s3:::${name}`,
    DomainName: `${name}.s3.amazonaws.com`,
    DualStackDomainName: `${name}.s3.dualstack.${region}.amazonaws.com`,
    RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
    WebsiteURL: `http://${name}.s3-website-${region}.amazonaws.com`,
  };
}

function readProperties(bucket: Bucket, properties: Document): Partial<Bucket> {
  const {
    lifecycle: _lifecycle,
    logging: _logging,
    publicAccessBlock: _block,
    ownershipControls: _ownership,
    ...others
  } = bucket.documents ?? {};
  return {
    versioning: versioning(bucket, properties.VersioningConfiguration),
    encryption: encryption(properties.BucketEncryption),
    eventBridge: eventBridge(properties.NotificationConfiguration),
    tags: properties.Tags as Tag[] | undefined,
    documents: {
      ...others,
      ...(properties.LifecycleConfiguration
        ? { lifecycle: lifecycleDocument(properties.LifecycleConfiguration as Document) }
        : {}),
      ...(properties.LoggingConfiguration ? { logging: logging(properties.LoggingConfiguration as Document) } : {}),
      ...(properties.PublicAccessBlockConfiguration
        ? { publicAccessBlock: texts(properties.PublicAccessBlockConfiguration as Document) }
        : {}),
      ...(properties.OwnershipControls
        ? { ownershipControls: ownership(properties.OwnershipControls as Document) }
        : {}),
    },
  };
}

/** A bucket that was versioned once cannot forget it: taking the property away suspends. */
function versioning(bucket: Bucket, property: unknown): Bucket['versioning'] {
  const status = (property as Document | undefined)?.Status;
  if (status === 'Enabled' || status === 'Suspended') return status;
  return bucket.versioning ? 'Suspended' : undefined;
}

function encryption(property: unknown): Encryption | undefined {
  if (property === undefined) return undefined;
  const [rule] = (property as { ServerSideEncryptionConfiguration: Document[] }).ServerSideEncryptionConfiguration;
  if (!rule) return undefined;
  onlyMembers('BucketEncryption', rule, ['ServerSideEncryptionByDefault', 'BucketKeyEnabled']);
  const byDefault = (rule.ServerSideEncryptionByDefault ?? { SSEAlgorithm: 'AES256' }) as Record<string, string>;
  return encryptionRule(byDefault.SSEAlgorithm, byDefault.KMSMasterKeyID, String(rule.BucketKeyEnabled) === 'true');
}

function eventBridge(property: unknown): boolean {
  if (property === undefined) return false;
  const configuration = property as Document;
  for (const name of Object.keys(configuration)) {
    if (name !== 'EventBridgeConfiguration') {
      throw new Unsupported(`NotificationConfiguration.${name} of AWS::S3::Bucket`, {
        hint: 'EventBridge is the one destination.',
      });
    }
  }
  const { EventBridgeEnabled: enabled = true } = (configuration.EventBridgeConfiguration ?? {
    EventBridgeEnabled: false,
  }) as Document;
  return String(enabled) === 'true';
}

function logging(configuration: Document): Record<string, XmlNode> {
  onlyMembers('LoggingConfiguration', configuration, [
    'DestinationBucketName',
    'LogFilePrefix',
    'TargetObjectKeyFormat',
  ]);
  const target = texts({
    TargetBucket: configuration.DestinationBucketName,
    TargetPrefix: configuration.LogFilePrefix ?? '',
  });
  return { LoggingEnabled: target };
}

function ownership(configuration: Document): Record<string, XmlNode> {
  return { Rule: (configuration.Rules as Document[]).map(texts) };
}

function texts(document: Document): Record<string, XmlNode> {
  return Object.fromEntries(
    Object.entries(document)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}
