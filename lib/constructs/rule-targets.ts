import { Duration } from 'aws-cdk-lib';
import type { IRuleRef, IRuleTarget } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** What EventBridge offers at most: 24 hours and 185 attempts. Then the event is in the dead-letter queue. */
export const PATIENT = { maxEventAge: Duration.hours(24), retryAttempts: 185 };

/**
 * Delivers events to a queue. The target of the CDK does this too, but lets every rule of the account send to an
 * encrypted queue, and gives EventBridge more use of the key than it needs.
 */
export function queueTarget(queue: IQueue, options: { deadLetterQueue: IQueue }): IRuleTarget {
  return {
    bind(rule) {
      allowRule(queue, rule);
      allowRule(options.deadLetterQueue, rule);
      return {
        arn: queue.queueArn,
        targetResource: queue,
        deadLetterConfig: { arn: options.deadLetterQueue.queueArn },
        retryPolicy: {
          maximumEventAgeInSeconds: PATIENT.maxEventAge.toSeconds(),
          maximumRetryAttempts: PATIENT.retryAttempts,
        },
      };
    },
  };
}

function allowRule(queue: IQueue, rule: IRuleRef): void {
  queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleRef.ruleArn } },
    }),
  );
}
