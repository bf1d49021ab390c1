import { Duration, Validations } from 'aws-cdk-lib';
import { Match, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { trainingPrefix } from '../../domain/names.ts';
import { DeadLetterQueue, queueEncryption } from './dead-letter-queue.ts';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';
import { queueTarget } from './rule-targets.ts';
import type { Training } from './training.ts';
import { WildcardStatement } from './wildcard-statement.ts';

export interface IntakeProps extends ModelParts {
  readonly training: Training;
}

/** Hears of every upload, at least once and in any order, and starts one run for each dataset. */
export class Intake extends Construct {
  readonly queue: Queue;
  readonly deadLetters: DeadLetterQueue;

  constructor(scope: Construct, id: string, props: IntakeProps) {
    super(scope, id);
    const { model, shared } = props;
    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters', { key: shared.key });
    this.queue = new Queue(this, 'Queue', {
      ...queueEncryption(shared.key),
      enforceSSL: true,
      // Six times the function's timeout, https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * TIMEOUT.toSeconds()),
      retentionPeriod: Duration.days(14),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    new Rule(this, 'Uploads', {
      description: `Datasets for ${model.name}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [shared.dataBucket.bucketName] },
          object: { key: Match.prefix(trainingPrefix(model.name)) },
        },
      },
      targets: [queueTarget(this.queue, { deadLetterQueue: props.undelivered })],
    });
    this.#receive(props);
    this.#reconcile(props);
  }

  #receive({ defaults, permissions, training, model, codeCommit }: IntakeProps) {
    const intake = new Handler(this, 'Intake', {
      entry: 'intake',
      description: `Gives an upload for ${model.name} its identity and starts its run`,
      timeout: TIMEOUT,
      memory: 1769,
      may: [
        permissions.readUploads('latest'),
        permissions.registry('GetItem', 'PutItem'),
        permissions.announce(),
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [training.machine.stateMachineArn] }),
        new PolicyStatement({
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          resources: [this.queue.queueArn],
        }),
      ],
      environment: { TRAIN_STATE_MACHINE_ARN: training.machine.stateMachineArn, CODE_COMMIT: codeCommit },
      defaults,
      permissions,
    });
    const mapping = new EventSourceMapping(this, 'Receive', {
      target: intake.function,
      eventSourceArn: this.queue.queueArn,
      // An upload of 2 GB is hashed for about half a minute, so each has an invocation of its own.
      batchSize: 1,
      reportBatchItemFailures: true,
      // A thousand uploads at once wait in the queue; they do not take the account's concurrency.
      maxConcurrency: 10,
    });
    Validations.of(mapping).acknowledge({
      id: 'Serverless-LambdaEventSourceMappingDestination',
      reason: 'Queues have no destination for failures: what fails five times goes to the dead-letter queue.',
    });
  }

  #reconcile({ defaults, permissions, model, undelivered, training }: IntakeProps) {
    const reconcile = new Handler(this, 'Reconcile', {
      entry: 'reconcile',
      description: `Finds uploads for ${model.name} whose event was lost`,
      timeout: Duration.minutes(5),
      memory: 512,
      may: [
        permissions.listUploads(),
        permissions.registry('GetItem', 'Query', 'PutItem'),
        permissions.announce(),
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] }),
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [training.machine.stateMachineArn] }),
        new WildcardStatement(
          { actions: ['states:DescribeExecution'], resources: [training.executionsArn] },
          "Executions are named after datasets; the statement ends at those of the model's own machine.",
        ),
      ],
      environment: {
        INTAKE_QUEUE_URL: this.queue.queueUrl,
        TRAIN_STATE_MACHINE_ARN: training.machine.stateMachineArn,
      },
      undelivered,
      defaults,
      permissions,
    });
    new Rule(this, 'Hourly', {
      description: `Compares the uploads for ${model.name} with the registry`,
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [
        new LambdaFunction(reconcile.function, {
          deadLetterQueue: undelivered,
          maxEventAge: Duration.hours(1),
          retryAttempts: 3,
        }),
      ],
    });
  }
}

/** Downloading and hashing 2 GB, with room for a slow day. */
const TIMEOUT = Duration.minutes(3);
