import { readFileSync } from 'node:fs';
import { ArnFormat, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { type CfnStateMachine, DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { ModelParts } from './model-parts.ts';
import { waitForPolicy } from './policy-dependency.ts';
import { WildcardStatement } from './wildcard-statement.ts';

export interface WorkflowProps extends Pick<ModelParts, 'defaults'> {
  /** The file under statemachines/, and the end of the machine's name. */
  readonly workflow: string;
  readonly comment: string;
  /** The functions that it calls; the definition knows each as `${<name>FunctionArn}`. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** What else its role may do. */
  readonly may?: readonly PolicyStatement[];
  /** Puts what a substitution cannot into the definition: those are text, and time limits are numbers. */
  readonly adapt?: (definition: string) => string;
  /** What else the definition knows by name. */
  readonly substitutions?: Readonly<Record<string, string>>;
}

/** One state machine of a model with its role and its log; it may call its functions and nothing else. */
export class Workflow extends Construct {
  readonly machine: StateMachine;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
    super(scope, id);
    const { workflow, comment, functions, substitutions, defaults, may = [], adapt = (text) => text } = props;
    const stack = Stack.of(this);
    const stateMachineName = `${stack.stackName}-${workflow}`;
    const machineArn = stack.formatArn({
      service: 'states',
      resource: 'stateMachine',
      resourceName: stateMachineName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.role = new Role(this, 'Role', {
      // https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnEquals: { 'aws:SourceArn': machineArn },
        },
      }),
    });
    const arns = Object.entries(functions).map(
      ([name, { functionArn }]) => [`${name}FunctionArn`, functionArn] as const,
    );
    this.role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: arns.map(([, arn]) => arn) }),
    );
    for (const statement of may) {
      this.role.addToPolicy(statement);
      if (statement instanceof WildcardStatement) statement.acknowledgeOn(this.role);
    }
    const definition = new URL(`../../statemachines/${workflow}.asl.json`, import.meta.url);
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName,
      comment,
      definitionBody: DefinitionBody.fromString(adapt(readFileSync(definition, 'utf8'))),
      definitionSubstitutions: { ...Object.fromEntries(arns), ...substitutions },
      role: this.role,
      tracingEnabled: true,
      logs: {
        level: LogLevel.ALL,
        includeExecutionData: true,
        destination: new LogGroup(this, 'Logs', {
          // Names of this kind do not use up the size of the account's log policy,
          // https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: defaults.logRetentionDays,
          encryptionKey: defaults.key,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      },
    });
    waitForPolicy(this.machine.node.defaultChild as CfnStateMachine, this.role);
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray and the delivery of vended logs have no resources: their actions only take *.',
    });
  }
}
