import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type CfnRule, Rule } from 'aws-cdk-lib/aws-events';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface PipelineFailedProps {
  readonly model: string;
  readonly machines: readonly StateMachine[];
}

/**
 * Counts the executions of all of a model's machines that did not end well. A rule that nobody listens to: EventBridge
 * counts what it matches, which is one metric instead of three for each machine.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
 */
export class PipelineFailed extends Construct {
  readonly metric: Metric;

  constructor(scope: Construct, id: string, { model, machines }: PipelineFailedProps) {
    super(scope, id);
    const rule = new Rule(this, 'Rule', {
      description: `Executions of the machines of ${model} that did not end well; counted, not delivered`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: machines.map(({ stateMachineArn }) => stateMachineArn),
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
    });
    // cdk-nag asks each target for its dead-letter queue, and fails where there is no list of targets. The template has none.
    const resource = rule.node.defaultChild as CfnRule;
    resource.targets = [];
    resource.addPropertyDeletionOverride('Targets');
    this.metric = new Metric({
      namespace: 'AWS/Events',
      metricName: 'MatchedEvents',
      dimensionsMap: { RuleName: rule.ruleName },
      period: Duration.minutes(5),
      statistic: 'Sum',
    });
  }
}
