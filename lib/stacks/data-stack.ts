import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { OUTPUTS } from '../../domain/names.ts';
import type { EnvironmentConfig, SluiceConfig } from '../config/schema.ts';
import { Alarms, queueNotEmpty } from '../constructs/alarms.ts';
import { AlertsTopic } from '../constructs/alerts-topic.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { EncryptionKey } from '../constructs/encryption-key.ts';
import { MisplacedUploads } from '../constructs/misplaced-uploads.ts';
import { AccessLogBucket, PrivateBucket } from '../constructs/private-bucket.ts';

export interface DataStackProps extends StackProps {
  readonly environment: EnvironmentConfig;
  readonly models: SluiceConfig['models'];
}

/** What must outlive every deployment: data, artifacts, the registry and the address book. */
export class DataStack extends Stack {
  readonly dataBucket: IBucket;
  readonly artifactBucket: IBucket;
  readonly registry: ITable;
  readonly alerts: ITopic;
  /** Absent where AWS manages the keys. */
  readonly key?: IKey;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, { ...props, terminationProtection: true });
    const key = props.environment.encryption === 'customer-managed' ? new EncryptionKey(this, 'Key') : undefined;
    const accessLogs = new AccessLogBucket(this, 'AccessLogs');
    const undelivered = new DeadLetterQueue(this, 'Undelivered', { key });

    this.key = key;
    this.dataBucket = new PrivateBucket(this, 'Data', { accessLogs, key, expiring: captures(props.models) });
    this.artifactBucket = new PrivateBucket(this, 'Artifacts', { accessLogs, key });
    this.registry = new Table(this, 'Registry', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'ttl',
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(key ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key } : {}),
    });
    this.alerts = new AlertsTopic(this, 'Alerts', { readers: readers(props.models), undelivered, key });

    new MisplacedUploads(this, 'MisplacedUploads', {
      bucket: this.dataBucket,
      models: Object.keys(props.models),
      alerts: this.alerts,
      undelivered,
      key,
    });
    new Alarms(this, 'Alarms', {
      topic: this.alerts,
      rows: [
        {
          id: 'Undelivered',
          metric: queueNotEmpty(undelivered),
          severity: 'warning',
          broke: 'a message about an upload, an outcome or an alarm could not be delivered',
          runbook: 'undelivered-messages',
        },
      ],
    });

    new CfnOutput(this, OUTPUTS.dataBucket, { value: this.dataBucket.bucketName });
    new CfnOutput(this, OUTPUTS.artifactBucket, { value: this.artifactBucket.bucketName });
    new CfnOutput(this, OUTPUTS.registryTable, { value: this.registry.tableName });
    new CfnOutput(this, OUTPUTS.alertsTopic, { value: this.alerts.topicArn });
  }
}

/** Captures, and what of them could not be read, for as long as a model keeps them. */
const captures = (models: SluiceConfig['models']) =>
  Object.entries(models).map(([model, { monitoring }]) => ({
    prefix: `${model}/capture`,
    after: Duration.days(Math.max(1, Math.ceil(monitoring.capture.keep / 86_400_000))),
  }));

/** E-mail address to the models it wants to hear of. */
function readers(models: SluiceConfig['models']): Map<string, string[]> {
  const byAddress = new Map<string, string[]>();
  for (const [model, { notify }] of Object.entries(models)) {
    for (const address of new Set(notify.email)) {
      byAddress.set(address, [...(byAddress.get(address) ?? []), model]);
    }
  }
  return byAddress;
}
