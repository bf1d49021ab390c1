import { Duration } from 'aws-cdk-lib';
import { Match, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { trainingPrefix } from '../../domain/names.ts';
import { DeadLetterQueue, queueEncryption } from './dead-letter-queue.ts';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';

export interface IntakeProps extends ModelParts {
  readonly training: IStateMachine;
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
      targets: [
        new SqsQueue(this.queue, {
          deadLetterQueue: props.undelivered,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
    this.#receive(props);
    this.#reconcile(props);
  }

  #receive({ defaults, permissions, training, model }: IntakeProps) {
    const intake = new Handler(this, 'Intake', {
      entry: 'intake',
      description: `Gives an upload for ${model.name} its identity and starts its run`,
      timeout: TIMEOUT,
      memory: 1769,
      may: [
        permissions.readUploads(),
        permissions.registry('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
        permissions.announce(),
        startExecution(training),
        new PolicyStatement({
          actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
          resources: [this.queue.queueArn],
        }),
      ],
      environment: { TRAIN_STATE_MACHINE_ARN: training.stateMachineArn },
      defaults,
      permissions,
    });
    new EventSourceMapping(this, 'Receive', {
      target: intake.function,
      eventSourceArn: this.queue.queueArn,
      // An upload of 2 GB is hashed for about half a minute, so each has an invocation of its own.
      batchSize: 1,
      reportBatchItemFailures: true,
      // A thousand uploads at once wait in the queue; they do not take the account's concurrency.
      maxConcurrency: 10,
    });
  }

  #reconcile({ defaults, permissions, model, undelivered }: IntakeProps) {
    const reconcile = new Handler(this, 'Reconcile', {
      entry: 'reconcile',
      description: `Finds uploads for ${model.name} whose event was lost`,
      timeout: Duration.minutes(5),
      memory: 512,
      may: [
        permissions.listUploads(),
        permissions.registry('GetItem', 'Query'),
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [this.queue.queueArn] }),
      ],
      environment: { INTAKE_QUEUE_URL: this.queue.queueUrl },
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

/** Starting runs of the model's training machine and of no other. */
export const startExecution = (machine: IStateMachine) =>
  new PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.stateMachineArn] });
