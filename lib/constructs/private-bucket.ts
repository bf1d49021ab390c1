import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface PrivateBucketProps {
  /** Where requests are logged. */
  readonly accessLogs: IBucket;
  /** @default the keys of S3 */
  readonly key?: IKey;
  /** What is not kept for good: nothing of it is left a day later. */
  readonly expiring?: readonly { readonly prefix: string; readonly after: Duration }[];
}

/** A bucket that only its account reads, over TLS, and where nothing that was written is lost within a year. */
export class PrivateBucket extends Bucket {
  constructor(scope: Construct, id: string, props: PrivateBucketProps) {
    super(scope, id, {
      ...CLOSED,
      versioned: true,
      serverAccessLogsBucket: props.accessLogs,
      serverAccessLogsPrefix: `${id}/`,
      lifecycleRules: [
        ...KEPT,
        ...(props.expiring ?? []).map(({ prefix, after }) => ({
          prefix,
          expiration: after,
          noncurrentVersionExpiration: Duration.days(1),
        })),
      ],
      ...(props.key
        ? { encryption: BucketEncryption.KMS, encryptionKey: props.key, bucketKeyEnabled: true }
        : { encryption: BucketEncryption.S3_MANAGED }),
    });
    // The L2 property would add a custom resource with a function of its own.
    (this.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
  }
}

/** Where S3 writes the access logs of other buckets; log delivery needs SSE-S3. */
export class AccessLogBucket extends Bucket {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      ...CLOSED,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(90), abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
  }
}

const CLOSED = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
};

/**
 * Lineage names versions of objects, so overwritten and deleted ones stay for a year. Datasets and the files of a run
 * are read for some days and kept for good: after a month S3 moves them to whatever tier is cheapest.
 */
const KEPT: LifecycleRule[] = [
  {
    noncurrentVersionExpiration: Duration.days(365),
    abortIncompleteMultipartUploadAfter: Duration.days(7),
    expiredObjectDeleteMarker: true,
  },
  {
    transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) }],
    noncurrentVersionTransitions: [
      { storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) },
    ],
  },
];
