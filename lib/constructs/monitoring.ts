import { ArnFormat, Duration, Size, Stack } from 'aws-cdk-lib';
import { EventField, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';
import type { Prediction } from './prediction.ts';
import { starterRole } from './rule-targets.ts';
import { WildcardStatement } from './wildcard-statement.ts';
import { Workflow } from './workflow.ts';

export interface MonitoringProps extends ModelParts {
  readonly prediction: Prediction;
  /** Decides what is done about a window. */
  readonly reactions: StateMachine;
}

/** Watches what a model is asked and answers: the schedule, the state machine and the function that does each of its steps. */
export class Monitoring extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { model, permissions, defaults, reactions } = props;
    const stack = Stack.of(this);
    // Named, because its function looks executions up and the map starts them: a generated name would be a cycle.
    const name = `${stack.stackName}-monitor`;
    const arn = (resource: string, resourceName: string) =>
      stack.formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    const machineArn = arn('stateMachine', name);
    const steps = this.#steps(props, { machineArn, executionsArn: arn('execution', `${name}:*`) });
    const workflow = new Workflow(this, 'Workflow', {
      workflow: 'monitor',
      comment: `Watches what ${model.name} is asked and answers`,
      functions: { Monitor: steps.function },
      substitutions: { ReactMachineArn: reactions.stateMachineArn },
      defaults,
    });
    this.machine = workflow.machine;
    // A map starts its children as executions of its own machine,
    // https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    const { role } = workflow;
    const starts = [machineArn, reactions.stateMachineArn];
    role.addToPolicy(new PolicyStatement({ actions: ['states:StartExecution'], resources: starts }));
    for (const statement of [permissions.windows('GetObject'), ...permissions.useKey(role)]) {
      role.addToPolicy(statement);
      if (statement instanceof WildcardStatement) statement.acknowledgeOn(role);
    }
    this.#schedule(props);
  }

  #steps(
    { model, permissions, defaults, layers, prediction }: MonitoringProps,
    { machineArn, executionsArn }: { machineArn: string; executionsArn: string },
  ): Handler {
    return new Handler(this, 'Monitor', {
      entry: 'monitor',
      description: `Looks at windows of live predictions of ${model.name}`,
      timeout: Duration.minutes(10),
      memory: 2048,
      // What DuckDB spills of a child's captures, ten times as large as they are stored.
      scratch: Size.gibibytes(4),
      layers: [layers.dataEngine],
      may: [
        permissions.registry('GetItem', 'Query', 'PutItem'),
        permissions.readRuns(),
        permissions.windows('GetObject', 'PutObject'),
        ...permissions.readCaptures(),
        ...permissions.readLabels(),
        new PolicyStatement({ actions: ['logs:FilterLogEvents'], resources: [prediction.logs.logGroupArn] }),
        // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
        new PolicyStatement({ actions: ['cloudwatch:GetMetricData'], resources: ['*'] }),
        new WildcardStatement(
          { actions: ['states:DescribeExecution'], resources: [executionsArn] },
          "EventBridge names executions; the statement ends at those of the model's own machine.",
        ),
      ],
      environment: {
        PREDICT_FUNCTION_NAME: prediction.function.functionName,
        PREDICT_LOG_GROUP: prediction.logs.logGroupName,
        MONITOR_STATE_MACHINE_ARN: machineArn,
      },
      defaults,
      permissions,
    });
  }

  #schedule({ model, undelivered }: MonitoringProps) {
    const { every } = model.monitoring;
    new Rule(this, 'Regularly', {
      description: `Closes windows of live predictions of ${model.name}`,
      schedule: scheduleOf(every),
      targets: [
        new SfnStateMachine(this.machine, {
          role: starterRole(this, 'Starter'),
          // The time of the event and not of its arrival: the same event is the same window, however late it comes.
          input: RuleTargetInput.fromObject({ time: EventField.fromPath('$.time') }),
          deadLetterQueue: undelivered,
          maxEventAge: Duration.hours(1),
          retryAttempts: 10,
        }),
      ],
    });
  }
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** After the grace that captures are given to arrive, see `GRACE_MS` in domain/monitor/window.ts. */
const MINUTE = '16';

/** Shortly after a window's captures must have come; a length that does not divide a day is only kept in rate. */
export function scheduleOf(every: number): Schedule {
  if (every === DAY) return Schedule.cron({ minute: MINUTE, hour: '0' });
  if (every >= HOUR && DAY % every === 0 && every % HOUR === 0)
    return Schedule.cron({ minute: MINUTE, hour: every === HOUR ? '*' : `0/${every / HOUR}` });
  return Schedule.rate(Duration.minutes(Math.max(1, Math.round(every / 60_000))));
}
