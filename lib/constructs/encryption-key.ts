import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * The one key of a customer-managed environment. Services that write to our encrypted queues, topic and log groups on
 * their own account are named in its policy: without that their messages are lost in silence.
 */
export class EncryptionKey extends Key {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      description: 'Sluice: datasets, artifacts, registry, queues, alerts and logs',
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { account, region } = Stack.of(this);
    const sameAccount = { StringEquals: { 'aws:SourceAccount': account } };
    const producers = [
      // Rules deliver to the queues, and undelivered events to the dead-letter queues.
      { service: 'events.amazonaws.com', conditions: sameAccount },
      // Alarms publish to the topic: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
      { service: 'cloudwatch.amazonaws.com', conditions: sameAccount },
      // The topic moves what it could not deliver to a dead-letter queue.
      { service: 'sns.amazonaws.com', conditions: sameAccount },
    ];
    for (const { service, conditions } of producers) {
      this.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal(service)],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: ['*'],
          conditions,
        }),
      );
    }
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html: the log group is the context.
    this.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:GenerateDataKey',
          'kms:DescribeKey',
        ],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': Stack.of(this).formatArn({
              service: 'logs',
              resource: 'log-group:*',
            }),
          },
        },
      }),
    );
  }
}
