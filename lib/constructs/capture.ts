import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { CfnSubscriptionFilter, LogGroup, LogStream } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { captureSettingsOf } from '../../domain/capture.ts';
import { captureErrorsPrefix, capturesPrefix } from '../../domain/names.ts';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';
import { waitForPolicy } from './policy-dependency.ts';
import type { Prediction } from './prediction.ts';

export interface CaptureProps extends ModelParts {
  readonly prediction: Prediction;
}

/** Brings the captured lines of the prediction function's log into the data bucket, by version and hour. */
export class Capture extends Construct {
  readonly stream: CfnDeliveryStream;

  constructor(scope: Construct, id: string, props: CaptureProps) {
    super(scope, id);
    const processor = this.#processor(props);
    this.stream = this.#stream(props, processor);
    // A policy of its own: the stream names the function, which waits for the policy of its role.
    new Policy(this, 'PutBack', {
      roles: [processor.role],
      statements: [new PolicyStatement({ actions: ['firehose:PutRecordBatch'], resources: [this.stream.attrArn] })],
    });
    this.#subscribe(props);
  }

  #processor({ model, permissions, defaults }: CaptureProps): Handler {
    return new Handler(this, 'Processor', {
      entry: 'capture',
      description: `Unpacks and checks captured predictions of ${model.name}`,
      // Firehose waits five minutes at most and asks again.
      timeout: Duration.minutes(1),
      memory: 512,
      may: [],
      environment: { MODEL_NAME: model.name, CAPTURE: JSON.stringify(captureSettingsOf(model)) },
      defaults: { ...defaults, environment: {} },
      permissions,
    });
  }

  #stream({ model, shared, permissions, defaults }: CaptureProps, processor: Handler): CfnDeliveryStream {
    const logs = new LogGroup(this, 'Logs', {
      retention: defaults.logRetentionDays,
      encryptionKey: defaults.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const errors = new LogStream(this, 'Errors', { logGroup: logs, removalPolicy: RemovalPolicy.DESTROY });
    const role = serviceRole(this, 'DeliveryRole', {
      service: 'firehose.amazonaws.com',
      // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
    });
    const store = permissions.writeCaptures();
    for (const statement of [
      store,
      new PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [logs.logGroupArn] }),
      // https://docs.aws.amazon.com/firehose/latest/dev/console-managed-roles.html
      new PolicyStatement({
        actions: ['lambda:InvokeFunction', 'lambda:GetFunctionConfiguration'],
        resources: [processor.function.functionArn],
      }),
      ...permissions.useKey(role),
    ]) {
      role.addToPolicy(statement);
    }
    store.acknowledgeOn(role);
    const stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: shared.key
        ? { keyType: 'CUSTOMER_MANAGED_CMK', keyArn: shared.key.keyArn }
        : { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: shared.dataBucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${capturesPrefix(model.name)}version=!{partitionKeyFromLambda:version}/hour=!{partitionKeyFromLambda:hour}/`,
        errorOutputPrefix: `${captureErrorsPrefix(model.name)}!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/`,
        compressionFormat: 'GZIP',
        // 64 MB is the least for a stream that partitions; hardly a model fills it before the five minutes are over.
        bufferingHints: { sizeInMBs: 64, intervalInSeconds: 300 },
        dynamicPartitioningConfiguration: { enabled: true, retryOptions: { durationInSeconds: 300 } },
        processingConfiguration: {
          enabled: true,
          processors: [{ type: 'Lambda', parameters: processing(processor, role) }],
        },
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: logs.logGroupName,
          logStreamName: errors.logStreamName,
        },
      },
    });
    waitForPolicy(stream, role);
    return stream;
  }

  #subscribe({ prediction }: CaptureProps): void {
    const role = serviceRole(this, 'SubscriptionRole', {
      service: 'logs.amazonaws.com',
      // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#FirehoseExample
      conditions: {
        StringLike: { 'aws:SourceArn': Stack.of(this).formatArn({ service: 'logs', resource: '*' }) },
      },
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'],
        resources: [this.stream.attrArn],
      }),
    );
    const filter = new CfnSubscriptionFilter(this, 'Lines', {
      logGroupName: prediction.logs.logGroupName,
      filterPattern: '{ $.message = "capture" }',
      destinationArn: this.stream.attrArn,
      roleArn: role.roleArn,
    });
    // Logs tries the stream before it takes the filter.
    waitForPolicy(filter, role);
  }
}

function serviceRole(
  scope: Construct,
  id: string,
  { service, conditions }: { service: string; conditions: Record<string, unknown> },
): Role {
  return new Role(scope, id, { assumedBy: new ServicePrincipal(service, { conditions }) });
}

/**
 * Log records unfold tenfold and more, and an answer ends at 6 MB: the smallest buffer that there is keeps nearly every
 * answer below that, https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
 */
function processing(processor: Handler, role: Role): CfnDeliveryStream.ProcessorParameterProperty[] {
  const parameters = {
    LambdaArn: processor.function.functionArn,
    RoleArn: role.roleArn,
    NumberOfRetries: '3',
    BufferSizeInMBs: '0.2',
    BufferIntervalInSeconds: '60',
  };
  return Object.entries(parameters).map(([parameterName, parameterValue]) => ({ parameterName, parameterValue }));
}
