import { readFileSync } from 'node:fs';
import { ArnFormat, Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { type CfnStateMachine, DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ModelParts } from './model-parts.ts';
import { waitForPolicy } from './policy-dependency.ts';
import { longestRollout, type Rollouts } from './rollouts.ts';
import { PATIENT } from './rule-targets.ts';
import { TrainingSteps } from './training-steps.ts';
import { WildcardStatement } from './wildcard-statement.ts';

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
    const { model, shared, defaults } = props;
    // Named, because a function that the machine calls also starts it: a generated name would be a cycle.
    const stateMachineName = `${Stack.of(this).stackName}-train`;
    const arn = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    const machineArn = arn('stateMachine', stateMachineName);
    this.executionsArn = arn('execution', `${stateMachineName}:*`);
    const steps = new TrainingSteps(this, 'Steps', { ...props, machineArn });
    const arns = Object.entries(steps.byName).map(([name, step]) => [name, step.functionArn] as const);
    const role = new Role(this, 'Role', {
      // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
          ArnEquals: { 'aws:SourceArn': machineArn },
        },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: arns.map(([, arn]) => arn) }),
    );
    // https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
    const { machine: rollout, executionsArn: rolloutExecutions } = props.rollouts;
    const follow = new WildcardStatement(
      { actions: ['states:DescribeExecution', 'states:StopExecution'], resources: [rolloutExecutions] },
      "Executions are named after runs; the statement ends at those of the model's own rollout machine.",
    );
    role.addToPolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: [rollout.stateMachineArn] }));
    role.addToPolicy(follow);
    follow.acknowledgeOn(role);
    role.addToPolicy(
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
    );
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName,
      comment: `Trains, judges and registers ${model.name}`,
      definitionBody: DefinitionBody.fromString(definition(model)),
      definitionSubstitutions: {
        ...Object.fromEntries(arns.map(([name, arn]) => [`${name}FunctionArn`, arn])),
        RolloutMachineArn: rollout.stateMachineArn,
      },
      role,
      tracingEnabled: true,
      logs: {
        level: LogLevel.ALL,
        includeExecutionData: true,
        destination: new LogGroup(this, 'Logs', {
          // Names of this kind do not use up the size of the account's log policy,
          // https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: defaults.logRetentionDays,
          encryptionKey: shared.key,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
    waitForPolicy(this.machine.node.defaultChild as CfnStateMachine, role);
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray and the delivery of vended logs have no resources: their actions only take *.',
    });
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

const DEFINITION = new URL('../../statemachines/train.asl.json', import.meta.url);

/** All steps with their retries take some hours at most; how long a person may take is the model's own. */
const LONGEST_WORK = Duration.hours(24);

/** The definition with the times of the model in it: substitutions are text, and time limits are numbers. */
function definition({ approvalTimeout, rollout }: ModelParts['model']): string {
  const approval = Math.ceil(approvalTimeout / 1000);
  const machine = JSON.parse(readFileSync(DEFINITION, 'utf8')) as {
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
