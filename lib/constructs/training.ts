import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ModelParts } from './model-parts.ts';
import { longestRollout, type Rollouts } from './rollouts.ts';
import { PATIENT } from './rule-targets.ts';
import { TrainingSteps } from './training-steps.ts';
import { WildcardStatement } from './wildcard-statement.ts';
import { Workflow } from './workflow.ts';

export interface TrainingProps extends ModelParts {
  readonly rollouts: Rollouts;
}

/** From a dataset to a champion: the state machine and the function of each of its steps. */
export class Training extends Construct {
  readonly machine: StateMachine;
  /** All executions of the machine. */
  readonly executionsArn: string;

  constructor(scope: Construct, id: string, props: TrainingProps) {
    super(scope, id);
    const { model, defaults } = props;
    // Named, because a function that the machine calls also starts it: a generated name would be a cycle.
    const stateMachineName = `${Stack.of(this).stackName}-train`;
    const arn = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    const machineArn = arn('stateMachine', stateMachineName);
    this.executionsArn = arn('execution', `${stateMachineName}:*`);
    const steps = new TrainingSteps(this, 'Steps', { ...props, machineArn });
    const { machine: rollout, executionsArn: rolloutExecutions } = props.rollouts;
    // `Default` leaves no trace in logical ids: the machine keeps those that it has.
    this.machine = new Workflow(this, 'Default', {
      workflow: 'train',
      comment: `Trains, judges and registers ${model.name}`,
      functions: steps.byName,
      substitutions: { RolloutMachineArn: rollout.stateMachineArn },
      may: [
        // https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [rollout.stateMachineArn] }),
        new WildcardStatement(
          { actions: ['states:DescribeExecution', 'states:StopExecution'], resources: [rolloutExecutions] },
          "Executions are named after runs; the statement ends at those of the model's own rollout machine.",
        ),
        new PolicyStatement({
          actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
          resources: [
            Stack.of(this).formatArn({
              service: 'events',
              resource: 'rule',
              resourceName: 'StepFunctionsGetEventsForStepFunctionsExecutionRule',
            }),
          ],
        }),
      ],
      adapt: (definition) => timed(definition, model),
      defaults,
    }).machine;
    this.#settleWhatCouldNot(steps.settle, props);
  }

  /** An execution that timed out, was stopped or failed outside of its states still gets its outcome recorded. */
  #settleWhatCouldNot(settle: IFunction, { model, undelivered }: TrainingProps) {
    new Rule(this, 'Ended', {
      description: `Runs of ${model.name} that did not end by themselves`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [this.machine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [
        new LambdaFunction(settle, {
          deadLetterQueue: undelivered,
          ...PATIENT,
        }),
      ],
    });
  }
}

/** All steps with their retries take some hours at most; how long a person may take is the model's own. */
const LONGEST_WORK = Duration.hours(24);

/** The definition with the times of the model in it. */
function timed(definition: string, { approvalTimeout, rollout }: ModelParts['model']): string {
  const approval = Math.ceil(approvalTimeout / 1000);
  const machine = JSON.parse(definition) as {
    TimeoutSeconds: number;
    States: { 'Ask for approval': { TimeoutSeconds: number }; 'Roll out': { TimeoutSeconds: number } };
  };
  machine.States['Ask for approval'].TimeoutSeconds = approval;
  const rolling = longestRollout(rollout);
  // The rollout's own end comes first: its failure path is the better one.
  machine.States['Roll out'].TimeoutSeconds = rolling + 600;
  machine.TimeoutSeconds = approval + LONGEST_WORK.toSeconds() + (rollout.kind === 'all-at-once' ? 0 : rolling);
  return JSON.stringify(machine);
}
