import { Duration, RemovalPolicy, type Size, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  type CfnFunction,
  Code,
  type IDestination,
  type ILayerVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../../domain/names.ts';
import { handlerBundle, handlerSource } from '../bundles.ts';
import type { Permissions } from './permissions.ts';
import { waitForPolicy } from './policy-dependency.ts';
import { ARCHITECTURE, RUNTIME } from './runtime-layers.ts';
import { WildcardStatement } from './wildcard-statement.ts';

/** What all handlers of a stack have in common. */
export interface HandlerDefaults {
  readonly logRetentionDays: number;
  readonly environment: Record<string, string>;
  /** @default CloudWatch Logs encrypts with its own key */
  readonly key?: IKey;
}

export interface HandlerProps {
  /** The folder under lambdas/; its handler.ts exports `handler`. */
  readonly entry: string;
  readonly description: string;
  readonly timeout: Duration;
  /** MB; a vCPU comes with every 1 769. */
  readonly memory: number;
  /** Size of /tmp. @default 512 MB */
  readonly scratch?: Size;
  /** Everything the handler may do besides logging and tracing. */
  readonly may: readonly PolicyStatement[];
  readonly environment?: Record<string, string>;
  readonly layers?: readonly ILayerVersion[];
  /** Takes events that an asynchronous caller gave the handler and that it failed on; needed by such handlers only. */
  readonly undelivered?: IQueue;
  readonly permissions: Permissions;
  readonly defaults: HandlerDefaults;
}

/** One Lambda function with a role, a log group and a trace of its own. */
export class Handler extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logs: LogGroup;

  constructor(scope: Construct, id: string, props: HandlerProps) {
    super(scope, id);
    const { defaults } = props;
    this.logs = new LogGroup(this, 'Logs', {
      retention: defaults.logRetentionDays,
      encryptionKey: defaults.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      // https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html names the condition.
      assumedBy: new ServicePrincipal('lambda.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    this.role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [this.logs.logGroupArn],
      }),
    );
    for (const statement of [
      ...props.may,
      ...keepFailures(props.undelivered),
      ...props.permissions.useKey(this.role),
    ]) {
      this.role.addToPolicy(statement);
      if (statement instanceof WildcardStatement) statement.acknowledgeOn(this.role);
    }
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: code(this, props.entry),
      runtime: RUNTIME,
      architecture: ARCHITECTURE,
      handler: 'index.handler',
      timeout: props.timeout,
      memorySize: props.memory,
      ephemeralStorageSize: props.scratch,
      layers: [...(props.layers ?? [])],
      role: this.role,
      logGroup: this.logs,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      environment: {
        POWERTOOLS_SERVICE_NAME: props.entry,
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
        ...defaults.environment,
        ...props.environment,
      },
      ...(props.undelivered
        ? { onFailure: onFailure(props.undelivered), retryAttempts: 2, maxEventAge: Duration.hours(6) }
        : {}),
    });
    waitForPolicy(this.function.node.defaultChild as CfnFunction, this.role);
    Validations.of(this.function).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason: props.undelivered
        ? 'Has an on-failure destination, which keeps the error together with the event.'
        : 'Is only called by callers that wait: Step Functions, the queue or a client gets the error itself.',
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'X-Ray has no resources: PutTraceSegments and PutTelemetryRecords only take *.',
    });
  }

  /** Changes when the bundled code does. */
  get codeFingerprint(): string {
    return (this.function.node.findChild('Code') as Asset).assetHash;
  }
}

/** SqsDestination would add use of the queue's key with wildcards; the handler's own use of the key is enough. */
const onFailure = (queue: IQueue): IDestination => ({ bind: () => ({ destination: queue.queueArn }) });

const keepFailures = (queue?: IQueue) =>
  queue ? [new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] })] : [];

/** Templates are the same whether handlers are bundled or not, but for the hashes of their assets. */
const code = (scope: Construct, entry: string) =>
  Code.fromAsset(Stack.of(scope).bundlingRequired ? handlerBundle(entry) : handlerSource(entry));
