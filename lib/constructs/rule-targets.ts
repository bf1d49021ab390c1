import { Duration, Stack } from 'aws-cdk-lib';
import type { IRuleRef, IRuleTarget, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

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
      return { arn: queue.queueArn, targetResource: queue, ...failures(rule, options.deadLetterQueue) };
    },
  };
}

/**
 * Publishes a text to a topic by a role. Not by the topic's policy: EventBridge does not support conditions for encrypted
 * topics, https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
 */
export function topicTarget(
  topic: ITopic,
  options: { role: Role; message: RuleTargetInput; deadLetterQueue: IQueue },
): IRuleTarget {
  const { role, message, deadLetterQueue } = options;
  return {
    bind(rule) {
      role.addToPolicy(new PolicyStatement({ actions: ['sns:Publish'], resources: [topic.topicArn] }));
      return { arn: topic.topicArn, targetResource: topic, role, input: message, ...failures(rule, deadLetterQueue) };
    },
  };
}

/**
 * The role by which rules of the stack start machines. The CDK's own lets EventBridge act for any rule of any account;
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/cross-service-confused-deputy-prevention.html
 */
export function starterRole(scope: Construct, id: string): Role {
  const stack = Stack.of(scope);
  const rules = stack.formatArn({ service: 'events', resource: 'rule', resourceName: `${stack.stackName}-*` });
  return new Role(scope, id, {
    assumedBy: new ServicePrincipal('events.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account }, ArnLike: { 'aws:SourceArn': rules } },
    }),
  });
}

function failures(rule: IRuleRef, deadLetterQueue: IQueue) {
  allowRule(deadLetterQueue, rule);
  return {
    deadLetterConfig: { arn: deadLetterQueue.queueArn },
    retryPolicy: {
      maximumEventAgeInSeconds: PATIENT.maxEventAge.toSeconds(),
      maximumRetryAttempts: PATIENT.retryAttempts,
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
