import { Unsupported } from '../../kernel/errors.ts';
import { bucketAccess } from '../access.ts';
import { checkTags } from '../attributes.ts';
import { S3Error } from '../errors.ts';
import { owner } from '../owner.ts';
import type { S3Answer, S3Operation } from '../request.ts';
import type { Bucket, Encryption } from '../state.ts';
import { child, elements, parseXml, text, type XmlContent } from '../xml.ts';
import { readTagSet } from './object-tagging.ts';

/** One part of a bucket's configuration that is read and written as a document. */
interface Configuration {
  /** The middle of the actions' names: `s3:Get…`, `s3:Put…`. */
  readonly action: string;
  readonly root: string;
  /** The document, or the error of a bucket that has none. */
  show(bucket: Bucket, account: string): XmlContent;
  /** What a new document changes. Absent where the configuration cannot be written here. */
  change?(document: string, bucket: Bucket): Partial<Bucket>;
  /** What removing it changes. Absent where S3 has no such operation. */
  readonly removed?: (bucket: Bucket) => Partial<Bucket>;
  /** The action of the delete operation, where it is not that of the put. */
  readonly deleteAction?: string;
}

/** By subresource. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
const CONFIGURATIONS = {
  versioning: {
    action: 'BucketVersioning',
    root: 'VersioningConfiguration',
    show: ({ versioning }) => ({ Status: versioning }),
    change: (document, bucket) => ({ versioning: readVersioning(document, bucket) }),
  },
  encryption: {
    action: 'EncryptionConfiguration',
    root: 'ServerSideEncryptionConfiguration',
    show: ({ encryption = { algorithm: 'AES256' } }) => ({
      Rule: {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: encryption.algorithm, KMSMasterKeyID: encryption.keyId },
        BucketKeyEnabled: encryption.bucketKey ?? false,
      },
    }),
    change: (document) => ({ encryption: readEncryptionRule(document) }),
    removed: () => ({ encryption: undefined }),
  },
  notification: {
    action: 'BucketNotification',
    root: 'NotificationConfiguration',
    show: ({ eventBridge }) => ({ EventBridgeConfiguration: eventBridge ? {} : undefined }),
    change: (document) => ({ eventBridge: readNotification(document) }),
  },
  tagging: {
    action: 'BucketTagging',
    root: 'Tagging',
    show: ({ tags }) => {
      if (!tags) throw new S3Error('NoSuchTagSet');
      return { TagSet: { Tag: tags.map(({ Key, Value }) => ({ Key, Value })) } };
    },
    change: (document) => ({ tags: checkTags(readTagSet(document), 50) }),
    removed: () => ({ tags: undefined }),
    deleteAction: 's3:PutBucketTagging',
  },
  lifecycle: kept('lifecycle', {
    action: 'LifecycleConfiguration',
    root: 'LifecycleConfiguration',
    absent: 'NoSuchLifecycleConfiguration',
  }),
  logging: kept('logging', { action: 'BucketLogging', root: 'BucketLoggingStatus' }),
  publicAccessBlock: kept('publicAccessBlock', {
    action: 'BucketPublicAccessBlock',
    root: 'PublicAccessBlockConfiguration',
    absent: 'NoSuchPublicAccessBlockConfiguration',
  }),
  ownershipControls: kept('ownershipControls', {
    action: 'BucketOwnershipControls',
    root: 'OwnershipControls',
    absent: 'OwnershipControlsNotFoundError',
  }),
  acl: {
    action: 'BucketAcl',
    root: 'AccessControlPolicy',
    show: (_bucket, account) => ({
      Owner: owner(account),
      AccessControlList: { Grant: { Grantee: owner(account), Permission: 'FULL_CONTROL' } },
    }),
  },
  cors: absent('BucketCORS', 'NoSuchCORSConfiguration'),
  website: absent('BucketWebsite', 'NoSuchWebsiteConfiguration'),
  'object-lock': absent('BucketObjectLockConfiguration', 'ObjectLockConfigurationNotFoundError'),
  replication: absent('ReplicationConfiguration', 'ReplicationConfigurationNotFoundError'),
  accelerate: { action: 'AccelerateConfiguration', root: 'AccelerateConfiguration', show: () => ({}) },
  requestPayment: {
    action: 'BucketRequestPayment',
    root: 'RequestPaymentConfiguration',
    show: () => ({ Payer: 'BucketOwner' }),
  },
} as const satisfies Record<string, Configuration>;

/** The operations on a subresource of a bucket, by method; undefined for a subresource that is none of its configuration. */
export function configurationOperation(subresource: string, method: string): S3Operation | undefined {
  if (!Object.hasOwn(CONFIGURATIONS, subresource)) return undefined;
  const configuration: Configuration = CONFIGURATIONS[subresource as keyof typeof CONFIGURATIONS];
  const { action, change, removed } = configuration;
  if (method === 'GET') {
    return {
      access: (s3, request) => bucketAccess(s3, request, `s3:Get${action}`),
      handle: (s3, request): S3Answer => ({
        document: {
          root: configuration.root,
          content: configuration.show(s3.state.bucket(request.bucket), s3.context.account),
        },
      }),
    };
  }
  if (method === 'PUT' && change) {
    return {
      access: (s3, request) => bucketAccess(s3, request, `s3:Put${action}`),
      async handle(s3, request) {
        const document = (await request.bytes()).toString('utf8');
        s3.state.changeBucket(request.bucket, change(document, s3.state.bucket(request.bucket)));
        return {};
      },
    };
  }
  if (method === 'DELETE' && removed) {
    return {
      access: (s3, request) => bucketAccess(s3, request, configuration.deleteAction ?? `s3:Put${action}`),
      handle(s3, request) {
        s3.state.changeBucket(request.bucket, removed(s3.state.bucket(request.bucket)));
        return { status: 204 };
      },
    };
  }
  return undefined;
}

/** A document that is kept and given back as it came. */
function kept(
  name: string,
  options: { action: string; root: string; absent?: ConstructorParameters<typeof S3Error>[0] },
): Configuration {
  return {
    action: options.action,
    root: options.root,
    show: ({ documents }) => {
      const document = documents?.[name];
      if (!document && options.absent) throw new S3Error(options.absent);
      return (document ?? {}) as XmlContent;
    },
    change: (document, bucket) => ({
      documents: { ...bucket.documents, [name]: parseXml(document, options.root) },
    }),
    removed: ({ documents }) => {
      const { [name]: _removed, ...rest } = documents ?? {};
      return { documents: rest };
    },
  };
}

/** A configuration that no bucket of this cloud has. */
function absent(action: string, code: ConstructorParameters<typeof S3Error>[0]): Configuration {
  return {
    action,
    root: '',
    show: () => {
      throw new S3Error(code);
    },
  };
}

function readVersioning(document: string, bucket: Bucket): Bucket['versioning'] {
  const configuration = parseXml(document, 'VersioningConfiguration');
  if (text(configuration, 'MfaDelete') === 'Enabled') throw new Unsupported('MFA delete of S3 buckets');
  const status = text(configuration, 'Status');
  if (status === undefined) return bucket.versioning;
  if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error('IllegalVersioningConfigurationException');
  return status;
}

function readEncryptionRule(document: string): Encryption {
  const [rule] = elements(parseXml(document, 'ServerSideEncryptionConfiguration'), 'Rule');
  const byDefault = child(rule, 'ApplyServerSideEncryptionByDefault');
  return encryptionRule(
    text(byDefault, 'SSEAlgorithm'),
    text(byDefault, 'KMSMasterKeyID'),
    text(rule, 'BucketKeyEnabled') === 'true',
  );
}

export function encryptionRule(
  algorithm: string | undefined,
  keyId: string | undefined,
  bucketKey: boolean,
): Encryption {
  if (algorithm !== 'AES256' && algorithm !== 'aws:kms') {
    if (algorithm === 'aws:kms:dsse') throw new Unsupported('the S3 encryption aws:kms:dsse');
    throw new S3Error('MalformedXML');
  }
  return { algorithm, keyId, bucketKey: bucketKey || undefined };
}

/** EventBridge is the one destination; queues, topics and functions are refused by name. */
function readNotification(document: string): boolean {
  const configuration = parseXml(document, 'NotificationConfiguration');
  for (const name of Object.keys(configuration)) {
    if (name !== 'EventBridgeConfiguration' && name !== '#text') {
      throw new Unsupported(`${name} in the notifications of an S3 bucket`, {
        hint: 'EventBridge is the one destination.',
      });
    }
  }
  return child(configuration, 'EventBridgeConfiguration') !== undefined;
}
