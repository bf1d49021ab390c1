import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type EventPattern, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { LONGEST_HOLD_MS } from '../../domain/rollout/flow.ts';
import { plan, type Strategy } from '../../domain/rollout/strategy.ts';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';
import type { Prediction } from './prediction.ts';
import { PATIENT } from './rule-targets.ts';
import { WildcardStatement } from './wildcard-statement.ts';
import { Workflow } from './workflow.ts';

export interface RolloutsProps extends ModelParts {
  readonly prediction: Prediction;
  /** Each stops a rollout when it goes off. */
  readonly alarms: readonly Alarm[];
}

/** The one owner of a model's traffic: the state machine that shifts it, and the function that does each of its steps. */
export class Rollouts extends Construct {
  readonly machine: StateMachine;
  /** Each of its steps, and what may happen to a model's traffic besides. */
  readonly function: IFunction;
  /** All executions of the machine. */
  readonly executionsArn: string;

  constructor(scope: Construct, id: string, props: RolloutsProps) {
    super(scope, id);
    const { model, defaults } = props;
    const stack = Stack.of(this);
    // Named, because its function looks executions up and starts them: a generated name would be a cycle.
    const stateMachineName = `${stack.stackName}-rollout`;
    const arn = (resource: string, resourceName: string) =>
      stack.formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    const machineArn = arn('stateMachine', stateMachineName);
    this.executionsArn = arn('execution', `${stateMachineName}:*`);
    const steps = this.#steps(props, machineArn);
    this.function = steps.function;
    // `Default` leaves no trace in logical ids: the machine keeps those that it has.
    this.machine = new Workflow(this, 'Default', {
      workflow: 'rollout',
      comment: `Moves the traffic of ${model.name} to a challenger, and back if it is worse`,
      functions: { Rollout: steps.function },
      adapt: (definition) => timed(definition, model.rollout),
      defaults,
    }).machine;
    this.#listen(steps, props);
  }

  #steps(
    { model, permissions, defaults, prediction, undelivered, alarms }: RolloutsProps,
    machineArn: string,
  ): Handler {
    const stack = Stack.of(this);
    const functionArn = prediction.function.functionArn;
    const anyAlarm = stack.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return new Handler(this, 'Rollout', {
      entry: 'rollout',
      description: `Moves the traffic of ${model.name}`,
      timeout: Duration.minutes(5),
      memory: 512,
      may: [
        permissions.registry('GetItem', 'Query', 'PutItem'),
        permissions.readRuns(),
        permissions.writeRuns(),
        permissions.announce(),
        new PolicyStatement({
          actions: [
            'lambda:ListVersionsByFunction',
            'lambda:GetFunctionConfiguration',
            'lambda:UpdateFunctionConfiguration',
            'lambda:PublishVersion',
            'lambda:GetAlias',
            'lambda:UpdateAlias',
          ],
          resources: [functionArn],
        }),
        new WildcardStatement(
          { actions: ['lambda:InvokeFunction', 'lambda:GetFunctionConfiguration'], resources: [`${functionArn}:*`] },
          'The version to try is published by the rollout itself; its number is not known beforehand.',
        ),
        new PolicyStatement({ actions: ['logs:FilterLogEvents'], resources: [prediction.logs.logGroupArn] }),
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
        new WildcardStatement(
          { actions: ['cloudwatch:DescribeAlarms'], resources: [anyAlarm] },
          'CloudWatch checks the right to describe alarms by name against all alarms.',
        ),
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [machineArn] }),
        new WildcardStatement(
          { actions: ['states:DescribeExecution'], resources: [this.executionsArn] },
          "Executions are named by who starts them; the statement ends at those of the model's own machine.",
        ),
      ],
      environment: {
        PREDICT_FUNCTION_NAME: prediction.function.functionName,
        PREDICT_LOG_GROUP: prediction.logs.logGroupName,
        ROLLOUT_STATE_MACHINE_ARN: machineArn,
        ALARM_NAMES: alarms.map(({ alarmName }) => alarmName).join(','),
      },
      undelivered,
      defaults,
      permissions,
    });
  }

  #listen(steps: Handler, { model, undelivered, alarms }: RolloutsProps) {
    const on = (id: string, description: string, eventPattern: EventPattern) =>
      new Rule(this, id, {
        description,
        eventPattern,
        targets: [new LambdaFunction(steps.function, { deadLetterQueue: undelivered, ...PATIENT })],
      });
    on('Ended', `Rollouts of ${model.name} that did not end by themselves`, {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: { stateMachineArn: [this.machine.stateMachineArn], status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    });
    on('Alarmed', `Alarms that stop a rollout of ${model.name}`, {
      source: ['aws.cloudwatch'],
      detailType: ['CloudWatch Alarm State Change'],
      resources: alarms.map(({ alarmArn }) => alarmArn),
      detail: { state: { value: ['ALARM'] } },
    });
    on('Deployed', `New code for ${model.name}`, {
      source: ['aws.cloudformation'],
      detailType: ['CloudFormation Stack Status Change'],
      detail: { 'stack-id': [Stack.of(this).stackId], 'status-details': { status: ['UPDATE_COMPLETE'] } },
    });
    new Rule(this, 'Regularly', {
      description: `Compares the traffic of ${model.name} with the registry`,
      schedule: Schedule.rate(Duration.minutes(30)),
      targets: [
        new LambdaFunction(steps.function, {
          deadLetterQueue: undelivered,
          maxEventAge: Duration.minutes(15),
          retryAttempts: 3,
        }),
      ],
    });
  }
}

/** Publishing and trying take minutes, waiting for another rollout may take as long as that one. */
const LONGEST_WORK = Duration.hours(6);

/** How long an execution may last, seconds: its limit, that of the one before it, and where configured a person's time. */
export function longestRollout(strategy: Strategy): number {
  const { steps, limit, promotion } = plan(strategy);
  if (steps.length === 0) return LONGEST_WORK.toSeconds();
  const person = limit.end === 'rollback' && promotion === 'promote' ? 0 : LONGEST_HOLD_MS;
  return Math.ceil((2 * limit.ms + person) / 1000) + LONGEST_WORK.toSeconds();
}

/** The definition with the time that the strategy takes. */
function timed(definition: string, strategy: Strategy): string {
  const machine = JSON.parse(definition) as { TimeoutSeconds: number };
  machine.TimeoutSeconds = longestRollout(strategy);
  return JSON.stringify(machine);
}
