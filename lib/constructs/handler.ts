import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy, type Size, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type CfnFunction, type ILayerVersion, LoggingFormat, Tracing } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE } from '../../domain/names.ts';
import type { Permissions } from './permissions.ts';
import { waitForPolicy } from './policy-dependency.ts';
import { ARCHITECTURE, RUNTIME } from './runtime-layers.ts';

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
  readonly function: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: HandlerProps) {
    super(scope, id);
    const { defaults } = props;
    const logs = new LogGroup(this, 'Logs', {
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
        resources: [logs.logGroupArn],
      }),
    );
    for (const statement of [...props.may, ...props.permissions.useKey(this.role)]) this.role.addToPolicy(statement);
    this.function = new NodejsFunction(this, 'Function', {
      description: props.description,
      ...code(props.entry),
      runtime: RUNTIME,
      architecture: ARCHITECTURE,
      handler: 'handler',
      timeout: props.timeout,
      memorySize: props.memory,
      ephemeralStorageSize: props.scratch,
      layers: [...(props.layers ?? [])],
      role: this.role,
      logGroup: logs,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      environment: {
        POWERTOOLS_SERVICE_NAME: props.entry,
        POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
        ...defaults.environment,
        ...props.environment,
      },
      ...(props.undelivered
        ? { onFailure: new SqsDestination(props.undelivered), retryAttempts: 2, maxEventAge: Duration.hours(6) }
        : {}),
    });
    waitForPolicy(this.function.node.defaultChild as CfnFunction, this.role);
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

/** Bundles hold everything but what layers bring; the SDK too, so that its version is the tested one. */
function code(entry: string) {
  return {
    entry: fileURLToPath(new URL(`../../lambdas/${entry}/handler.ts`, import.meta.url)),
    bundling: {
      target: 'node24',
      minify: true,
      bundleAwsSDK: true,
      externalModules: ['@duckdb/*', 'ydf-training', 'ydf-inference', 'jszip'],
    },
  };
}
