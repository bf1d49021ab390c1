import { Duration, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface DeadLetterQueueProps {
  /** @default the key of SQS */
  readonly key?: IKey;
}

/** Keeps for 14 days, the longest that SQS offers, what could not be delivered or processed. */
export class DeadLetterQueue extends Queue {
  constructor(scope: Construct, id: string, props: DeadLetterQueueProps = {}) {
    super(scope, id, { ...queueEncryption(props.key), enforceSSL: true, retentionPeriod: Duration.days(14) });
    Validations.of(this).acknowledge(
      { id: 'AwsSolutions-SQS3', reason: END_OF_THE_LINE },
      { id: 'Serverless-SQSRedrivePolicy', reason: END_OF_THE_LINE },
    );
  }
}

const END_OF_THE_LINE = 'It is a dead-letter queue itself; an alarm goes off when it holds anything.';

/** How every queue of an environment is encrypted. */
export const queueEncryption = (key?: IKey) =>
  key ? { encryption: QueueEncryption.KMS, encryptionMasterKey: key } : { encryption: QueueEncryption.SQS_MANAGED };
