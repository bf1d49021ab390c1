import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';
import type { Rollouts } from './rollouts.ts';
import { PATIENT, starterRole } from './rule-targets.ts';
import { Workflow } from './workflow.ts';

export interface ReactionsProps extends ModelParts {
  readonly rollouts: Rollouts;
  readonly training: StateMachine;
  /** Composes a dataset from what was predicted and labelled since, and uploads it. */
  readonly retrain: IFunction;
  /** Each wakes the controller when it goes off and when it is over. */
  readonly alarms: readonly Alarm[];
}

/** What is done about what the windows find: the state machine that every window, and every alarm between, starts. */
export class Reactions extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: ReactionsProps) {
    super(scope, id);
    const { model, permissions, defaults, rollouts, retrain } = props;
    const controller = new Handler(this, 'React', {
      entry: 'react',
      description: `Decides what is done about ${model.name}`,
      timeout: Duration.minutes(1),
      memory: 512,
      may: [permissions.registry('GetItem', 'Query', 'PutItem'), permissions.announce()],
      defaults,
      permissions,
    });
    this.machine = new Workflow(this, 'Workflow', {
      workflow: 'react',
      comment: `Decides what is done about what was seen of ${model.name}`,
      functions: { React: controller.function, Rollout: rollouts.function, Retrain: retrain },
      defaults,
    }).machine;
    this.#listen(props);
  }

  #listen({ model, undelivered, alarms, training, rollouts }: ReactionsProps) {
    const role = starterRole(this, 'Starter');
    const on = (id: string, description: string, eventPattern: EventPattern) =>
      new Rule(this, id, {
        description,
        eventPattern,
        targets: [new SfnStateMachine(this.machine, { role, deadLetterQueue: undelivered, ...PATIENT })],
      });
    on('Alarmed', `Alarms of what the windows of ${model.name} find`, {
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      resources: alarms.map(({ alarmArn }) => alarmArn),
      detail: { state: { value: ['ALARM', 'OK'] } },
    });
    on('Ended', `Runs and rollouts of ${model.name} that may be what a reaction began`, {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: {
        stateMachineArn: [training.stateMachineArn, rollouts.machine.stateMachineArn],
        status: ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'],
      },
    });
  }
}
