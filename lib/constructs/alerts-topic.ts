import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

export interface AlertsTopicProps {
  /** The models that each e-mail address wants to hear of. */
  readonly readers: ReadonlyMap<string, string[]>;
  /** Takes the messages that could not be delivered. */
  readonly undelivered: IQueue;
  /** @default SNS encrypts with its own key */
  readonly key?: IKey;
}

/** Where outcomes and alarms are told. */
export class AlertsTopic extends Topic {
  constructor(scope: Construct, id: string, props: AlertsTopicProps) {
    super(scope, id, { displayName: 'Sluice', enforceSSL: true, masterKey: props.key });
    const { account } = Stack.of(this);
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: { 'aws:SourceArn': Stack.of(this).formatArn({ service: 'cloudwatch', resource: 'alarm:*' }) },
        },
      }),
    );
    // One subscription per address: SNS refuses a second one with another filter. Alarms and messages about misplaced
    // uploads carry no attribute; they go to everybody.
    for (const [address, models] of props.readers) {
      this.addSubscription(
        new EmailSubscription(address, {
          deadLetterQueue: props.undelivered,
          filterPolicy: { model: new SubscriptionFilter([...models, { exists: false }]) },
        }),
      );
    }
  }
}
